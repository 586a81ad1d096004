"""What the tests of all services share: servers, databases, topics."""
