"""SQL of identity, in the open; every function works on the connection of the handler that owns the transaction."""
