"""The pure core: facts as senders write them, what is known of accounts, and what follows from both."""
