"""The outside world and the machinery of secrets: mail server, hashes, seals, token signatures."""
