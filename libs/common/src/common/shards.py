"""Which partitions a relay is for: agreed among those that run, by locks of their own database, with no configuration.

Each relay holds a shared lock, so that all can be counted, and one lock for each partition it sends; both end with its
session. Nobody holds more than its fair share, rounded up; who holds less takes what is free.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from common.partitions import PARTITIONS
from common.postgres import Connection

# Releases before this agreement took (_MEMBERS, 0) alone, for all partitions: they and these never send side by side.
_MEMBERS, _SHARDS = 7_206, 7_207
_LOOK_S = 1.0

_JOIN = "SELECT pg_try_advisory_lock_shared(%s, 0)"
_HELD = """
SELECT classid::int, objid::int FROM pg_locks
WHERE locktype = 'advisory' AND classid IN (%s, %s) AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TAKE = "SELECT pg_try_advisory_lock(%s, %s)"
_GIVE = "SELECT pg_advisory_unlock(%s, %s)"


@dataclass
class Shards:
    """The partitions that one session may send: `held` changes only in `settle`, between two batches."""

    partitions: Sequence[int] = tuple(range(PARTITIONS))
    held: list[int] = field(default_factory=list)
    _looked: float = field(default=float("-inf"), repr=False)

    def join(self, conn: Connection) -> bool:
        """Counts this session among the relays; False while one of an earlier release is at work."""
        self.held, self._looked = [], float("-inf")
        found = conn.execute(_JOIN, (_MEMBERS,)).fetchone()
        return bool(found and found[0])

    def settle(self, conn: Connection) -> bool:
        """Once a second: gives what is above the fair share, takes what is free; True when a partition was gained."""
        if time.monotonic() - self._looked < _LOOK_S:
            return False
        self._looked = time.monotonic()
        locks = conn.execute(_HELD, (_MEMBERS, _SHARDS)).fetchall()
        members = sum(space == _MEMBERS for space, _ in locks)
        fair = -(-len(self.partitions) // max(members, 1))
        while len(self.held) > fair:
            conn.execute(_GIVE, (_SHARDS, self.held.pop()))
        taken = {partition for space, partition in locks if space == _SHARDS}
        free = [partition for partition in self.partitions if partition not in taken]
        gained = [partition for partition in free[: fair - len(self.held)] if self._take(conn, partition)]
        self.held += gained
        return bool(gained)

    def _take(self, conn: Connection, partition: int) -> bool:
        found = conn.execute(_TAKE, (_SHARDS, partition)).fetchone()
        return bool(found and found[0])
