"""The outside world: the services' HTTP APIs, and what is sealed for the browser."""
