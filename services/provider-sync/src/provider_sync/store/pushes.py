"""Pushed batches: what they were answered with, counted in the transaction that took them."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.postgres import Connection

# A batch in halves is noted twice.
_NOTE = """
INSERT INTO pushes (id, provider, key_id, request, received_at, accepted, duplicate, conflict, rejected, unmatched,
    held, retry)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::int[], %s::int[],
    %s::int[], %s::int[], %s::int[], %s::int[])
ON CONFLICT (id) DO UPDATE SET accepted = pushes.accepted + excluded.accepted,
    duplicate = pushes.duplicate + excluded.duplicate, conflict = pushes.conflict + excluded.conflict,
    rejected = pushes.rejected + excluded.rejected, unmatched = pushes.unmatched + excluded.unmatched,
    held = pushes.held + excluded.held, retry = pushes.retry + excluded.retry
"""
_COUNTED = ("accepted", "duplicate", "conflict", "rejected", "unmatched", "held", "retry")


class Push(NamedTuple):
    """A call of POST /v1/facts; `request` is the id that the caller gave or was given."""

    id: UUID
    provider: str
    key_id: str
    request: str
    received_at: datetime


def note(conn: Connection, answered: Iterable[tuple[Push, Iterable[str]]]) -> None:
    """How many rows of each push had which answer."""
    counted = [(push, Counter(statuses)) for push, statuses in answered]
    rows = [(*push, *(counts[name] for name in _COUNTED)) for push, counts in counted]
    conn.execute(_NOTE, [list(column) for column in zip(*rows, strict=True)])
