"""SQL in the open; functions take a connection whose transaction a handler owns."""
