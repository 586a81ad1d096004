"""Invented receipts by name: for `receipts preview`, for the tests and for the contact sheets in docs/."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from receipts.events.holder import Holder
from receipts.examples.statements import HOLDER, decoded, drafted_statement, full_statement, totals
from receipts.projections import shown_holder
from receipts.render.layout import Inputs
from receipts.render.plot import Month
from receipts.render.texts import Printed

CODE = "7K3MQW9XABCD2345"
ADDRESS = f"https://receipts.example/v1/verify/{CODE}"
_USUAL = ("heating", "hot-water", "cold-water", "sewerage", "electricity", "gas", "waste", "upkeep", "intercom")

_CHARGED = (3120411, 3344120, 3518877, 3502310, 3391045, 2805530, 2214700, 1987240, 1941115, 1968020, 2390475)
HISTORY = tuple(
    Month(period, charged)
    for period, charged in zip(["2025-11", "2025-12", *(f"2026-0{n}" for n in range(1, 10))], _CHARGED, strict=True)
)


@dataclass(frozen=True)
class Example:
    """A statement as the ledger sends it, and who it is for."""

    statement: dict[str, Any]
    holder: Holder | None = HOLDER
    history: tuple[Month, ...] = HISTORY


def example(name: str, language: Printed) -> Inputs:
    """What a document of the example is made of; raises KeyError for a name there is none of."""
    found = EXAMPLES[name]()
    return Inputs(decoded(found.statement), found.holder, language, date(2026, 11, 6), CODE, ADDRESS, found.history)


def _normal() -> Example:
    """Nine services, all of last month's bill paid."""
    return Example(_of(_plain(_rows(_USUAL))))


def _debt() -> Example:
    """Nothing paid for two months: old debt, and penalties with their formula."""
    rows = _plain(_rows(_USUAL))
    for row in rows:
        debt = 2 * row["charged"]
        row |= {"opening": debt, "paid": 0}
        if debt:
            penalty = {"amount": debt * 25 * 3 // 10_000, "debt": debt, "rate": "0.0300", "days": 25}
            row |= {"penalty": penalty["amount"], "penalties": [penalty]}
    return Example(_of(rows, payments=[]))


def _advance() -> Example:
    """Paid ahead: nothing is due."""
    rows = _plain(_rows(_USUAL))
    for row in rows:
        row |= {"opening": -row["charged"], "paid": row["charged"]}
    return Example(_of(rows))


def _adjustment() -> Example:
    """Recalculated for a quality fault, for an absence and for a reading; a reissued statement says why."""
    rows = {row["service"]: row for row in _plain(_rows(_USUAL))}
    _adjust(rows["heating"], (-52110, "quality", "температура в квартире ниже нормы 3–9 октября", "2026-10"))
    _adjust(rows["waste"], (-62300, "absence", "отъезд с 1 по 30 сентября", "2026-09"))
    _adjust(rows["cold-water"], (-14130, "quality", "перебои подачи воды 12–14 сентября", "2026-09"))
    _adjust(rows["cold-water"], (2826, "reading", "", "2026-08"))
    why = "поставщик исправил показания общедомового прибора"
    return Example(_of(list(rows.values()), version=2, reissue={"version": 1, "reason": why}))


def _fifteen() -> Example:
    """Fifteen services with everything at once: tiers, late heat, adjustment, benefit, penalty, four meters."""
    return Example(full_statement())


def _long_names() -> Example:
    """Names and addresses of a hundred letters, with every letter that Kazakh has and Russian has not."""
    rows = _rows(_USUAL)
    for row in rows[:3]:
        row["decision"] = "приказ ДКРЕМ по г. Алматы № 112-ОД от 01.07.2026"
    rows[0] |= {
        "name_ru": "Отопление и горячее водоснабжение мест общего пользования многоквартирного жилого дома",
        "name_kk": "Көппәтерлі тұрғын үйдің ортақ пайдаланылатын орындарын жылыту және ыстық сумен жабдықтау",
    }
    providers = full_statement()["providers"]
    providers["almaty-heat"] |= {
        "name_ru": "Товарищество с ограниченной ответственностью «Алматинские тепловые сети имени К. Мухаметкалиева»",
        "name_kk": "«Қ. Мұхаметқалиев атындағы Алматы жылу желілері» жауапкершілігі шектеулі серіктестігі",
        "address_ru": "г. Алматы, Алмалинский район, микрорайон Тастак-3, ул. Толе би, д. 303, корпус 12, этаж 4",
        "address_kk": "Алматы қ., ҰЛЫТАУ ДАҢҒЫЛЫ (ІІ кезек), «Жиһаз үйі», ЖИҺАНГЕР ХАН көшесі, 303-үй, 12-корпус",
    }
    holder = Holder(
        HOLDER.account,
        1,
        "Мұхаммедғалиұлы-Шыңғысхановский Әбілмансұр-Абылайхан Құрманғазыұлы",
        "г. Алматы, Наурызбайский район, микрорайон Карагайлы, улица Академика Каныша Имантаевича Сатпаева, "
        "дом 128/2, корпус 14, подъезд 3, квартира 1117",
        "Алматы қ., Наурызбай ауданы, Қарағайлы шағын ауданы, академик Қаныш Имантайұлы Сәтбаев көшесі, "
        "128/2-үй, 14-корпус, 3-кіреберіс, 1117-пәтер",
    )
    return Example(_of(rows, providers=providers), holder)


def _first_month() -> Example:
    """The first month at the centre: no history, nothing to compare with, rows of zeros."""
    rows = _plain(_rows(_USUAL))
    for row in rows:
        row |= {"opening": 0, "paid": 0}
        if row["service"] in ("gas", "heating"):
            row |= {"lines": [], "charged": 0}
    meters = [
        {k: v for k, v in m.items() if k != "previous"} for m in full_statement()["meters"] if m["service"] != "gas"
    ]
    return Example(_of(rows, payments=[], explanation=None, meters=meters), history=())


def _masked() -> Example:
    """For a reader on probation: no name, no address, all that a payment needs."""
    return Example(_normal().statement, shown_holder(HOLDER, masked=True))


def _open() -> Example:
    """The next month while it is open."""
    return Example(drafted_statement(), history=(*HISTORY[1:], Month("2026-10", 3281121)))


def _reissued() -> Example:
    """The second version of the fifteen services."""
    return Example(full_statement(version=2, reissue={"version": 1, "reason": "опоздавший файл поставщика тепла"}))


def _zeros() -> Example:
    """Nothing charged, nothing owed, nothing paid: a flat that stands empty."""
    rows = _plain(_rows(_USUAL))
    for row in rows:
        row |= {"lines": [], "charged": 0, "opening": 0, "paid": 0}
    return Example(_of(rows, payments=[], explanation=None, meters=[]))


def _many() -> Example:
    """Forty services and more: further pages, with the head of the table on each."""
    rows = [row | {"service": f"s{n}", "order": n} for n, row in enumerate(full_statement()["rows"] * 3)]
    return Example(full_statement(rows=rows, totals=totals(rows)))


EXAMPLES: dict[str, Callable[[], Example]] = {
    "normal": _normal,
    "debt": _debt,
    "advance": _advance,
    "adjustment": _adjustment,
    "fifteen": _fifteen,
    "long-names": _long_names,
    "first-month": _first_month,
    "masked": _masked,
    "open": _open,
    "reissued": _reissued,
    "zeros": _zeros,
    "many": _many,
}


def _rows(services: tuple[str, ...]) -> list[dict[str, Any]]:
    return [row for row in full_statement()["rows"] if row["service"] in services]


def _adjust(row: dict[str, Any], said: tuple[int, str, str, str]) -> None:
    amount, code, reason, period = said
    adjustment = {"amount": amount, "reason_code": code, "reason": reason, "for_period": period}
    row |= {"adjustments": [*row["adjustments"], adjustment], "adjusted": row["adjusted"] + amount}


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nothing out of the ordinary: what was charged a month ago was paid."""
    extras = {"adjusted": 0, "adjustments": [], "benefit": 0, "benefits": [], "penalty": 0, "penalties": []}
    return [row | extras | {"opening": row["charged"] - 31400, "paid": row["charged"] - 31400} for row in rows]


def _of(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """The full statement with these rows instead, its sums and providers to match."""
    for row in rows:
        moved = row["opening"] + row["charged"] + row["adjusted"]
        row["closing"] = moved - row["benefit"] + row["penalty"] - row["paid"]
    full = full_statement(rows=rows, totals=totals(rows)) | changes
    served, named = {row["provider"] for row in rows}, {row["service"] for row in rows}
    why = full["explanation"] and [c for c in full["explanation"]["services"] if c["service"] in named]
    paid = {"reference": "P-1", "provider": "halyk", "paid_at": "2026-10-12T09:20:00Z", "channel": "bank"}
    return full | {
        "providers": {name: p for name, p in full["providers"].items() if name in served},
        "payments": changes.get("payments", [paid | {"amount": sum(row["paid"] for row in rows)}]),
        "explanation": full["explanation"] and full["explanation"] | {"services": why},
    }
