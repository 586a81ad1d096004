"""Statements as printable documents."""
