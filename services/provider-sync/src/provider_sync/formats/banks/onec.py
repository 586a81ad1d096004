"""1CClientBankExchange: the text that accounting systems and banks exchange.

The header's Кодировка is not believed: exports that say Windows come in UTF-8. Statement totals are remarked on, not
enforced, for banks cut documents out of an export and leave the totals as they were.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from common.money import format_amount
from provider_sync import errors
from provider_sync.formats.banks.bookings import Booking, Notes, StatementFormat, digest_of, structured, tiyn
from provider_sync.formats.banks.purpose import account_in
from provider_sync.formats.encodings import encoding_of
from provider_sync.formats.ndjson import lines
from provider_sync.formats.rows import LINE_LIMIT_BYTES, RejectedRow

_FIRST, _LAST = "1CClientBankExchange", "КонецФайла"
_DOCUMENT, _DOCUMENT_ENDS = "СекцияДокумент", "КонецДокумента"
_TOTALS, _TOTALS_END = "СекцияРасчСчет", "КонецРасчСчет"
_ENCODINGS = ("utf-8-sig", "cp1251", "cp866")
_WORDS = ("РасчСчет", "ВерсияФормата", _LAST)
_ANSWERS = ("КодОтказа", "ПричинаОтказа")


@dataclass
class _Section:
    """A document or an account's totals: its keys, and where and as what it was written."""

    name: str
    line: int
    keys: dict[str, str] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ExchangeFormat(StatementFormat):
    """Documents come back in the sender's own text, with two keys more."""

    media = "text/plain; charset=utf-8"

    def rejected(self, header: str | None, rows: Iterator[RejectedRow], /) -> Iterator[str]:
        """A file that can be sent again as it is."""
        yield header or f"{_FIRST}\r\n"
        for row in rows:
            kind, *keys = row.raw.splitlines()
            answers = (f"{key}={value}" for key, value in zip(_ANSWERS, (row.code, row.detail), strict=True))
            yield "\r\n".join((kind, *answers, *keys, ""))
        yield f"{_LAST}\r\n"

    def header(self, file: IO[bytes], /) -> str | None:
        """All that stands before the first section: it names the accounts of the statement."""
        above = []
        for _, text in _lines(file):
            if text.startswith((_DOCUMENT, _TOTALS, _LAST)):
                break
            above.append(text)
        return "".join(f"{text}\r\n" for text in above)


def read(file: IO[bytes], notes: Notes) -> Iterator[Booking]:
    """The documents of a file; raises Unreadable unless it is whole."""
    own: set[str] = set()
    received: dict[str, int] = defaultdict(int)
    stated: dict[str, int] = {}
    for section in _sections(file, own):
        if section.name == _TOTALS:
            own.add(section.keys.get("РасчСчет", ""))
            stated[section.keys.get("РасчСчет", "")] = tiyn(section.keys.get("ВсегоПоступило", ""))
            continue
        booking = _booking(section, own - {""})
        if booking.credit and not booking.wrong:
            received[_payee(section.keys)] += tiyn(booking.amount)
        yield booking
    for account, total in stated.items():
        if total != received[account]:
            found = format_amount(received[account])
            notes.remark(
                "statement-totals-differ", f"ВсегоПоступило {format_amount(total)}, the documents hold {found}"
            )


def _booking(section: _Section, own: set[str]) -> Booking:
    keys = section.keys
    payer, payee = _payer(keys), _payee(keys)
    day, number = _day(keys.get("ДатаПоступило") or keys.get("Дата", "")), keys.get("Номер", "")
    text = " ".join(value for key, value in keys.items() if key.startswith("НазначениеПлатежа"))
    return Booking(
        section.line,
        "\r\n".join(line for line in section.raw if not line.startswith(_ANSWERS)),
        f"{day}/{number}/{digest_of(payer, payee, _day(keys.get('Дата', '')))}",
        credit=payee in own and payer not in own,
        amount=keys.get("Сумма", ""),
        at=day,
        account=account_in(text) or structured(keys.get("Код")),
        text=text,
        elsewhere=payee not in own and payer not in own,
        wrong=None if number else "the document has no Номер",
    )


def _payer(keys: dict[str, str]) -> str:
    return keys.get("ПлательщикРасчСчет") or keys.get("ПлательщикСчет", "")


def _payee(keys: dict[str, str]) -> str:
    return keys.get("ПолучательРасчСчет") or keys.get("ПолучательСчет", "")


def _day(text: str) -> str:
    """`15.04.2022` → `2022-04-15`; anything else as it stands."""
    try:
        return datetime.strptime(text.strip(), "%d.%m.%Y").date().isoformat()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return text


def _sections(file: IO[bytes], own: set[str]) -> Iterator[_Section]:
    """Sections in their order; accounts that the header names are noted in `own`."""
    section: _Section | None = None
    state = "before"
    for number, text in _lines(file):
        if state != "within":
            state = _begun(state, number, text)
        elif section is not None and text in (_DOCUMENT_ENDS, _TOTALS_END):
            yield _ended(section, number, text)
            section = None
        elif section is None and text == _LAST:
            state = "after"
        elif section is None and text.partition("=")[0] in (_DOCUMENT, _TOTALS):
            section = _Section(text.partition("=")[0], number, raw=[text])
        else:
            _keep(section, own, number, text)
    if state != "after":
        raise errors.Unreadable(reason=f"the line {_LAST} is missing: the file is cut")


def _begun(state: str, number: int, text: str) -> str:
    if state == "before" and text == _FIRST:
        return "within"
    reason = f"it does not begin with {_FIRST}" if state == "before" else f"line {number} stands behind {_LAST}"
    raise errors.Unreadable(reason=reason)


def _ended(section: _Section, number: int, text: str) -> _Section:
    if text != (_DOCUMENT_ENDS if section.name == _DOCUMENT else _TOTALS_END):
        raise errors.Unreadable(reason=f"line {number} ends another section than the one of line {section.line}")
    section.raw.append(text)
    return section


def _keep(section: _Section | None, own: set[str], number: int, text: str) -> None:
    key, sign, value = text.partition("=")
    if not sign or key in (_DOCUMENT, _TOTALS):
        raise errors.Unreadable(reason=f"line {number} is no key=value")
    if section is None:
        if key == "РасчСчет":
            own.add(value.strip())
        return
    section.keys.setdefault(key, value.strip())
    section.raw.append(text)
    if len(section.raw) > 1000:
        raise errors.Unreadable(reason=f"the section of line {section.line} never ends")


def _lines(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends; blank ones are none."""
    file.seek(0)
    if not file.readline(100).decode("utf-8-sig", "replace").startswith(_FIRST):
        raise errors.Unreadable(reason=f"it does not begin with {_FIRST}")
    encoding = encoding_of(file, _ENCODINGS, _WORDS)
    file.seek(0)
    for number, (line, length) in enumerate(lines(file), 1):
        if length > LINE_LIMIT_BYTES:
            raise errors.Unreadable(reason=f"line {number} is longer than {LINE_LIMIT_BYTES} bytes")
        text = line.decode(encoding if number == 1 else encoding.removesuffix("-sig")).rstrip("\r\n")
        if text.strip():
            yield number, text.strip() if "=" not in text else text
