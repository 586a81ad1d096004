"""Balances, closed months and statements of accounts."""
