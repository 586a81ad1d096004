"""From bytes to facts: NDJSON, our own CSV, and foreign tables by declared profiles; all they do is read."""
