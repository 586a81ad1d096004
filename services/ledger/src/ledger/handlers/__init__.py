"""One function per command or heard fact. `project`, `close` and `draft` run in the consumer's transaction."""
