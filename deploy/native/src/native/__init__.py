"""Runs servers and processes on one machine without containers."""
