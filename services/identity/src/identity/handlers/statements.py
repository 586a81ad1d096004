"""What the ledger issues becomes letters to those who asked for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from babel.dates import format_date

from common.clock import now as clock
from common.ids import named_id
from common.period import first_day, parse_period
from common.postgres import Connection
from identity.events import StatementIssued
from identity.handlers.desk import Desk
from identity.store import notices, people
from identity.store.notices import Reader

# A topic that is read again from its beginning must not write of years past.
_NEWS_FOR = timedelta(days=3)


class Issued(NamedTuple):
    """A statement, and when the ledger recorded it."""

    statement: StatementIssued
    recorded_at: datetime


def hear(desk: Desk, conn: Connection, issued: Sequence[Issued]) -> None:
    """Queues "your receipt is ready" in the transaction of the batch that brought the statements."""
    now = clock()
    fresh = [one.statement for one in issued if now - one.recorded_at < _NEWS_FOR]
    readers: dict[str, list[Reader]] = {}
    for reader in notices.receipt_readers(conn, [statement.account for statement in fresh]) if fresh else ():
        readers.setdefault(reader.account, []).append(reader)
    for statement in fresh:
        for reader in readers.get(statement.account, ()):
            _write(desk, conn, reader, statement, now)


def _write(desk: Desk, conn: Connection, reader: Reader, statement: StatementIssued, now: datetime) -> None:
    person = people.by_id(conn, reader.user_id)
    if person is None:
        return
    # The letter names no amount: who reads somebody's mail would else hold a proof of the account.
    desk.write(
        conn,
        person,
        "receipt-ready",
        now,
        ident=named_id(f"receipt/{reader.user_id}/{statement.account}/{statement.period}/{statement.version}"),
        number=reader.number,
        nickname=reader.nickname or "",
        month=month_text(statement.period, person.language),
        due=f"{statement.due_date:%d.%m.%Y}",
        corrected="yes" if statement.version > 1 else "",
        link=desk.config.cabinet_url,
        **desk.ways_out(person, "receipt-ready"),
    )


def month_text(period: str, language: str) -> str:
    """`октябрь 2026`, `2026 жылғы қазан`."""
    form = "y 'жылғы' LLLL" if language == "kk" else "LLLL y"
    return format_date(first_day(parse_period(period)), form, locale=f"{language}_KZ").lower()
