"""What banks send: statements become payments, and what is no payment is left aside and told."""
