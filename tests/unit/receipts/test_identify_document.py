"""What makes two documents the same."""

from dataclasses import replace

import msgspec

from receipts.events.said import SAYS, TOPIC, record
from receipts.examples.statements import HOLDER, drafted_statement, full_statement
from receipts.projections import DocumentKey, shown_holder, statement_row, typed_code

KEY = DocumentKey("100000123", "2026-10", "ru", False, "t1", 1, "f" * 64, 3)


def raw(statement: dict[str, object]) -> msgspec.Raw:
    """As it stands in an envelope."""
    return msgspec.Raw(msgspec.json.encode(statement))


def test_every_part_of_the_key_makes_another_code() -> None:
    """Language, variant, form, statement, facts, holder: all of them."""
    others = [
        replace(KEY, language="kk"),
        replace(KEY, masked=True),
        replace(KEY, template="t2"),
        replace(KEY, statement_version=2),
        replace(KEY, facts_hash="e" * 64),
        replace(KEY, holder_version=4),
        replace(KEY, account="100000124"),
    ]
    assert len({KEY.code, *(other.code for other in others)}) == len(others) + 1
    assert replace(KEY).code == KEY.code


def test_who_asked_and_when_is_no_fact_of_an_open_month() -> None:
    """Another request at another moment with the same facts has the same hash; another payment has not."""
    first = statement_row(raw(drafted_statement(request="a.1")))
    again = statement_row(raw(drafted_statement(request="b.2", cut_off="2026-11-19T10:00:00Z", hash="1" * 64)))
    moved = statement_row(raw(drafted_statement(position=42)))
    assert first.facts_hash == again.facts_hash != moved.facts_hash


def test_the_cut_off_of_an_issued_statement_is_a_fact() -> None:
    """It is printed and never changes."""
    one, other = (statement_row(raw(full_statement(cut_off=f"2026-11-05T1{n}:00:00Z"))) for n in (3, 4))
    assert one.facts_hash != other.facts_hash


def test_an_open_month_is_verified_by_what_is_due_now() -> None:
    """The sum that stands large on the page."""
    assert statement_row(raw(drafted_statement())).to_pay == 903841
    assert statement_row(raw(full_statement())).to_pay == 1153841


def test_a_masked_holder_is_nobody() -> None:
    """No name, not even its first letters, and no address."""
    shown = shown_holder(HOLDER, masked=True)
    assert shown is not None
    assert (shown.name, shown.address_ru, shown.address_kk) == ("", "", "")
    assert shown.masked
    assert shown_holder(HOLDER, masked=False) == HOLDER


def test_a_typed_code_forgives_hyphens_and_case() -> None:
    """And nothing else that is long."""
    assert typed_code("7k3m-qw9x abcd-2345") == "7K3MQW9XABCD2345"
    assert typed_code("A" * 1000) == ""


def test_what_is_said_carries_no_person() -> None:
    """The canonical samples are records of our own topic, keyed by account, without name or address."""
    for kind in SAYS.types.values():
        value = msgspec.json.decode(record(kind.example, "id", "2026-11-01T00:00:00Z"))  # type: ignore[arg-type]  # ours
        assert (kind.topic, value["partitionkey"]) == (TOPIC, "100000123")
        assert not {"name", "address", "user"} & set(value["data"])
