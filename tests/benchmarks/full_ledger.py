"""F5's ledger: accounts with two years of issued statements and three months of lines, filled by COPY."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg
from msgspec.structs import astuple

from common.partitions import partition_of
from common.postgres import copy_field, copy_lines, copy_rows
from ledger.domain.statement import due_after
from ledger.store import months
from tests.benchmarks import traffic
from tests.support.books import Books
from tests.support.facts import Log

MONTHS = [f"{2024 + n // 12}-{n % 12 + 1:02d}" for n in range(10, 34)]
WITH_LINES = 3
TEMPLATE, IDENT = "100000123", "00000000-0000-0000-0000-000000000000"
# Two sessions fill what is most of it, for PostgreSQL has more to do with it than who sends it.
FILLERS = 2
# A third of the accounts has paid since the last close, as some days after it.
PAID_SINCE = """
INSERT INTO postings SELECT account, to_char((%s || '-01')::date + interval '1 month', 'YYYY-MM'), 9999, 0,
       'payment.received', 'paid', 'cold-water', 'bank', 50000, 'P-' || account, NULL, now(), now(),
       '{"paid_at": "2026-11-03", "channel": "bank"}'
FROM accounts WHERE mod(hashtext(account), 3) = 0
"""
SERVICES = [service for of_provider in traffic.SERVICES.values() for service in of_provider]


def fill(url: str, prefix: str, count: int) -> list[str]:
    """Fills an empty, migrated ledger; returns the accounts."""
    accounts = traffic.accounts(count)
    books, log = _template()
    topic = prefix + "provider-sync.accounts.v1"
    with psycopg.connect(url) as conn:
        _copy(conn, "numbers (number, account)", ((a, a) for a in accounts))
        heads = ((topic, a, len(log.events), "") for a in accounts)
        _copy(conn, "stream_heads (topic, key, version, last_id)", heads)
        lines = [astuple(entry)[1:] for entry in books.entries if entry.period in MONTHS[-WITH_LINES:]]
        columns = """postings (account, period, sequence, line, kind, part, service, provider, amount, reference,
                               for_period, happened_at, recorded_at, detail)"""
        _copy(conn, columns, ((a, *line) for a in accounts for line in lines))
        changes = [(c[0], *c[1:]) for c in books.changes]
        columns = "changes (account, sequence, kind, holds_from, recorded_at, data)"
        _copy(conn, columns, ((a, *change[1:]) for a in accounts for change in changes))
        due = [due_after(closed.statement.period, closed.openings, [books.rule]) for closed in books.closed]
        closed = ((a, partition_of(a), MONTHS[-1], due[-1].total) for a in accounts)
        _copy(conn, "accounts (account, partition, closed_through, due_at_close)", closed)
        for order, service in enumerate(SERVICES):
            data = {"version": 1, "provider": "city-water", "name_ru": service, "name_kk": service, "order": order}
            conn.execute("INSERT INTO directory VALUES ('service', %s, 1, %s)", (service, json.dumps(data)))
        opened = [(p, s, o.amount, json.dumps(o.aged)) for (p, s), o in books.openings[TEMPLATE].items()]
        columns = "openings (account, period, service, amount, aged)"
        _copy(conn, columns, ((a, *row) for a in accounts for row in opened))
        conn.execute(PAID_SINCE, (MONTHS[-1],))
        conn.execute("INSERT INTO links SELECT 'of-' || account, account, NULL, now() FROM accounts")
    rows = [months.statement_row(c.statement, due=owed) for c, owed in zip(books.closed, due, strict=True)]
    with ThreadPoolExecutor(FILLERS) as fillers:
        list(fillers.map(lambda part: _issue(url, range(part, count, FILLERS), accounts, rows), range(FILLERS)))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE)")
    return accounts


def _template() -> tuple[Books, Log]:
    """One account's two years, closed by the ledger's own code."""
    books, log = Books(), Log(TEMPLATE, month=MONTHS[0])
    books.apply([log.open()])
    for number, month in enumerate(MONTHS):
        facts = [_charge(log, service, month, 100_000 + 7 * number) for service in SERVICES[:13]]
        books.apply([*facts, log.pay(13 * 100_000, month)])
        books.close(month)
    return books, log


def _charge(log: Log, service: str, month: str, amount: int) -> dict[str, object]:
    shown = {"volume": f"{amount / 650_000:.6f}", "unit": "m3", "tariff": "6512.34", "basis": "meter"}
    return log.charge(service, amount, month, **{"from": f"{month}-01", "to": f"{month}-28", **shown})


def _issue(url: str, numbers: range, accounts: Sequence[str], rows: Sequence[tuple[str | int | None, ...]]) -> None:
    lines = ["\t".join(map(copy_field, (*row[:3], IDENT, *row[4:]))) for row in rows]
    with psycopg.connect(url) as conn, conn.cursor() as cursor:
        named = (
            line.replace(TEMPLATE, accounts[number]).replace(IDENT, f"00000000-0000-0000-{place:04x}-{number:012x}", 1)
            for number in numbers
            for place, line in enumerate(lines)
        )
        copy_lines(cursor, months.STATEMENTS, named)


def _copy(conn: psycopg.Connection, target: LiteralString, rows: Iterator[tuple[object, ...]]) -> None:
    with conn.cursor() as cursor:
        copy_rows(cursor, target, rows)
