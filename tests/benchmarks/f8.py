"""F8: bytes on disk for each fact, in the event store, on the topic and in the ledger.

The first month is counted with the accounts, which are there once for ever; what a line costs is what a further month
of as many lines adds.
"""

from dataclasses import dataclass
from typing import NamedTuple

import psutil
import psycopg

from common import kafka
from tests.benchmarks.centre import Centre

ACCOUNTS = "provider-sync.accounts.v1"
# A table with what belongs to it, and each of its indexes apart; the parts of a partitioned one are added up.
_SIZES = """
SELECT coalesce(parent.relname, own.relname), own.relkind = 'i', sum(pg_table_size(own.oid))::bigint
FROM pg_class AS own
LEFT JOIN pg_inherits AS tree ON tree.inhrelid = own.oid LEFT JOIN pg_class AS parent ON parent.oid = tree.inhparent
WHERE own.relkind IN ('r', 'i') AND own.relnamespace = 'public'::regnamespace GROUP BY 1, 2 ORDER BY 3 DESC, 1
"""
_WORTH_A_LINE = 5.0
Stored = tuple[str, str, float, float | None]


class Kept(NamedTuple):
    """A table without its indexes, or an index, in the database of a service."""

    package: str
    name: str
    is_index: bool
    bytes: int

    @property
    def issued(self) -> bool:
        """Whether it belongs to the issued statements, which are printed apart."""
        return self.package == "ledger" and self.name in ("statements", "statements_pkey")


@dataclass(frozen=True)
class Taken:
    """What the three stores take at one moment; the topic in bytes."""

    kept: tuple[Kept, ...]
    topic: int

    @property
    def issued(self) -> int:
        """Bytes of issued statements."""
        return sum(one.bytes for one in self.kept if one.issued)

    def of(self, package: str) -> int:
        """Bytes of a service's database, issued statements apart."""
        return sum(one.bytes for one in self.kept if one.package == package and not one.issued)

    def less(self, before: "Taken") -> "Taken":
        """What came since an earlier moment."""
        had = {one[:3]: one.bytes for one in before.kept}
        more = tuple(one._replace(bytes=one.bytes - had.get(one[:3], 0)) for one in self.kept)
        return Taken(tuple(sorted(more, key=lambda one: -one.bytes)), self.topic - before.topic)


def taken(centre: Centre) -> Taken:
    """What is on disk now, everything counted."""
    kept = (one for package, url in centre.urls.items() for one in _sizes(package, url))
    return Taken(tuple(kept), _topic_bytes(centre))


def lines(what: str, found: Taken, facts: int, goal: float | None = None) -> list[Stored]:
    """Name, unit, value a fact, goal; issued statements apart."""
    stores, whole = [found.of(package) for package in ("provider_sync", "ledger")], f"bytes a fact, {what}"
    return [
        (f"{whole}, all three", "B", (sum(stores) + found.topic) / facts, goal),
        (f"{whole}, event store", "B", stores[0] / facts, None),
        (f"{whole}, topic", "B", found.topic / facts, None),
        (f"{whole}, ledger", "B", stores[1] / facts, None),
        (f"bytes of issued statements a fact, {what}", "B", found.issued / facts, None),
        *[
            (f"{what}: {k.package} {'index' if k.is_index else 'table'} {k.name}", "B", k.bytes / facts, None)
            for k in found.kept
            if abs(k.bytes) / facts >= _WORTH_A_LINE
        ],
    ]


def memory(centre: Centre) -> Stored:
    """What the processes that run hold together."""
    held = sum(psutil.Process(one.process.pid).memory_full_info().pss for one in centre.running.values())
    return "memory of the six processes of the road", "MiB", held / 2**20, None


def _sizes(package: str, url: str) -> list[Kept]:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM")
        return [Kept(package, *row) for row in conn.execute(_SIZES).fetchall()]


def _topic_bytes(centre: Centre) -> int:
    topic = centre.prefix + ACCOUNTS
    client = kafka.admin(centre.ground.kafka)
    try:
        folders = [folder for broker in client.describe_log_dirs([topic]) for folder in broker["log_dirs"]]
        topics = [found for folder in folders for found in folder["topics"]]
        return int(sum(part["partition_size"] for found in topics for part in found["partitions"]))
    finally:
        client.close()
