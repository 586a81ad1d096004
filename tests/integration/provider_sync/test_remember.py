"""What rules ask of the past is kept from batch to batch: lives of meters, services with their days, successors."""

from tests.integration.provider_sync.town import Town, charge


def meter(kind: str, reference: str, **fields: object) -> dict[str, object]:
    """A fact of the meter HW-1 on account 100."""
    return {"kind": f"meter.{kind}", "reference": reference, "account": "100", "meter": "HW-1"} | fields


def reading(reference: str, value: str, day: str) -> dict[str, object]:
    """A measured reading."""
    return meter("read", reference, value=value, taken_on=day, source="measured")


def test_a_meter_is_remembered_with_its_dial_its_days_and_its_last_reading(town: Town) -> None:
    """Each fact in a transaction of its own."""
    rows = [
        meter("installed", "a", service="heating", digits=5, effective_from="2026-01-10"),
        reading("b", "99990", "2026-09-25"), reading("c", "12", "2026-10-10"), reading("d", "11", "2026-10-12"),
        meter("removed", "e", effective_from="2026-10-15"), reading("f", "14", "2026-10-15"),
        reading("g", "15", "2026-10-16"), meter("installed", "h", service="heating", effective_from="2026-10-14"),
        meter("installed", "i", service="heating", effective_from="2026-10-15"), reading("j", "1", "2026-10-20"),
    ]  # fmt: skip
    codes = [town.say("almaty-heat", row)[0].refusal for row in rows]
    assert [code.code if code else None for code in codes] == [
        None, None, None, None, None, None, "meter-not-there", "dates-inverted", None, None,
    ]  # fmt: skip
    told = town.rows(
        "SELECT data::json ->> 'reference', data::json ->> 'rolled_over', data::json -> 'warnings' ->> 0 FROM events"
        " WHERE type LIKE '%%meter.read%%' ORDER BY version"
    )
    assert told == [
        ("b", None, None), ("c", "true", None), ("d", None, "reading-below-previous"), ("f", None, None),
        ("j", None, None),
    ]  # fmt: skip


def test_a_service_is_remembered_with_its_day(town: Town) -> None:
    """Disconnected before it was connected is a slip."""
    row = {"account": "100", "service": "heating"}
    town.say("almaty-heat", row | {"kind": "service.connected", "reference": "a", "effective_from": "2026-08-01"})
    end = row | {"kind": "service.disconnected", "reference": "b"}
    (early,) = town.say("almaty-heat", end | {"effective_from": "2026-07-31"})
    assert early.refusal is not None
    assert early.refusal.code == "dates-inverted"
    assert town.say("almaty-heat", end | {"effective_from": "2026-10-01"})[0].status == "accepted"


def test_a_successor_undoes_what_it_took_over_and_nobody_undoes_it_twice(town: Town) -> None:
    """Recorded in the directory: the service and the succession pass together."""
    town.say("almaty-lift", charge("old", service="lift"), charge("kept", service="lift"))
    undo = {"kind": "charge.reversed", "reference": "r", "account": "100"}
    named = {"reverses": {"reference": "old", "provider": "almaty-lift"}}
    (before,) = town.say("almaty-heat", undo | named)
    names = {"name_ru": "Тепло", "name_kk": "Жылу"}
    provider = {"kind": "directory.provider", "reference": "p", "id": "almaty-heat", "succeeds": ["almaty-lift"]}
    service = {"kind": "directory.service", "reference": "s2", "id": "lift", "provider": "almaty-heat", "order": 2}
    assert {o.status for o in town.say("centre", provider | names, service | names)} == {"accepted"}
    (after,) = town.say_as("almaty-heat", ["charges", "services:heating", "services:lift"], undo | named)
    (again,) = town.say("almaty-lift", undo | {"reference": "x", "reverses": {"reference": "old"}})
    assert [o.refusal.code if o.refusal else None for o in (before, after, again)] == [
        "corrected-fact-foreign", None, "already-reversed",
    ]  # fmt: skip
    assert town.say("almaty-lift", undo | {"reverses": {"reference": "kept"}})[0].status == "accepted"
