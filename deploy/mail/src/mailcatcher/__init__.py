"""Catches the mail of a development run and shows it."""
