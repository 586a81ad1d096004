"""What receipts says and hears."""
