"""What a batch appended is counted by sender, kind, service and month of the bill (`Desk` counts as it decides)."""

from typing import NamedTuple


class Place(NamedTuple):
    """What is counted together; payments have no service."""

    provider: str
    kind: str
    service: str
    period: str


class Counted(NamedTuple):
    """How many facts, and their money in tiyn."""

    facts: int
    total: int
