"""SQL in the open: every function takes the connection of the transaction that a handler owns."""
