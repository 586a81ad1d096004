"""One function per thing a browser does with its session; each opens the transaction."""
