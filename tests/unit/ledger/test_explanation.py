"""Why a month differs: twelve cases by hand, the sums of any two months, and the words residents read."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.base import Stated
from ledger.domain.explain import Shown, explain, months_between
from ledger.domain.sentences import CLAUSES, LESS, MORE, SAME, sentence
from ledger.events import said
from ledger.events.heard import Change, Tier
from native.paths import ROOT

SEPTEMBER = ("2026-09-01", "2026-09-30")
OCTOBER = ("2026-10-01", "2026-10-31")
DOCUMENT = (ROOT / "docs" / "explanation.md").read_text(encoding="utf-8")


def line(amount: int, span: tuple[str, str] = SEPTEMBER, **shown: Any) -> said.Line:
    """A charge."""
    return said.Line(f"L-{span[0]}-{amount}", amount, from_=span[0], to=span[1], **shown)


def row(*lines: said.Line, service: str = "water", **parts: Any) -> said.Row:
    """A service's row; sums follow from what is given."""
    sums = {name: sum(item.amount for item in parts.get(name, [])) for name in ("adjustments", "benefits", "penalties")}
    charged = sum(one.amount for one in lines)
    own = charged + sums["adjustments"] - sums["benefits"] + sums["penalties"]
    return said.Row(
        service, service, service, 1, "vodokanal", 0, list(lines), charged, sums["adjustments"],
        parts.get("adjustments", []), sums["benefits"], parts.get("benefits", []), sums["penalties"],
        parts.get("penalties", []), 0, own,
    )  # fmt: skip


def stated(kind: str, holds_from: str, sequence: int, **said_: Any) -> Stated:
    """A change of base data."""
    return Stated(kind, sequence, holds_from, f"{holds_from}T06:00:00Z", Change("centre", f"C-{sequence}", **said_))


HOME = stated("account.opened", "2020-01-01", 1, residents=3, area_total="54.10", area_heated="51.00")
FOURTH = stated("account.residents-changed", "2026-10-05", 2, residents=4)
ROOM = stated("account.area-changed", "2026-10-05", 2, area_total="64.10", area_heated="61.20")

# name, the row before, the row now, changes, the parts, the main cause
CASES: list[tuple[str, said.Row | None, said.Row | None, list[Stated], dict[str, int], str]] = [
    ("more water through the meter",
     row(line(50_000, volume="5", tariff="100.00", basis="meter", unit="m3")),
     row(line(70_000, OCTOBER, volume="7", tariff="100.00", basis="meter", unit="m3")),
     [HOME], {"volume": 20_000}, "volume"),
    ("a dearer cubic metre",
     row(line(50_000, volume="5", tariff="100.00", basis="meter", unit="m3")),
     row(line(60_000, OCTOBER, volume="5", tariff="120.00", basis="meter", unit="m3")),
     [HOME], {"tariff": 10_000}, "tariff"),
    ("less water at a dearer price",
     row(line(100_000, volume="10", tariff="100.00", basis="meter", unit="m3")),
     row(line(66_000, OCTOBER, volume="6", tariff="110.00", basis="meter", unit="m3")),
     [HOME], {"volume": -40_000, "tariff": 6_000}, "volume"),
    ("a fourth resident, charged by norm",
     row(line(90_000, volume="9", tariff="100.00", basis="norm", unit="m3")),
     row(line(120_000, OCTOBER, volume="12", tariff="100.00", basis="norm", unit="m3")),
     [HOME, FOURTH], {"residents": 30_000}, "residents"),
    ("a fourth resident and a higher norm",
     row(line(90_000, volume="9", tariff="100.00", basis="people", unit="m3")),
     row(line(160_000, OCTOBER, volume="16", tariff="100.00", basis="people", unit="m3")),
     [HOME, FOURTH], {"residents": 30_000, "volume": 40_000}, "volume"),
    ("a room was added, heated by area",
     row(line(510_000, volume="51.00", tariff="100.00", basis="area", unit="m2")),
     row(line(612_000, OCTOBER, volume="61.20", tariff="100.00", basis="area", unit="m2")),
     [HOME, ROOM], {"area": 102_000}, "area"),
    ("half a month of heating",
     row(line(300_000, ("2026-09-16", "2026-09-30"), volume="1.5", tariff="2000.00", basis="area", unit="Gcal")),
     row(line(600_000, OCTOBER, volume="3", tariff="2000.00", basis="area", unit="Gcal")),
     [HOME], {"period-length": 300_000}, "period-length"),
    ("a higher tier is reached by using more",
     row(line(100_000, volume="100", tiers=[Tier("100", "10.00")], basis="meter", unit="kWh")),
     row(line(175_000, OCTOBER, volume="150", tiers=[Tier("100", "10.00"), Tier("50", "15.00")], basis="meter",
              unit="kWh")),
     [HOME], {"volume": 75_000}, "volume"),
    ("an adjustment takes off what was too much",
     row(line(50_000, volume="5", tariff="100.00", unit="m3")),
     row(line(50_000, OCTOBER, volume="5", tariff="100.00", unit="m3"),
         adjustments=[said.Adjustment("A-1", -20_000, "charge.adjusted")]),
     [HOME], {"adjustment": -20_000}, "adjustment"),
    ("the benefit ended",
     row(line(50_000, volume="5", tariff="100.00", unit="m3"), benefits=[said.Benefit(25_000, "veteran", "B-1")]),
     row(line(50_000, OCTOBER, volume="5", tariff="100.00", unit="m3")),
     [HOME], {"benefit": 25_000}, "benefit"),
    ("a penalty outweighs the smaller volume",
     row(line(50_000, volume="5", tariff="100.00", unit="m3")),
     row(line(45_000, OCTOBER, volume="4.5", tariff="100.00", unit="m3"),
         penalties=[said.Penalty(9_000, 300_000, "0.1", 30, "P-1")]),
     [HOME], {"volume": -5_000, "penalty": 9_000}, "penalty"),
    ("the lift is charged for the first time", None, row(line(60_000, OCTOBER, basis="fixed")),
     [HOME], {"began": 60_000}, "began"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "changes", "parts", "main"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_cases_name_their_main_cause(
    before: said.Row | None, now: said.Row | None, changes: list[Stated], parts: dict[str, int], main: str
) -> None:
    """Each part as worked out by hand, each with at least one fact."""
    (changed,) = explained(before, now, changes, facts=True).services
    assert {part.cause: part.amount for part in changed.parts} == parts
    assert changed.main == main
    assert all(part.facts for part in changed.parts)
    assert sum(parts.values()) == changed.now - changed.before


def explained(
    before: said.Row | None, now: said.Row | None, changes: list[Stated], *, facts: bool = False
) -> said.Explanation:
    """September against October."""
    shown = [Shown(month, [r] if r else []) for month, r in (("2026-09", before), ("2026-10", now))]
    return explain(shown[0], shown[1], changes, facts=facts)


def test_residents_name_the_fact_that_changed_them() -> None:
    """Not the charges, but what the centre said of the flat."""
    _, before, now, changes, *_ = CASES[3]
    (part,) = explained(before, now, changes, facts=True).services[0].parts
    assert [(fact.provider, fact.reference) for fact in part.facts] == [("centre", "C-2")]


def test_a_month_that_is_the_same_needs_no_explanation() -> None:
    """Thirty days and thirty-one of the same service at the same price: nothing is listed."""
    before = row(line(50_000, volume="5", tariff="100.00", basis="fixed"))
    now = row(line(50_000, OCTOBER, volume="5.000", tariff="100.0", basis="fixed"))
    assert explained(before, now, [HOME]).services == []


def test_changes_that_outweigh_each_other_are_told() -> None:
    """The sum is the same, the reasons are not."""
    before = row(line(50_000, volume="5", tariff="100.00"))
    now = row(line(60_000, OCTOBER, volume="6", tariff="100.00"), benefits=[said.Benefit(10_000, None, "B-1")])
    (changed,) = explained(before, now, [HOME]).services
    assert (changed.now - changed.before, [p.amount for p in changed.parts]) == (0, [10_000, -10_000])
    assert changed.ru.startswith("Сумма такая же, как за 09.2026")


numbers = st.decimals("-50", "500", places=3, allow_nan=False).map(str)
texts = st.none() | numbers | st.sampled_from(["0", "0.000", "1e9", "NaN", "", "много"])
spans = st.sampled_from([SEPTEMBER, OCTOBER, ("2026-09-16", "2026-09-30"), ("2026-10-31", "2026-10-01"), ("?", "?")])
lines = st.builds(
    line,
    st.integers(-2_000_000, 2_000_000), spans, volume=texts, tariff=texts, unit=st.sampled_from([None, "m3", "Gcal"]),
    basis=st.sampled_from([None, "meter", "norm", "area", "people", "average", "fixed"]),
    tiers=st.lists(st.builds(Tier, numbers, numbers), max_size=2),
)  # fmt: skip
amounts = st.integers(-90_000, 90_000)
rows = st.builds(
    lambda some, **parts: row(*some, **parts),
    st.lists(lines, max_size=3), service=st.sampled_from(["water", "heating", "lift"]),
    adjustments=st.lists(st.builds(said.Adjustment, st.just("A"), amounts, st.just("late")), max_size=2),
    benefits=st.lists(st.builds(said.Benefit, amounts), max_size=2),
    penalties=st.lists(st.builds(said.Penalty, amounts), max_size=1),
)  # fmt: skip
bills = st.lists(rows, max_size=3, unique_by=lambda r: r.service)
histories = st.lists(
    st.builds(lambda day, people, area: stated("account.opened", day, 1, residents=people, area_heated=area),
              st.sampled_from(["2020-01-01", "2026-09-20", "2026-10-10"]), st.integers(0, 6), numbers | st.none()),
    max_size=3,
)  # fmt: skip


def adds_up(before: list[said.Row], now: list[said.Row], changes: list[Stated]) -> None:
    """To the tiyn, service by service and in all, whatever was said."""
    found = explain(Shown("2026-09", before), Shown("2026-10", now), changes, facts=True)
    for changed in found.services:
        assert sum(part.amount for part in changed.parts) == changed.now - changed.before
        assert all(part.amount for part in changed.parts)
        assert changed.main in {part.cause for part in changed.parts}
    assert sum(c.now - c.before for c in found.services) == found.now - found.before


@settings(max_examples=150)
@given(bills, bills, histories)
def test_the_parts_of_any_two_months_add_up(before: list[said.Row], now: list[said.Row], changes: list[Stated]) -> None:
    """No residual, no exception."""
    adds_up(before, now, changes)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=3_000)
@given(bills, bills, histories)
def test_the_parts_of_very_many_months_add_up(
    before: list[said.Row], now: list[said.Row], changes: list[Stated]
) -> None:
    """The same at full size."""
    adds_up(before, now, changes)


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [("2026-02-01", "2026-02-28", 1), ("2026-09-16", "2026-10-31", 1.5), ("2025-12-01", "2026-01-31", 2)],
)
def test_a_calendar_month_is_one(first: str, last: str, months: float) -> None:
    """However many days it has."""
    assert months_between(first, last) == months


def test_every_sentence_is_in_the_document() -> None:
    """What residents read is listed, and nothing else is listed."""
    listed = re.findall(r"^\| `([a-z-]+)` \| (up|down) \| (.+) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    ways = {True: "up", False: "down"}
    assert listed == [(cause, ways[up], texts.ru, texts.kk) for (cause, up), texts in CLAUSES.items()]
    assert all(f"| {frame.ru} | {frame.kk} |" in DOCUMENT for frame in (MORE, LESS, SAME))


def test_sentences_are_short_and_keep_to_the_glossary() -> None:
    """At most twenty words, each from the glossary by its stem or from the document's own list."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    known = {word[:5] for word in words(glossary)}
    also = {word for listed in re.findall(r"^\* (?:русский|қазақша): (.+)$", DOCUMENT, re.MULTILINE)
            for word in words(listed)}  # fmt: skip
    for (cause, up), difference in ((key, sign) for key in CLAUSES for sign in (-123_456_789, 0, 123_456_789)):
        for text in sentence(difference, cause, up=up, against="2026-09"):
            assert len(text.split(" ")) <= 20
            assert [w for w in words(text) if w not in also and w[:5] not in known] == []


def words(text: str) -> list[str]:
    """Cyrillic words in lower case."""
    return re.findall(r"[а-яёәғқңөұүһі]+", text.lower())
