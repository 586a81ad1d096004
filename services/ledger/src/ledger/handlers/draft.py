"""The statement of a month that is still open, in answer to a receipt's request over the topic (decision 16)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from common import traces
from common.clock import now, to_wire
from common.eventstore import OutboxRow, enqueue
from common.period import BadPeriod, parse_period, period_at
from common.postgres import Connection
from common.streams import Record
from ledger.config import Config
from ledger.domain.split import SplitRule, rule_for
from ledger.domain.statement import (
    Directory,
    OpenAccount,
    close_through,
    due_now,
    opened,
    payments_among,
    since,
)
from ledger.events import said
from ledger.events.heard import ACCOUNTS, UPCASTS, DraftWanted, ReceiptRequested
from ledger.handlers import publish
from ledger.store import drafts, entries, months
from ledger.store.drafts import Request


class Reference(NamedTuple):
    """What a statement is made with besides the account: names, requisites, tariffs, and the rules that split."""

    directory: Directory
    rules: Sequence[SplitRule]


FAR_FUTURE = "9999-12"
_NEWEST = traces.Newest()


def hear_requests(conn: Connection, records: Sequence[Record], config: Config) -> None:
    """Stores the requests for drafts and answers those whose positions are applied."""
    asked = [UPCASTS.decode(record.type, record.envelope.data, ReceiptRequested) for record in records]
    wanted = [(r.draft.request, r.account, r.period, _position(r.account, r.draft)) for r in asked if r.draft]
    drafts.ask(conn, wanted, now())
    answer_waiting(conn, config)


def note_newest(records: Sequence[Record]) -> None:
    """Facts that a draft may show: its span names the trace of the newest one."""
    if traces.on():
        for record in records:
            _NEWEST.note(record.key, record.envelope.correlationid)


def answer_waiting(conn: Connection, config: Config) -> int:
    """Answers every stored request that can be answered now; returns how many."""
    ready = drafts.ready(conn, config.topic(ACCOUNTS))
    if ready:
        enqueue(conn, [_answer(conn, request, config) for request in ready])
        drafts.forget(conn, [request.request for request in ready])
    return len(ready)


def _position(account: str, wanted: DraftWanted) -> int:
    """The highest sequence of the account's log to wait for; `account/100000123@41` → 41."""
    own = [text.rpartition("@") for text in wanted.after if text.startswith(f"account/{account}@")]
    return max((int(sequence) for _, _, sequence in own), default=0)


def _answer(conn: Connection, request: Request, config: Config) -> OutboxRow:
    """The answer; the receipt that asks is the first part of the request's name."""
    came_with, begun = request.request.rpartition(".")[0], traces.now_ns()
    try:
        return _drafted(conn, request, config, came_with)
    finally:
        traces.went_on("draft", came_with, begun, with_=_NEWEST.of(request.account))


def _drafted(conn: Connection, request: Request, config: Config, came_with: str) -> OutboxRow:
    loaded = months.open_accounts(conn, config.topic(ACCOUNTS), [request.account], FAR_FUTURE)
    reason = _refused(request, loaded[0] if loaded else None)
    if reason:
        refused = said.StatementDraftRefused(request.request, request.account, request.period, reason)
        return publish.refusal(refused, config, came_with)
    statement = open_statement(conn, loaded[0], request.period, request.request, config, now())
    return publish.draft(statement, config, came_with)


def _refused(request: Request, account: OpenAccount | None) -> str | None:
    if account is None:
        return "unknown-account"
    if request.parked:
        return "account-parked"
    if request.period <= account.closed_through:
        return "period-closed"
    return (
        None if account.is_open(request.period, period_at(now())) and _is_month(request.period) else "period-not-open"
    )


def _is_month(text: str) -> bool:
    try:
        return bool(parse_period(text))
    except BadPeriod:
        return False


def refer(conn: Connection, config: Config) -> Reference:
    """The directory and the rules as they are now."""
    return Reference(months.directory(conn, config.currency), entries.rules(conn))


def open_statement(
    conn: Connection, account: OpenAccount, period: str, request: str, config: Config, at: datetime
) -> said.StatementDrafted:
    """The statement of an open month as if it closed at `at`, with what came since the last close and what is due."""
    reference = refer(conn, config)
    month = close_through(account, period, to_wire(at), *reference)[-1].statement
    return as_it_stands(account, month, request, at, reference, months.last_cut_off(conn, account.account, at))


def as_it_stands(
    account: OpenAccount,
    month: said.StatementIssued,
    request: str,
    at: datetime,
    reference: Reference,
    cut_off: str | None,
) -> said.StatementDrafted:
    """A month that was closed for a look, as it stands at `at`; `cut_off` is that of the last real close."""
    statement = msgspec.structs.replace(month, cut_off=to_wire(at))
    opening_month = account.first_open(statement.period)
    rule = rule_for(reference.rules, statement.period)
    due = due_now(opening_month, account.openings, account.entries, rule)
    came = since(cut_off, account.entries, payments_among(account.entries))
    return opened(statement, request, came, due)
