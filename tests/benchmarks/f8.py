"""F8: bytes on disk for each fact, in the event store, on the topic and in the ledger, after an F1 run."""

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


def measure(centre: Centre, facts: int) -> list[Stored]:
    """Name, unit, value, goal; issued statements apart. Opened accounts count among the bytes, not among the facts."""
    kept = [one for package, url in centre.urls.items() for one in _sizes(package, url)]
    taken = {package: sum(k.bytes for k in kept if k.package == package and not k.issued) for package in centre.urls}
    topic = _topic_bytes(centre)
    memory = sum(psutil.Process(one.process.pid).memory_full_info().pss for one in centre.running.values())
    return [
        ("bytes a fact, all three", "B", (taken["provider_sync"] + topic + taken["ledger"]) / facts, 700),
        ("bytes a fact, event store", "B", taken["provider_sync"] / facts, None),
        ("bytes a fact, topic", "B", topic / facts, None),
        ("bytes a fact, ledger", "B", taken["ledger"] / facts, None),
        ("bytes of issued statements a fact", "B", sum(k.bytes for k in kept if k.issued) / facts, None),
        ("memory of the six processes of the road", "MiB", memory / 2**20, None),
        *[
            (f"{k.package} {'index' if k.is_index else 'table'} {k.name}", "B", k.bytes / facts, None)
            for k in kept
            if k.bytes / facts >= _WORTH_A_LINE
        ],
    ]


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
