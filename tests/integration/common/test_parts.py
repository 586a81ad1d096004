"""The part that PostgreSQL keeps a key in is the one that we reckon."""

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from common.parts import PARTS, part_of, parted
from tests.conftest import MakeDatabase

ALL = f"""
SELECT key, part FROM unnest(%s::text[]) AS key, generate_series(0, {PARTS - 1}) AS part
WHERE satisfies_hash_partition('postings'::regclass, {PARTS}, part, key)
"""


def test_the_server_says_the_same(database: MakeDatabase) -> None:
    """Of account numbers, and of keys of any length and script."""
    with psycopg.connect(database("ledger")) as conn:

        @settings(max_examples=40)
        @given(keys=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40), min_size=1))
        def holds(keys: list[str]) -> None:
            numbers = [str(100_000_000 + 137 * n) for n in range(50)]
            found = conn.execute(ALL, ([*keys, *numbers],)).fetchall()
            assert dict(found) == {key: part_of(key) for key in [*keys, *numbers]}

        holds()


def test_a_wrong_part_gives_no_answer(database: MakeDatabase) -> None:
    """Were our reckoning wrong, a bill would lack what is in another part: it must not be answered at all."""
    statements = parted("SELECT count(*) FROM openings@ WHERE account = $1 HAVING @has($1)")
    with psycopg.connect(database("ledger")) as conn:
        answered = [
            bool(psycopg.RawCursor(conn).execute(each.encode(), ("100000120",)).fetchall()) for each in statements
        ]
    assert answered == [part == part_of("100000120") for part in range(PARTS)]
