"""A city to try the settlement centre with, and a stranger who walks through it."""
