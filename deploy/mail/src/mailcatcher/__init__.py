"""Catches the mail of a development run: takes every message by SMTP, keeps it in a folder, shows it by HTTP."""
