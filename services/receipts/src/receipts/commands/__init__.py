"""The command-line doors: the sweeper's loop, the month made for many, the way of one account."""
