"""Closing months: which accounts are next, what their month is made of, what a close writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from common.period import Period, following, last_day
from common.postgres import Connection, copy_rows
from ledger.domain.base import Stated, base_on
from ledger.domain.document import document, rendered
from ledger.domain.entry import Entry
from ledger.domain.explain import Shown
from ledger.domain.split import Opening
from ledger.domain.statement import Directory, Month, OpenAccount
from ledger.events import heard, said
from ledger.events.said import DueNow, StatementIssued
from ledger.store.entries import openings_of

_BEGIN = """
INSERT INTO closings (period, partition, cut_off, started_at) VALUES (%s, %s, %s, now()) ON CONFLICT DO NOTHING
"""
# A parked account is left to queued_closes; one that is ahead (a repeated barrier) is left alone.
_NEXT = """
SELECT a.account, coalesce(h.version, 0), h.reason IS NOT NULL
FROM accounts AS a LEFT JOIN stream_heads AS h ON h.topic = %s AND h.key = a.account
WHERE a.partition = %s AND a.account > %s AND a.closed_through < %s ORDER BY a.account LIMIT %s
"""
_ACCOUNTS = """
SELECT a.account, a.closed_through, coalesce(h.version, 0)
FROM accounts AS a LEFT JOIN stream_heads AS h ON h.topic = %s AND h.key = a.account
WHERE a.account = ANY(%s) ORDER BY a.account
"""
_ENTRY = """account, period, sequence, line, kind::text, part::text, service, provider, amount, reference, for_period,
       to_char(happened_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       detail"""
_ENTRIES = f"""
SELECT {_ENTRY} FROM accounts AS a JOIN entries AS e USING (account)
WHERE e.period > a.closed_through AND e.period <= %s AND account = ANY(%s) ORDER BY account, period, sequence, line
"""
_ENTRIES_OF = f"SELECT {_ENTRY} FROM entries_after(%s, %s) ORDER BY period, sequence, line"
_FAR_DAY = "9999-12-31"
_MONTH = f"SELECT {_ENTRY} FROM entries WHERE account = %s AND period = %s ORDER BY sequence, line"
_CHANGES = """
SELECT account, kind, sequence, holds_from::text, to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), data
FROM changes WHERE account = ANY(%s)
"""
_READINGS = """
SELECT account, meter, value, taken_on::text, source FROM (
    SELECT *, row_number() OVER (PARTITION BY account, meter ORDER BY taken_on DESC, sequence DESC) AS nth
    FROM readings WHERE account = ANY(%s) AND taken_on <= %s::date AND sequence < %s
        AND recorded_at <= %s) AS numbered
WHERE nth <= 2 ORDER BY account, meter, nth
"""
_OPENED_WITH = "SELECT service, amount, aged FROM openings WHERE account = %s AND period = %s"
_ANY = 1 << 30
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
_FOREVER = "infinity"
# Months are closed in order, so the newest one has the newest cut-off: one row instead of every statement's.
_LAST_CUT_OFF = """
SELECT to_char(cut_off, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM statements
WHERE account = %s AND cut_off <= coalesce(%s::timestamptz, 'infinity') ORDER BY period DESC, version DESC LIMIT 1
"""
_CLOSED_AT = "SELECT max(period) FROM statements WHERE account = %s AND version = 1 AND cut_off <= %s"
_ISSUED_AT = """
SELECT data FROM statements WHERE account = %s AND period = %s AND coalesce(said_at, cut_off) <= %s
ORDER BY version DESC LIMIT 1
"""
_ENTRIES_AT = f"""
SELECT {_ENTRY} FROM entries WHERE account = %s AND period > %s AND recorded_at <= %s ORDER BY period, sequence, line
"""
_POSITION_AT = """
SELECT max(sequence) FROM (
    SELECT sequence FROM entries WHERE account = %(account)s AND recorded_at <= %(at)s
    UNION ALL SELECT sequence FROM changes WHERE account = %(account)s AND recorded_at <= %(at)s
    UNION ALL SELECT sequence FROM readings WHERE account = %(account)s AND recorded_at <= %(at)s) AS facts
"""
_STATED = "SELECT kind, id, version, data FROM directory WHERE kind IN ('service', 'provider', 'tariff')"
_LAST_ISSUED = """
SELECT s.account, s.data FROM accounts AS a CROSS JOIN LATERAL (
    SELECT account, data FROM statements WHERE account = a.account AND period = a.closed_through
    ORDER BY version DESC LIMIT 1) AS s
WHERE a.account = ANY(%s)
"""
STATEMENTS = """statements (account, period, version, id, position, cut_off, opening, charged, adjusted, benefit,
                             penalty, paid, closing, to_pay, hash, data, said_at, document,
                             due_at_close)"""
_CLOSE_ACCOUNTS = """
UPDATE accounts AS a SET closed_through = %s, due_at_close = closed.due
FROM unnest(%s::text[], %s::bigint[]) AS closed (account, due) WHERE a.account = closed.account
"""
_QUEUE = """
INSERT INTO queued_closes (topic, account, period, cut_off, after_version)
SELECT h.topic, h.key, %s, %s, greatest(h.version + (h.reason <> 'gap')::int, coalesce(max(p.version), 0))
FROM stream_heads AS h LEFT JOIN parked_records AS p USING (topic, key)
WHERE h.topic = %s AND h.key = ANY(%s) GROUP BY h.topic, h.key, h.version, h.reason ON CONFLICT DO NOTHING
"""
_QUEUED = """
SELECT q.topic, account, period, to_char(cut_off, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), after_version,
       coalesce(h.version, 0)
FROM queued_closes AS q LEFT JOIN stream_heads AS h ON h.topic = q.topic AND h.key = q.account ORDER BY account, period
"""


class Next(NamedTuple):
    """An account whose month is to be closed."""

    account: str
    position: int
    parked: bool


class QueuedClose(NamedTuple):
    """A close that waits for a parked account's facts up to `after_version`; `version` is where the account stands."""

    topic: str
    account: str
    period: str
    cut_off: str
    after_version: int
    version: int


def begin(conn: Connection, period: str, partition: int, cut_off: str) -> tuple[str, bool]:
    """Where the close of a month stands in a partition: the last account done, and whether it is finished."""
    conn.execute(_BEGIN, (period, partition, cut_off))
    query = "SELECT cursor, done_at IS NOT NULL FROM closings WHERE period = %s AND partition = %s"
    row = conn.execute(query, (period, partition)).fetchone()
    return (row[0], row[1]) if row else ("", False)


def next_accounts(conn: Connection, topic: str, partition: int, after: str, period: str, limit: int) -> list[Next]:
    """The accounts after the cursor."""
    rows = conn.execute(_NEXT, (topic, partition, after, period, limit)).fetchall()
    return [Next(*row) for row in rows]


def advance_cursor(conn: Connection, period: str, partition: int, cursor: str) -> None:
    """Stores the last account done."""
    query = "UPDATE closings SET cursor = %s WHERE period = %s AND partition = %s"
    conn.execute(query, (cursor, period, partition))


def finish(conn: Connection, period: str, partition: int) -> None:
    """Notes that the partition is closed."""
    conn.execute("UPDATE closings SET done_at = now() WHERE period = %s AND partition = %s", (period, partition))


def queue(conn: Connection, topic: str, period: str, cut_off: str, parked: Sequence[str]) -> None:
    """Lets the close of parked accounts wait for what is parked before it."""
    if parked:
        conn.execute(_QUEUE, (period, cut_off, topic, list(parked)))


def queued(conn: Connection) -> list[QueuedClose]:
    """The closes that wait."""
    return [QueuedClose(*row) for row in conn.execute(_QUEUED).fetchall()]


def unqueue(conn: Connection, close: QueuedClose) -> None:
    """Forgets a close that was done."""
    conn.execute("DELETE FROM queued_closes WHERE account = %s AND period = %s", (close.account, close.period))


def open_accounts(
    conn: Connection,
    topic: str,
    accounts: Collection[str],
    last: str,
) -> list[OpenAccount]:
    """Accounts with their postings of open months up to `last`, base data and readings; six queries however many."""
    names = list(accounts)
    entries, openings = _entries(conn, names, last), openings_of(conn, names)
    changes, before = _changes(conn, names), _last_issued(conn, names)
    readings = _readings(conn, names, last_day(Period(last)).isoformat())
    return [
        OpenAccount(
            account,
            closed_through,
            position,
            {service: opening for (_, service), opening in openings.get(account, {}).items()},
            entries.get(account, []),
            changes.get(account, []),
            readings.get(account, {}),
            before.get(account),
        )
        for account, closed_through, position in conn.execute(_ACCOUNTS, (topic, names)).fetchall()
    ]


def open_account(
    conn: Connection, account: str, closed_through: str, position: int, *, money_only: bool
) -> OpenAccount:
    """One account with everything after its closed months, for a reader who knows how far it is closed.

    Asked for by the account itself, PostgreSQL goes to its one part of each table; a list of one costs five times that.
    With `money_only` base data, readings and the month before stay empty: what an issued statement needs to tell what
    came since.
    """
    opened = following(Period(closed_through)) if closed_through else ""
    openings = conn.execute(_OPENED_WITH, (account, opened)).fetchall() if opened else []
    return OpenAccount(
        account,
        closed_through,
        position,
        {service: Opening(amount, aged) for service, amount, aged in openings},
        [Entry(*row) for row in conn.execute(_ENTRIES_OF, (account, closed_through)).fetchall()],
        [] if money_only else changes_of(conn, account),
        {} if money_only else _readings(conn, [account], _FAR_DAY).get(account, {}),
        None if money_only else _last_issued(conn, [account]).get(account),
    )


def _entries(conn: Connection, accounts: list[str], last: str) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for row in conn.execute(_ENTRIES, (last, accounts)).fetchall():
        found[row[0]].append(Entry(*row))
    return found


def changes_of(conn: Connection, account: str) -> list[Stated]:
    """The history of an account's base data."""
    return _changes(conn, [account]).get(account, [])


def _changes(conn: Connection, accounts: list[str]) -> dict[str, list[Stated]]:
    decode = msgspec.json.Decoder(heard.Change).decode
    found: dict[str, list[Stated]] = defaultdict(list)
    for account, kind, sequence, holds_from, recorded_at, data in conn.execute(_CHANGES, (accounts,)).fetchall():
        found[account].append(Stated(kind, sequence, holds_from, recorded_at, decode(data)))
    return found


def _readings(
    conn: Connection, accounts: list[str], until: str, before: int = _ANY, at: datetime | str = _FOREVER
) -> dict[str, dict[str, list[said.Reading]]]:
    """The last two readings of each meter up to a day, newest first; those before a sequence, known at a moment."""
    found: dict[str, dict[str, list[said.Reading]]] = defaultdict(dict)
    for account, meter, value, taken_on, source in conn.execute(_READINGS, (accounts, until, before, at)).fetchall():
        found[account].setdefault(meter, []).append(said.Reading(value, taken_on, source))
    return found


def _last_issued(conn: Connection, accounts: list[str]) -> dict[str, Shown]:
    """The last closed month of each account that has one, as it was issued."""
    return {account: shown(data) for account, data in conn.execute(_LAST_ISSUED, (accounts,)).fetchall()}


def shown(document: str) -> Shown:
    """What of an issued statement is compared with other months."""
    return _shown_of(document)


_shown_of = msgspec.json.Decoder(Shown).decode


def directory(conn: Connection, currency: str) -> Directory:
    """Services, providers and tariffs as stated now."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    version = 0
    for kind, name, number, data in conn.execute(_STATED).fetchall():
        found[kind][name] = data
        version += number
    decode = msgspec.json.decode
    tariffs: dict[str, list[heard.Tariff]] = defaultdict(list)
    for data in found["tariff"].values():
        tariff = decode(data, type=heard.Tariff)
        tariffs[tariff.service].append(tariff)
    return Directory(
        {name: decode(data, type=heard.Service) for name, data in found["service"].items()},
        {name: decode(data, type=heard.Provider) for name, data in found["provider"].items()},
        currency,
        tariffs,
        version,
    )


def issue(conn: Connection, closed: Iterable[tuple[StatementIssued, DueNow]]) -> None:
    """Stores the statements of closed months, each with what is due right after it.

    Raises UniqueViolation when one was issued before.
    """
    with conn.cursor() as cursor:
        copy_rows(cursor, STATEMENTS, (statement_row(statement, due=due) for statement, due in closed))


def issue_again(conn: Connection, statement: StatementIssued, said_at: str) -> None:
    """Stores a later version, with when it was asked for. Raises UniqueViolation when it was issued before."""
    with conn.cursor() as cursor:
        copy_rows(cursor, STATEMENTS, [statement_row(statement, said_at=said_at)])


def statement_row(
    s: StatementIssued, *, said_at: str | None = None, due: DueNow | None = None
) -> tuple[str | int | None, ...]:
    """A row of STATEMENTS."""
    t, data = s.totals, msgspec.json.encode(s).decode()
    sums = (t.opening, t.charged, t.adjusted, t.benefit, t.penalty, t.paid, t.closing, t.to_pay)
    named = (s.account, s.period, s.version, s.statement, s.position, s.cut_off)
    return (*named, *sums, s.hash, data, said_at, document(s), rendered(due) if due else None)


def newest(conn: Connection, account: str, period: str) -> StatementIssued | None:
    """The newest version of an issued statement."""
    query = "SELECT data FROM statements WHERE account = %s AND period = %s ORDER BY version DESC LIMIT 1"
    row = conn.execute(query, (account, period)).fetchone()
    return msgspec.json.decode(row[0], type=StatementIssued) if row else None


def closed_month(conn: Connection, account: str, period: str, before: int, cut_off: str) -> Month:
    """A closed month with its money as the close left it, and base data and readings that stand before a sequence."""
    entries = [Entry(*row) for row in conn.execute(_MONTH, (account, period)).fetchall()]
    openings = conn.execute(_OPENED_WITH, (account, period)).fetchall()
    end = last_day(Period(period)).isoformat()
    changes = [change for change in _changes(conn, [account]).get(account, []) if change.sequence < before]
    return Month(
        account,
        period,
        before,
        cut_off,
        {service: Opening(amount, aged) for service, amount, aged in openings},
        entries,
        base_on(changes, end),
        _readings(conn, [account], end, before).get(account, {}),
    )


def bring_on(conn: Connection, left: Mapping[tuple[str, str], Mapping[str, Opening]]) -> None:
    """Opens the month after with what (account, closed month) left, by service."""
    rows = (
        (account, following(Period(period)), service, opening.amount, msgspec.json.encode(opening.aged).decode())
        for (account, period), services in left.items()
        for service, opening in services.items()
    )
    with conn.cursor() as cursor:
        copy_rows(cursor, "openings (account, period, service, amount, aged)", rows)


def last_cut_off(conn: Connection, account: str, at: datetime | None = None) -> str | None:
    """The cut-off of the account's newest statement, or of the newest as of a moment."""
    row = conn.execute(_LAST_CUT_OFF, (account, at)).fetchone()
    return row[0] if row else None


def account_as_of(conn: Connection, account: str, at: datetime) -> OpenAccount:
    """The account as it stood at a moment: what was recorded by then, after the month that was closed by then."""
    row = conn.execute(_CLOSED_AT, (account, at)).fetchone()
    through = row[0] if row and row[0] else ""
    openings = conn.execute(_OPENED_WITH, (account, following(Period(through)))).fetchall() if through else []
    entries = [Entry(*found) for found in conn.execute(_ENTRIES_AT, (account, through, at)).fetchall()]
    known = at.astimezone(UTC).strftime(_INSTANT)
    changes = [change for change in _changes(conn, [account]).get(account, []) if change.recorded_at <= known]
    position = conn.execute(_POSITION_AT, {"account": account, "at": at}).fetchone()
    before = conn.execute(_ISSUED_AT, (account, through, at)).fetchone() if through else None
    return OpenAccount(
        account,
        through,
        position[0] if position else 0,
        {service: Opening(amount, aged) for service, amount, aged in openings},
        entries,
        changes,
        _readings(conn, [account], _FAR_DAY, at=at).get(account, {}),
        shown(before[0]) if before else None,
    )


def close_accounts(conn: Connection, period: str, due: Mapping[str, int]) -> None:
    """Notes that these accounts are closed through `period`, and what is due on each right after it, in tiyn."""
    conn.execute(_CLOSE_ACCOUNTS, (period, list(due), list(due.values())))
