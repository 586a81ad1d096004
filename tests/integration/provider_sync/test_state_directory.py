"""The directory by command: stated once, changed field by field, published, refused with the reason."""

import json
from typing import Any

import pytest

from tests.integration.provider_sync.test_operate import read, run
from tests.integration.provider_sync.town import Town


def published(town: Town, entity: str) -> list[dict[str, Any]]:
    """What stands in the outbox for an entry of the directory."""
    rows = town.rows("SELECT body FROM outbox WHERE key = %s ORDER BY position", entity)
    return [json.loads(body)["data"] for (body,) in rows]


def test_a_service_is_stated_and_changed(town: Town) -> None:
    """Only what is new is published."""
    add = ("services", "add", "waste", "--provider", "almaty-heat", "--name-ru", "Вывоз мусора", "--name-kk",
           "Қоқыс шығару", "--unit-ru", "чел", "--unit-kk", "адам", "--order", "7")  # fmt: skip
    assert read(town, *add) == {"service": "waste", "changed": True}
    assert read(town, *add)["changed"] is False
    assert read(town, "services", "change", "waste", "--order", "3")["changed"] is True
    assert [(b["version"], b["order"], b["name_kk"]) for b in published(town, "service/waste")] == [
        (1, 7, "Қоқыс шығару"), (2, 3, "Қоқыс шығару"),
    ]  # fmt: skip
    assert read(town, "services", "show", "waste")["unit_kk"] == "адам"
    assert [a["act"] for a in read(town, "audit", "list", "--subject", "waste")] == ["services.change", "services.add"]


def test_tariffs_with_a_price_or_tiers_and_buildings_are_stated(town: Town) -> None:
    """As they are published."""
    add = ("tariffs", "add", "heat-2026", "--service", "heating", "--price", "6512.34", "--effective-from",
           "2026-09-01", "--decision", "№ 41-НҚ")  # fmt: skip
    assert read(town, *add)["changed"] is True
    assert read(town, "tariffs", "add", "lift-2026", "--service", "lift", "--tiers", "70*23.12;*39.00",
                "--effective-from", "2026-09-01")["changed"]  # fmt: skip
    assert published(town, "tariff/heat-2026")[0]["price"] == "6512.34"
    assert published(town, "tariff/lift-2026")[0]["tiers"] == [{"price": "23.12", "up_to": "70"}, {"price": "39.00"}]
    assert read(town, "buildings", "add", "b-13", "--address-ru", "Абая, 13", "--address-kk", "Абай, 13")["changed"]
    assert {b["id"] for b in read(town, "buildings", "list")} == {"b-12", "b-13"}
    assert len(read(town, "tariffs", "list")) == 2
    assert run(town, "tariffs", "list")[0] == 0


def test_an_agent_is_a_sender_of_payments(town: Town) -> None:
    """Listed among the agents and among all senders."""
    assert read(town, "agents", "add", "jusan", "--name-ru", "Жусан", "--name-kk", "Жусан")["changed"] is True
    assert read(town, "agents", "add", "jusan")["changed"] is False
    assert [a["id"] for a in read(town, "agents", "list")] == ["jusan"]
    assert "jusan" in {p["id"] for p in read(town, "providers", "list")}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("services", "add", "x", "--provider", "nobody", "--name-ru", "a", "--name-kk", "a", "--order", "1"),
         "unknown-provider"),
        (("services", "add", "x", "--provider", "centre", "--name-ru", "a", "--order", "1"), "name_kk"),
        (("services", "change", "nothing", "--order", "1"), "not-found"),
        (("tariffs", "add", "t", "--service", "nothing", "--price", "1.00", "--effective-from", "2026-01-01"),
         "unknown-service"),
        (("tariffs", "add", "t", "--service", "lift", "--tiers", "70", "--effective-from", "2026-01-01"), "70*23.12"),
        (("buildings", "add", "B 13", "--address-ru", "a", "--address-kk", "a"), "invalid-field"),
        (("buildings", "show", "nothing"), "not-found"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_with_the_reason(town: Town, words: tuple[str, ...], reason: str) -> None:
    """And nothing is published."""
    before = town.one("SELECT count(*) FROM outbox")
    status, output = run(town, *words)
    assert (status, reason in output) == (1, True), output
    assert town.one("SELECT count(*) FROM outbox") == before
