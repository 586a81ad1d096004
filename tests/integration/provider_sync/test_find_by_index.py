"""Facts behind references are found by index, however many there are: accounts and streams differ in collation."""

from typing import Any

import pytest

from common.postgres import Connection
from provider_sync.store import references, republish, resent, verify
from tests.integration.provider_sync.town import Town

ROOT = "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
PAGE: dict[str, Any] = {"root": ROOT, "provider": 1, "references": "{a}"}
LOOKS = {
    "corrected facts": (references._CORRECTED, (1, "{a}")),
    "the fate of a fact": (references._FACT, ("almaty-heat", "a")),
    "rows of a batch sent again": (resent._NAMED, PAGE),
    "rows that a file lacks": (resent._MISSING, PAGE | {"upload": None, "after": "", "limit": 9}),
    "an account sent once more": (republish._ACCOUNT, {"topic": "t", "account": "100", "first": 1, "last": 9}),
    "streams without a gap": (verify._STREAMS, {"after": "", "limit": 9}),
}


def plan(conn: Connection, query: str, values: Any) -> str:
    """How PostgreSQL would answer over large tables: every other way than by an index is dear."""
    conn.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    return "\n".join(row[0] for row in conn.execute(f"EXPLAIN {query}".encode(), values).fetchall())


@pytest.mark.parametrize("look", LOOKS)
def test_events_are_found_by_their_stream(town: Town, look: str) -> None:
    """Not by the number of an event alone, which is in every stream."""
    query, values = LOOKS[look]
    with town.base.pool.connection() as conn:
        found = plan(conn, query, values)
    assert "Index Cond: ((stream_id =" in found or "Index Cond: (stream_id =" in found, found


def test_whether_a_fact_is_sent_is_found_by_its_key(town: Town) -> None:
    """The index `outbox_of_fact` is there for this question."""
    query, values = LOOKS["the fate of a fact"]
    with town.base.pool.connection() as conn:
        found = plan(conn, query, values)
    assert "outbox_of_fact" in found, found
    assert "((key = (s.account)::text) AND" in found, found
