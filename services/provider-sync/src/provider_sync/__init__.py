"""Takes in what providers and banks say of accounts, once each."""
