"""Refusals of provider-sync: of a fact (rows.py) and of a call (calls.py)."""

from provider_sync.errors.calls import *  # noqa: F403  # the two files are one list, split by length
from provider_sync.errors.rows import *  # noqa: F403  # the same
