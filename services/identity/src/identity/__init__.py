"""Residents, their sign-in and the accounts they may see."""
