"""What the database takes on disk, kind of row by kind of row."""

from typing import Any

from common import storage
from provider_sync.handlers.base import Base


def kinds(base: Base) -> list[dict[str, Any]]:
    """Every kind of row, the largest first, counted anew: rows, bytes of table and of indexes, bytes a row."""
    with base.pool.connection() as conn:
        storage.recount(conn)
        return [kind._asdict() | {"bytes_per_row": kind.bytes_per_row} for kind in storage.kinds(conn)]
