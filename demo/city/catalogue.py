"""Who serves the city, with what, at which tariffs and norms of 2026.

Tariffs and norms look like those of Almaty; the providers and their requisites are invented.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from demo.city.requisites import business_number, iban


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody with a key: a utility, a bank, a network of payment terminals or the centre itself."""

    id: str
    name_ru: str
    name_kk: str
    scopes: tuple[str, ...]
    letter: str
    bin: str = ""
    iban: str = ""
    bic: str = ""
    phone: str = ""
    address_ru: str = ""
    address_kk: str = ""
    hours: str = "Пн–Пт 09:00–18:00"


@dataclass(frozen=True, slots=True)
class Service:
    """A line of the bill. `method` is how it is counted: meter, area, people or fixed."""

    id: str
    provider: str
    name_ru: str
    name_kk: str
    unit: str
    unit_ru: str
    unit_kk: str
    method: str
    price: Decimal
    decision: str
    norm: Decimal = Decimal(0)
    digits: int = 5
    commercial: Decimal = Decimal("2.4")
    tiers: tuple[tuple[Decimal, Decimal], ...] = field(default=())


_CHARGES = ("accounts", "meters", "charges")


def _utility(
    sender: str, letter: str, names: tuple[str, str], services: tuple[str, ...], number: int,
    extra: tuple[str, ...] = (),
) -> Sender:  # fmt: skip
    return Sender(
        sender, names[0], names[1], (*_CHARGES, *(f"services:{service}" for service in services), *extra), letter,
        bin=business_number(f"{90 + number % 9}0{1 + number % 9}400{10_000 + 37 * number}"[:11]),
        iban=iban("601", f"A{861_000_000_000 + 1_234_567 * number}"[:13]), bic="TNRBKZKX",
        phone=f"+7 727 3{number:02d} {11 + number} {24 + number}",
        address_ru=f"г. Алматы, ул. Байзакова, д. {100 + 7 * number}",
        address_kk=f"Алматы қ., Байзақов көшесі, {100 + 7 * number}-үй",
    )  # fmt: skip


CENTRE = Sender(
    "centre", "Единый расчётный центр города Алматы", "Алматы қаласының бірыңғай есеп айырысу орталығы",
    ("accounts", "services:*", "master-data", "holders", "take-over"), "C",
)  # fmt: skip
BANK = Sender("bank-tengri", "АО «Тенгри Банк»", "«Тәңірі Банк» АҚ", ("payments",), "TB")
TERMINAL = Sender("terminal-tolem", "ТОО «Төлем Терминал»", "«Төлем Терминал» ЖШС", ("payments",), "TT")

UTILITIES: tuple[Sender, ...] = (
    _utility("almaty-heat", "H", ("ТОО «Алматыжылужелісі»", "«Алматыжылужелісі» ЖШС"), ("heating", "hot-water"), 1),
    _utility("almaty-water", "W", ("ГКП на ПХВ «Алматысуарна»", "«Алматысуарна» ШЖҚ МКК"),
             ("cold-water", "sewerage"), 2, ("unnamed-adjustment",)),
    _utility("alatau-power", "E", ("ТОО «Алатау ЭнергоСбыт»", "«Алатау ЭнергоСбыт» ЖШС"), ("electricity",), 3),
    _utility("zhetysu-gas", "G", ("АО «Жетысу Газ Аймак»", "«Жетісу Газ Аймақ» АҚ"), ("gas",), 4),
    _utility("taza-qala", "T", ("ТОО «Таза қала»", "«Таза қала» ЖШС"), ("waste",), 5),
    _utility("uy-service", "U", ("ТОО «Үй Сервис»", "«Үй Сервис» ЖШС"), ("upkeep", "heat-meter"), 6),
    _utility("almaty-lift", "L", ("ТОО «Алматылифт»", "«Алматылифт» ЖШС"), ("lift",), 7),
    _utility("qalqan", "Q", ("ТОО «Қалқан Домофон»", "«Қалқан Домофон» ЖШС"), ("intercom", "cctv"), 8),
    _utility("jondeu-qory", "R", ("ОФ «Жөндеу қоры»", "«Жөндеу қоры» ҚҚ"), ("capital-repair",), 9),
)  # fmt: skip
AGENTS: tuple[Sender, ...] = (BANK, TERMINAL)
SENDERS: tuple[Sender, ...] = (CENTRE, *UTILITIES, *AGENTS)

# More than any flat uses: the last tier has no end.
LAST_TIER = Decimal(10**6)

_ORDER = "Приказ ДКРЕМ по г. Алматы № {} от {}"
_MEETING = "Протокол собрания собственников от {}"

# In the order of the bill, which is also the order in which a payment without split is spread.
SERVICES: tuple[Service, ...] = (
    Service("heating", "almaty-heat", "Отопление", "Жылыту", "Gcal", "Гкал", "Гкал", "area",
            Decimal("7845.60"), _ORDER.format("87-ОД", "14.11.2025"), norm=Decimal("0.0148")),
    Service("hot-water", "almaty-heat", "Горячая вода", "Ыстық су", "m3", "м³", "м³", "meter",
            Decimal("518.37"), _ORDER.format("87-ОД", "14.11.2025"), norm=Decimal("3.6")),
    Service("cold-water", "almaty-water", "Холодная вода", "Суық су", "m3", "м³", "м³", "meter",
            Decimal("147.92"), _ORDER.format("64-ОД", "28.10.2025"), norm=Decimal("5.1")),
    Service("sewerage", "almaty-water", "Водоотведение", "Су бұру", "m3", "м³", "м³", "drain",
            Decimal("79.64"), _ORDER.format("64-ОД", "28.10.2025")),
    Service("electricity", "alatau-power", "Электроэнергия", "Электр қуаты", "kWh", "кВт·ч", "кВт·сағ", "meter",
            Decimal("28.45"), _ORDER.format("102-ОД", "19.12.2025"), norm=Decimal(75), digits=6,
            tiers=((Decimal(90), Decimal("28.45")), (Decimal(160), Decimal("36.98")),
                   (LAST_TIER, Decimal("46.23")))),
    Service("gas", "zhetysu-gas", "Газ", "Газ", "m3", "м³", "м³", "meter",
            Decimal("52.18"), _ORDER.format("71-ОД", "30.06.2026"), norm=Decimal("9.6")),
    Service("waste", "taza-qala", "Вывоз ТБО", "ҚТҚ шығару", "person", "чел.", "адам", "people",
            Decimal("738.00"), "Решение маслихата г. Алматы № 151 от 12.12.2025"),
    Service("upkeep", "uy-service", "Содержание жилья", "Пәтерді ұстау шығыны", "m2", "м²", "м²", "area",
            Decimal("85.00"), _MEETING.format("25.12.2025"), norm=Decimal(1)),
    Service("lift", "almaty-lift", "Лифт", "Лифт", "person", "чел.", "адам", "people",
            Decimal("420.00"), _MEETING.format("25.12.2025")),
    Service("intercom", "qalqan", "Домофон", "Домофон", "flat", "квартира", "пәтер", "fixed",
            Decimal("350.00"), _MEETING.format("14.01.2026")),
    Service("cctv", "qalqan", "Видеонаблюдение", "Бейнебақылау", "flat", "квартира", "пәтер", "fixed",
            Decimal("290.00"), _MEETING.format("14.01.2026")),
    Service("capital-repair", "jondeu-qory", "Накопление на капремонт", "Күрделі жөндеуге жинақтау",
            "m2", "м²", "м²", "area", Decimal("21.63"), "0,005 МРП на 2026 год", norm=Decimal(1)),
    Service("heat-meter", "uy-service", "Обслуживание ОДПУ", "Үйге ортақ есептеу аспабына қызмет көрсету",
            "flat", "квартира", "пәтер", "fixed", Decimal("185.50"), _MEETING.format("25.12.2025")),
)  # fmt: skip

SERVICE = {service.id: service for service in SERVICES}
SENDER = {sender.id: sender for sender in SENDERS}


def price_for(service: Service, group: str) -> Decimal:
    """The tariff of a group of payers; shops pay the commercial one."""
    return _cents(service.price * service.commercial) if group == "commercial" else service.price


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))
