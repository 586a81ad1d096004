"""One function per command or heard fact. Those that a request, task or sweep calls open the transaction themselves;
those for heard facts work in the consumer's, which also holds the offsets."""
