"""What at least two services of the settlement centre use."""
