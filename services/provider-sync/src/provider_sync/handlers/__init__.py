"""One function per command; each opens the transaction it needs."""
