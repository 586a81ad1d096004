"""The fault harness: the whole road under kill -9, audited against what its clients were told."""

import os

# The passwords of its servers are those of the demonstration.
os.environ.setdefault("DEMO", "yes")
