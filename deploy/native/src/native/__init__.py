"""Runs the servers and every process of the settlement centre on one machine, without containers."""
