"""What is measured, beside what, and how it is written down; run by `make bench`. Nothing here is a test."""

import os

# The passwords of its servers are those of the demonstration.
os.environ.setdefault("DEMO", "yes")
