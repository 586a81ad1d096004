"""One function per command or heard fact; each opens the transaction it works in."""
