"""The outside world: the folder of PDFs and the queue of messages. Neither is the truth about a document."""
