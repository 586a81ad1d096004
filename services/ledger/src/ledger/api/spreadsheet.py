"""The export as CSV (RFC 4180): headings and kinds in the reader's language, no cell a spreadsheet would compute."""

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from common.clock import to_wire
from common.money import format_amount
from common.period import day_at
from common.spreadsheets import safe_cell
from ledger.domain.statement import Directory
from ledger.events.heard import Detail
from ledger.store.pages import Posting

BOM = "\ufeff"  # without it spreadsheets take Cyrillic for another encoding
_detail = msgspec.json.Decoder(Detail).decode

HEADINGS = {
    "ru": (
        "Месяц учёта", "Дата", "Учтено", "Вид", "Услуга", "Поставщик", "Номер", "За месяц", "Сумма", "Объём",
        "Ед. изм.", "Тариф", "С", "По", "Основание",
    ),
    "kk": (
        "Есепке алу айы", "Күні", "Ескерілді", "Түрі", "Қызмет", "Жеткізуші", "Нөмірі", "Қай ай үшін", "Сомасы",
        "Көлемі", "Өлшем бірлігі", "Тариф", "Бастап", "Дейін", "Негізі",
    ),
    "en": (
        "Posting period", "Date", "Recorded", "Kind", "Service", "Provider", "Reference", "For month", "Amount",
        "Volume", "Unit", "Tariff", "From", "To", "Reason",
    ),
}  # fmt: skip
KINDS = {
    "balance.carried-in": {"ru": "сальдо на начало", "kk": "бастапқы қалдық"},
    "charge.posted": {"ru": "начисление", "kk": "есептелген сома"},
    "charge.adjusted": {"ru": "перерасчёт", "kk": "қайта есептеу"},
    "charge.reversed": {"ru": "отмена начисления", "kk": "есептелген соманың күшін жою"},
    "benefit.granted": {"ru": "льгота", "kk": "жеңілдік"},
    "benefit.reversed": {"ru": "отмена льготы", "kk": "жеңілдіктің күшін жою"},
    "penalty.accrued": {"ru": "пеня", "kk": "өсімпұл"},
    "penalty.reversed": {"ru": "отмена пени", "kk": "өсімпұлдың күшін жою"},
    "payment.received": {"ru": "оплата", "kk": "төлем"},
    "payment.reversed": {"ru": "отмена оплаты", "kk": "төлемнің күшін жою"},
    "advance.applied": {"ru": "зачёт переплаты", "kk": "артық төлемді есепке алу"},
}


def lines(pages: Iterable[list[Posting]], directory: Directory, language: str) -> Iterator[str]:
    """The file piece by piece: a piece for the headings, then one for each page."""
    yield BOM + _written([HEADINGS[language]])
    for page in pages:
        yield _written(row for posting in page for row in _rows(posting, directory, language))


def _rows(posting: Posting, directory: Directory, language: str) -> Iterator[tuple[str, ...]]:
    """A line for each share."""
    detail = _detail(posting.detail)
    provider = directory.providers.get(posting.provider)
    who = (provider.name_kk if language == "kk" else provider.name_ru) if provider else posting.provider
    for service, amount in posting.shares:
        names = directory.service(service)
        yield (
            posting.period,
            day_at(posting.happened_at).isoformat(),
            to_wire(posting.recorded_at),
            KINDS[posting.kind].get(language, posting.kind),
            names.name_kk if language == "kk" else names.name_ru,
            who,
            posting.reference,
            posting.for_period or "",
            format_amount(amount),
            detail.volume or "",
            detail.unit or "",
            detail.tariff or "",
            detail.from_ or "",
            detail.to or "",
            detail.reason or "",
        )


def _written(rows: Iterable[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()
