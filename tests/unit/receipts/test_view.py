"""What stands where, before anything is laid out."""

from dataclasses import replace
from typing import Any

from receipts.examples.statements import drafted_statement, full_statement
from receipts.render.both import Both
from receipts.render.layout import Page, page
from receipts.render.plot import Month
from receipts.render.texts import Printed
from tests.unit.receipts.pages import inputs


def view(statement: dict[str, Any], language: Printed = "ru") -> Page:
    """The texts of a statement's document."""
    return page(inputs(statement, language))


def explained(*services: dict[str, Any]) -> dict[str, Any]:
    """Why October differs from September."""
    return {"against": "2026-09", "services": list(services)}


def test_every_changed_service_has_its_line_and_the_rest_is_summed() -> None:
    """The largest first; ten services are six lines and one for the other four."""
    changed = [
        {"service": f"s{n}", "before": 0, "now": n * 100, "parts": [{"cause": "tariff", "amount": n * 100}]}
        for n in range(1, 11)
    ]
    rows = view(full_statement(explanation=explained(*changed))).changes
    assert [row.amount for row in rows] == ["+10,00", "+9,00", "+8,00", "+7,00", "+6,00", "+5,00", "+10,00"]
    assert (rows[-1].service, rows[-1].why) == ("ещё 4", "s4, s3, s2, s1")
    unknown = {"service": "gas", "before": 200, "now": 100, "parts": [{"cause": "moon", "amount": -100}]}
    assert view(full_statement(explanation=explained(unknown))).changes[0].why == "прочее"


def test_an_open_month_does_not_call_a_charge_ended_that_may_still_come() -> None:
    """In an issued month it is said."""
    ended = {"service": "gas", "before": 100, "now": 0, "parts": [{"cause": "ended", "amount": -100}]}
    assert view(drafted_statement(explanation=explained(ended))).changes == []
    assert view(full_statement(explanation=explained(ended))).changes[0].why == "теперь начисления нет"


def test_what_a_tariff_rests_on_is_said_once_for_its_services() -> None:
    """Services of one decision stand together."""
    statement = full_statement()
    for number, row in enumerate(statement["rows"][:3]):
        row["decision"] = "приказ № 1" if number < 2 else "приказ № 2"
    decisions = view(statement).decisions
    assert [(d.label, d.value) for d in decisions] == [
        ("приказ № 1", "Отопление, Горячее водоснабжение"),
        ("приказ № 2", "Холодное водоснабжение"),
    ]


def test_a_meter_that_rolled_over_or_was_exchanged_is_told_whole() -> None:
    """The ledger's own figure of use; both meters of the service, the old one with its last day."""
    statement = full_statement()
    old, *others = statement["meters"]
    old |= {"usage": "5.31", "removed_on": "2026-10-12", "expired": True, "coefficient": "40"}
    old["current"]["value"] = "0.002"
    new = old | {"meter": "HW-2", "installed_on": "2026-10-12", "expired": False, "coefficient": "1"}
    del new["removed_on"]
    first, second = view(statement | {"meters": [*others, new, old]}).meters[:2]
    assert (second.meter, second.moved, second.usage, second.expired) == (
        "HW-20198834",
        "снят 12.10.2026",
        "5,31",
        True,
    )
    assert second.coefficient == "×\u00a040"
    assert (first.meter, first.moved, first.expired, first.coefficient) == ("HW-2", "установлен 12.10.2026", False, "")


def test_the_year_is_drawn_month_by_month() -> None:
    """A month without a statement is a gap; what is older than a year is left out; the words say the sums."""
    history = (Month("2025-10", 900_000_000), Month("2026-07", 1_640_560), Month("2026-09", 3_281_121))
    drawn = page(replace(inputs(full_statement()), history=history)).plot
    assert drawn is not None
    assert [(bar.label, bar.height, bar.current) for bar in drawn.bars] == [
        ("07", 12.5, False), ("09", 25.0, False), ("10", 25.0, True),
    ]  # fmt: skip
    assert drawn.bars[1].left - drawn.bars[0].left > 1.5 * (drawn.bars[2].left - drawn.bars[1].left)
    assert "июль 2026 г. — 16\u00a0405,60\u00a0₸" in drawn.words
    assert page(replace(inputs(full_statement()), history=())).plot is None


def test_both_languages_differ_only_in_words() -> None:
    """A number stands once; a word stands twice, escaped, its Russian half with its language."""
    statement = full_statement()
    statement["rows"][0] |= {"name_ru": "<b>Тепло", "name_kk": "Жылу & бу"}
    both, ru = view(statement, "ru+kk"), view(statement)
    assert (both.to_pay, both.due_date, both.account) == (ru.to_pay, ru.due_date, ru.account)
    assert [row.closing for row in both.rows] == [row.closing for row in ru.rows]
    name: Any = both.rows[0].name
    assert isinstance(name, Both)
    assert name.__html__() == 'Жылу &amp; бу <span class="ru" lang="ru">&lt;b&gt;Тепло</span>'
    assert str(name) == "Жылу & бу / <b>Тепло"


def test_a_renumbered_account_is_printed_by_its_newest_number() -> None:
    """That is what a bank asks for; the document's own number keeps the account it belongs to."""
    statement = full_statement()
    statement["base"]["number"] = "200000999"
    shown = view(statement)
    assert (shown.account, shown.number) == ("200000999", "100000123-2026-10-1")
