"""Composition root: the only place that knows how the parts fit. Each process imports its own parts only."""
