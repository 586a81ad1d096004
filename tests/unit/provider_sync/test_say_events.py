"""Intake writes data as text for speed: it must be exactly what the register of events promises."""

import json
from typing import Any, get_args

import msgspec
import pytest

from provider_sync.domain import facts
from provider_sync.domain.decided import Appended
from provider_sync.events.said import SAYS
from tests.unit.provider_sync.counter import BANK, CENTRE, EXAMPLES, HEAT, decide, fact, world

_BEFORE = {
    "charge": "charge.posted", "benefit": "benefit.granted",
    "penalty": "penalty.accrued", "payment": "payment.received",
}  # fmt: skip


def said(kind: str, closed_through: str | None = None) -> Appended:
    """The event that the canonical row of a kind becomes."""
    sender = BANK if kind.startswith("payment") else CENTRE if kind == "balance.carried-in" else HEAT
    named = EXAMPLES[kind].get("reverses") or EXAMPLES[kind].get("corrects")
    rows = [fact(_BEFORE[named["reference"]], named["reference"])] if named else []
    if kind in ("meter.removed", "meter.read", "meter.replacement-planned"):
        rows = [fact("meter.installed", "m")]
    rows += [fact("service.connected", "s")] if kind == "service.disconnected" else []
    account = "300" if kind == "account.opened" else "100"
    changed: dict[str, Any] = {"number": "301"} if kind == "account.renumbered" else {}
    decided = decide(sender, *rows, fact(kind, "R-1", account, **changed), within=world(closed_through))
    assert decided.outcomes[-1].refusal is None
    return decided.events[-1]


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_the_data_of_every_kind_is_what_the_register_says(kind: str) -> None:
    """No field more, none less, each of its type."""
    event = said(kind)
    registered = next(t for t in SAYS.types.values() if t.name == kind)
    read = msgspec.json.decode(event.data, type=registered.data)
    assert msgspec.json.decode(msgspec.json.encode(read)) == json.loads(event.data)


@pytest.mark.parametrize("kind", ["charge.posted", "charge.adjusted", "payment.received", "payment.reversed"])
def test_late_facts_keep_the_shape(kind: str) -> None:
    """late_for is the only member more."""
    event = said(kind, "2026-10")
    registered = next(t for t in SAYS.types.values() if t.name == kind)
    read = msgspec.json.decode(event.data, type=registered.data)
    assert msgspec.json.decode(msgspec.json.encode(read)) == json.loads(event.data)


def test_every_kind_that_senders_write_is_registered_and_has_an_example() -> None:
    """Nothing is said that the contracts do not know."""
    written = {str(kind.__struct_config__.tag) for kind in get_args(facts.Sequenced)}
    assert written == EXAMPLES.keys()
    assert written <= {t.name for t in SAYS.types.values()}
