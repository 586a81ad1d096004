"""One invented flat's statements as they stand on the ledger's topic; every example is made of these."""

from typing import Any

import msgspec

from receipts.events.holder import Holder
from receipts.events.statement import Statement, decode_statement

HOLDER = Holder(
    account="100000123",
    version=3,
    name="Әбдіғаппарова Қарлығаш Үмбетқызы",
    address_ru="г. Алматы, Бостандыкский р-н, ул. Тимирязева, д. 42, корпус 3, кв. 117",
    address_kk="Алматы қ., Бостандық ауданы, Тимирязев көшесі, 42-үй, 3-корпус, 117-пәтер",
)

# service, name ru, name kk, unit ru, unit kk, provider, volume, tariff, opening, charged, paid, basis
_SERVICES = [
    ("heating", "Отопление", "Жылыту", "Гкал", "Гкал", "almaty-heat", "1.204000", "6512.34", 0, 784086, 500000, "area"),
    (
        "hot-water",
        "Горячее водоснабжение",
        "Ыстық сумен жабдықтау",
        "м³",
        "м³",
        "almaty-heat",
        "5.310",
        "912.88",
        12040,
        484739,
        496779,
        "meter",
    ),
    (
        "cold-water",
        "Холодное водоснабжение",
        "Суық сумен жабдықтау",
        "м³",
        "м³",
        "almaty-su",
        "7",
        "141.30",
        -3050,
        98910,
        95860,
        "meter",
    ),
    (
        "sewerage",
        "Водоотведение (канализация)",
        "Су бұру (кәріз)",
        "м³",
        "м³",
        "almaty-su",
        "12.31",
        "88.16",
        0,
        108525,
        108525,
        "meter",
    ),
    (
        "electricity",
        "Электроснабжение",
        "Электрмен жабдықтау",
        "кВт·ч",
        "кВт·сағ",
        "almaty-energo",
        "",
        "",
        254010,
        613840,
        0,
        "meter",
    ),
    ("gas", "Газоснабжение", "Газбен жабдықтау", "м³", "м³", "qazaqgaz", "18", "52.07", 0, 93726, 93726, "meter"),
    ("waste", "Вывоз ТБО", "ҚТҚ шығару", "чел.", "адам", "tartyp", "3", "623.00", 0, 186900, 186900, "people"),
    (
        "upkeep",
        "Содержание общего имущества",
        "Ортақ мүлікті күтіп-ұстау",
        "м²",
        "м²",
        "osi-42",
        "54.10",
        "85.00",
        0,
        459850,
        459850,
        "area",
    ),
    ("repair", "Текущий ремонт", "Ағымдағы жөндеу", "м²", "м²", "osi-42", "54.10", "12.50", 0, 67625, 67625, "area"),
    (
        "lift",
        "Лифт",
        "Лифтіге қызмет көрсету",
        "чел.",
        "адам",
        "alliance-lift",
        "3",
        "350.00",
        0,
        105000,
        105000,
        "people",
    ),
    ("intercom", "Домофон", "Домофон", "кв.", "пәтер", "safe-door", "1", "400.00", 0, 40000, 40000, "fixed"),
    ("video", "Видеонаблюдение", "Бейнебақылау", "кв.", "пәтер", "safe-door", "1", "300.00", 0, 30000, 30000, "fixed"),
    (
        "capital",
        "Накопление на капитальный ремонт",
        "Күрделі жөндеуге жинақтау",
        "м²",
        "м²",
        "osi-42",
        "54.10",
        "37.00",
        -150000,
        200170,
        200170,
        "area",
    ),
    (
        "house-meter",
        "Обслуживание ОДПУ",
        "Үйге ортақ есептеу аспабына қызмет көрсету",
        "кв.",
        "пәтер",
        "almaty-heat",
        "1",
        "77.50",
        0,
        7750,
        7750,
        "fixed",
    ),
    ("advance", "Аванс", "Аванс (алдын ала төлем)", "", "", "centre", "", "", -250000, 0, 0, ""),
]

_PROVIDERS = {
    "almaty-heat": (
        "ТОО «Алматинские тепловые сети»",
        "«Алматы жылу желілері» ЖШС",
        "060640007336",
        "KZ806017131000000123",
        "HSBKKZKX",
        "8 (727) 341-07-77",
    ),
    "almaty-su": (
        "ГКП на ПХВ «Алматы Су»",
        "«Алматы Су» ШЖҚ МКК",
        "030740001234",
        "KZ946017131000056789",
        "HSBKKZKX",
        "8 (727) 274-66-66",
    ),
    "almaty-energo": (
        "ТОО «АлматыЭнергоСбыт»",
        "«АлматыЭнергоСбыт» ЖШС",
        "060640005678",
        "KZ129650000070777777",
        "IRTYKZKA",
        "8 (727) 356-99-99",
    ),
    "qazaqgaz": (
        "АО «QAZAQGAZ Аймақ», Алматинский филиал",
        "«QAZAQGAZ Аймақ» АҚ, Алматы филиалы",
        "020440001144",
        "KZ266010131000222333",
        "HSBKKZKX",
        "8 (727) 244-63-04",
    ),
    "tartyp": ("АО «Тартып»", "«Тартып» АҚ", "090140004321", "KZ339261802111222000", "KCJBKZKX", "8 (727) 328-32-43"),
    "osi-42": (
        "ОСИ «Тимирязева, 42, корпус 3»",
        "«Тимирязев, 42, 3-корпус» МИБ",
        "210540031415",
        "KZ57722S000009271828",
        "CASPKZKA",
        "8 701 161 80 33",
    ),
    "alliance-lift": (
        "ТОО «Альянс Лифт Сервис»",
        "«Альянс Лифт Сервис» ЖШС",
        "110940002718",
        "KZ708562203112345678",
        "KCJBKZKX",
        "8 (727) 250-11-22",
    ),
    "safe-door": (
        "ИП «Безопасная дверь»",
        "«Қауіпсіз есік» ЖК",
        "850101300123",
        "KZ41722S000014142135",
        "CASPKZKA",
        "8 707 300 40 50",
    ),
}


def full_statement(**changes: Any) -> dict[str, Any]:
    """Fifteen services: debt, advance, three electricity tiers, late-billed heat, adjustment, benefit, penalty."""
    rows = [_row(order, *service) for order, service in enumerate(_SERVICES, start=1)]
    by_name = {row["service"]: row for row in rows}
    _late_heat(by_name["heating"])
    _tiers(by_name["electricity"])
    by_name["cold-water"] |= {
        "adjusted": -14130,
        "adjustments": [
            {
                "amount": -14130,
                "kind": "charge.adjusted",
                "reason_code": "quality",
                "reason": "Перебои подачи воды 12–14 сентября",
                "for_period": "2026-09",
            }
        ],
    }
    by_name["upkeep"] |= {"benefit": 45985, "benefits": [{"amount": 45985, "reason": "ветеран труда, 10 %"}]}
    by_name["electricity"] |= {
        "penalty": 1905,
        "penalties": [{"amount": 1905, "debt": 254010, "rate": "0.0300", "days": 25}],
    }
    for row in rows:
        row["closing"] = (
            row["opening"] + row["charged"] + row["adjusted"] - row["benefit"] + row["penalty"] - row["paid"]
        )
    paid = sum(row["paid"] for row in rows)
    return {
        "statement": "01975a3e-0000-7000-8000-000000000001",
        "account": "100000123",
        "period": "2026-10",
        "version": 1,
        "state": "issued",
        "position": 41,
        "cut_off": "2026-11-05T13:00:00Z",
        "due_date": "2026-11-25",
        "currency": "KZT",
        "base": {
            "building": "b-12",
            "flat": "117",
            "premises": "flat",
            "residents": 3,
            "area_total": "54.10",
            "area_heated": "51.00",
        },
        "rows": rows,
        "meters": _meters(),
        "payments": [
            {
                "reference": "P-1",
                "provider": "halyk",
                "paid_at": "2026-10-12T09:20:00Z",
                "amount": paid - 500000,
                "channel": "bank",
            },
            {
                "reference": "P-2",
                "provider": "kaspi",
                "paid_at": "2026-10-28T19:30:00Z",
                "amount": 500000,
                "channel": "app",
            },
        ],
        "totals": totals(rows),
        "explanation": {"against": "2026-09", "before": 2390475, "now": 3281121, "services": _changes()},
        "providers": {name: _provider(*p) for name, p in _PROVIDERS.items()},
        "hash": "0" * 64,
    } | changes


def drafted_statement(**changes: Any) -> dict[str, Any]:
    """The same account's next month while it is open."""
    draft = _a_month_later(full_statement()) | {
        "version": 0,
        "state": "open",
        "statement": None,
        "cut_off": "2026-11-18T04:30:00Z",
    }
    due = [{"service": r["service"], "amount": r["closing"]} for r in draft["rows"] if r["closing"] > 0]
    return (
        draft
        | {
            "request": "r-1",
            "since": {
                "cut_off": "2026-11-05T13:00:00Z",
                "payments": [],
                "paid": 500000,
                "charged": 1280000,
                "adjusted": -14130,
            },
            "due_now": {"total": sum(r["amount"] for r in due) - 250000, "rows": due},
        }
        | changes
    )


def totals(rows: list[dict[str, Any]]) -> dict[str, int]:
    """The sums over the rows, as the ledger states them."""
    names = ("opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing")
    sums = {name: sum(row[name] for row in rows) for name in names}
    closings = [row["closing"] for row in rows]
    return sums | {"to_pay": sum(c for c in closings if c > 0), "advances": -sum(c for c in closings if c < 0)}


def decoded(statement: dict[str, Any]) -> Statement:
    """As the service decodes it from an event."""
    return decode_statement(msgspec.json.encode(statement))


def _a_month_later(statement: dict[str, Any]) -> dict[str, Any]:
    """The same facts with every month moved by one."""
    text = msgspec.json.encode(statement).decode()
    for before, after in (
        ("2026-11-25", "2026-12-25"),
        ("2026-10-31", "2026-11-30"),
        ("2026-10", "2026-11"),
        ("2026-09-30", "2026-10-31"),
        ("2026-09", "2026-10"),
    ):
        text = text.replace(before, after)
    later: dict[str, Any] = msgspec.json.decode(text)
    return later


def _row(
    order: int,
    service: str,
    ru: str,
    kk: str,
    unit_ru: str,
    unit_kk: str,
    provider: str,
    volume: str,
    tariff: str,
    opening: int,
    charged: int,
    paid: int,
    basis: str,
) -> dict[str, Any]:
    line = {
        "reference": f"{service}-2026-10",
        "amount": charged,
        "from": "2026-10-01",
        "to": "2026-10-31",
        "volume": volume,
        "unit_ru": unit_ru,
        "unit_kk": unit_kk,
        "tariff": tariff,
        "basis": basis,
        "warnings": [],
    }
    return {
        "service": service,
        "name_ru": ru,
        "name_kk": kk,
        "order": order,
        "provider": provider,
        "opening": opening,
        "lines": [{k: v for k, v in line.items() if v != ""}] if charged else [],
        "charged": charged,
        "adjusted": 0,
        "adjustments": [],
        "benefit": 0,
        "benefits": [],
        "penalty": 0,
        "penalties": [],
        "paid": paid,
    }


def _late_heat(row: dict[str, Any]) -> None:
    row["lines"][0] |= {"from": "2026-09-01", "to": "2026-09-30"}


def _tiers(row: dict[str, Any]) -> None:
    row["lines"][0] |= {
        "volume": "235",
        "reading_previous": "18411",
        "reading_current": "18646",
        "tiers": [
            {"volume": "90", "price": "20.13", "amount": 181170},
            {"volume": "90", "price": "26.98", "amount": 242820},
            {"volume": "55", "price": "34.518", "amount": 189850},
        ],
    }


def _changes() -> list[dict[str, Any]]:
    """Why October came to more than September, as the ledger explains it."""
    causes: list[tuple[str, int, list[tuple[str, int]]]] = [
        ("heating", 784086, [("began", 784086)]),
        ("cold-water", 84780, [("volume", -14130), ("adjustment", -14130)]),
        ("electricity", 615745, [("volume", 75100), ("tariff", 22900), ("penalty", 1905)]),
        ("waste", 186900, [("residents", 62300)]),
        ("upkeep", 413865, [("tariff", 27050)]),
    ]
    return [
        {
            "service": service,
            "before": now - sum(amount for _, amount in parts),
            "now": now,
            "parts": [{"cause": cause, "amount": amount} for cause, amount in parts],
        }
        for service, now, parts in causes
    ]


def _meters() -> list[dict[str, Any]]:
    def meter(
        number: str, service: str, before: str, after: str, source: str = "by-resident", **more: Any
    ) -> dict[str, Any]:
        return {
            "meter": number,
            "service": service,
            "coefficient": "1",
            "previous": {"value": before, "on": "2026-09-25", "source": "measured"},
            "current": {"value": after, "on": "2026-10-25", "source": source},
            "verified_until": "2028-04-01",
        } | more

    return [
        meter("HW-20198834", "hot-water", "311.240", "316.550"),
        meter("CW-771203", "cold-water", "688", "695", verified_until="2026-09-30"),
        meter("E-00918273645", "electricity", "18411", "18646", "measured", replacement_planned="2027-02-01"),
        meter("G-44810", "gas", "2201", "2219", "estimated"),
    ]


def _provider(ru: str, kk: str, number: str, iban: str, bic: str, phone: str) -> dict[str, str]:
    return {
        "name_ru": ru,
        "name_kk": kk,
        "bin": number,
        "iban": iban,
        "bic": bic,
        "phone": phone,
        "address_ru": "г. Алматы, ул. Байзакова, 221",
        "address_kk": "Алматы қ., Байзақов көшесі, 221",
        "hours": "пн–пт 9:00–18:00",
    }
