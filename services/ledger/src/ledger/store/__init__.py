"""SQL in the open, by subject; functions take the caller's connection and open no transaction."""
