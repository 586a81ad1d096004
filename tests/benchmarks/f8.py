"""F8: bytes on disk for each fact, in the event store, on the topic and in the ledger, after an F1 run."""

import psutil
import psycopg

from common import kafka
from tests.benchmarks.centre import Centre

ACCOUNTS = "provider-sync.accounts.v1"
_TABLES = """
SELECT coalesce(parent.relname, own.relname), sum(pg_total_relation_size(own.oid))::bigint FROM pg_class AS own
LEFT JOIN pg_inherits AS tree ON tree.inhrelid = own.oid LEFT JOIN pg_class AS parent ON parent.oid = tree.inhparent
WHERE own.relkind = 'r' AND own.relnamespace = 'public'::regnamespace GROUP BY 1
"""
Stored = tuple[str, str, float, float | None]


def measure(centre: Centre, facts: int) -> list[Stored]:
    """Name, unit, value, goal; issued statements apart. Opened accounts count among the bytes, not among the facts."""
    tables = {package: _tables(url) for package, url in centre.urls.items()}
    statements = tables["ledger"].pop("statements", 0)
    store, ledger = (sum(tables[package].values()) for package in ("provider_sync", "ledger"))
    topic = _topic_bytes(centre)
    memory = sum(psutil.Process(one.process.pid).memory_full_info().pss for one in centre.running.values())
    return [
        ("bytes a fact, all three", "B", (store + topic + ledger) / facts, 700),
        ("bytes a fact, event store", "B", store / facts, None),
        ("bytes a fact, topic", "B", topic / facts, None),
        ("bytes a fact, ledger", "B", ledger / facts, None),
        ("bytes of issued statements a fact", "B", statements / facts, None),
        ("memory of the six processes of the road", "MiB", memory / 2**20, None),
    ]


def _tables(url: str) -> dict[str, int]:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM")
        return dict(conn.execute(_TABLES).fetchall())


def _topic_bytes(centre: Centre) -> int:
    topic = centre.prefix + ACCOUNTS
    client = kafka.admin(centre.ground.kafka)
    try:
        folders = [folder for broker in client.describe_log_dirs([topic]) for folder in broker["log_dirs"]]
        topics = [found for folder in folders for found in folder["topics"]]
        return int(sum(part["partition_size"] for found in topics for part in found["partitions"]))
    finally:
        client.close()
