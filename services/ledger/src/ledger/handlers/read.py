"""What a resident asks to see; each call is one short read with the access check inside its statement."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from common.clock import now, to_wire
from common.period import Period, day_at, following, period_at, shifted
from common.postgres import Connection
from common.reading import Reading
from ledger.config import Config
from ledger.domain.base import AccountBase, base_on
from ledger.domain.document import rendered
from ledger.domain.explain import Shown, explain
from ledger.domain.split import rule_for
from ledger.domain.statement import (
    Directory,
    OpenAccount,
    close_through,
    due_now,
    payments_among,
    since,
)
from ledger.errors import AccountNotFound, MeterNotFound, PeriodNotFound
from ledger.events import said
from ledger.events.heard import ACCOUNTS, USERS, Tariff
from ledger.handlers import standing
from ledger.handlers.draft import FAR_FUTURE, Reference, as_it_stands, refer
from ledger.store import issued as ready
from ledger.store import months, opened, pages, reads
from ledger.store.issued import Issued
from ledger.store.pages import Posting
from ledger.store.reads import ChangeRow, ReadingRow, Visible

EVERYTHING = 1 << 30
FIRST_PAGE = ("9999-12", EVERYTHING)
EXPORT_PAGE = 1000
OLDEST = ("0001-01-01", 0)


class AccountView(NamedTuple):
    """An account's data as it is today."""

    visible: Visible
    base: AccountBase
    directory: Directory
    tariffs: dict[str, Tariff]
    readings: dict[str, ReadingRow]

    @property
    def tag(self) -> str:
        """Changes with the account's log, the holder's record, the directory and what of them is shown."""
        return f"{_tag(self.visible)}-{self.visible.holder_version}-{self.directory.version}-{_today()}"


class StatementView(NamedTuple):
    """A month's statement, what came since the last close, what is due now, and a tag that changes with any of them."""

    statement: dict[str, Any]
    since: said.Since
    due_now: said.DueNow
    visible: Visible
    tag: str


class StandingView(NamedTuple):
    """The statement of an open month, and a tag that changes with what it is made of."""

    statement: said.StatementDrafted
    stale_since: datetime | None
    tag: str


class IssuedView(NamedTuple):
    """An issued month as it stands ready: the parts of its JSON, and a tag that changes with any of them.

    `since` is None when nothing came after the last close, at `cut_off`; `due_now` is JSON.
    """

    document: str
    cut_off: str
    since: said.Since | None
    due_now: str
    stale_since: datetime | None
    tag: str


def my_accounts(reading: Reading, user: str, config: Config) -> list[tuple[Visible, int]]:
    """The caller's accounts, each with what is due now."""
    return reads.mine(reading, config.topic(ACCOUNTS), user)


def account(reading: Reading, user: str, number: str, config: Config) -> AccountView:
    """The account's data today; raises AccountNotFound."""
    found = reads.account(reading, config.topic(ACCOUNTS), user, number)
    if found is None:
        raise AccountNotFound
    visible, changes, readings = found
    today = _today().isoformat()
    base = base_on(changes, today)
    directory = _referred(reading, visible.reference_stamp, config).directory
    tariffs = {
        name: tariff
        for name, connection in base.services.items()
        if (tariff := directory.tariff(name, connection.tariff_group, today))
    }
    return AccountView(visible, base, directory, tariffs, {row.meter: row for row in readings})


def periods(
    reading: Reading, user: str, number: str, config: Config
) -> tuple[Visible, list[said.StatementIssued], list[tuple[Any, ...]]]:
    """The open months as they stand, and the closed ones with their totals; newest first. Raises AccountNotFound."""
    with reading.connection() as conn:
        visible = _visible(conn, user, number, config)
        loaded = standing.open_account(conn, visible, config)
        newest = max((entry.period for entry in loaded.entries), default="")
        reference = _reference(conn, visible.reference_stamp, config)
        open_ = standing.months_through(loaded, newest, reference, visible, config) if newest else []
        return visible, open_[::-1], reads.periods(conn, visible)


def seems_open(period: str, config: Config) -> bool:
    """Whether a month is after all that this process saw closed: a guess at what to ask for first."""
    return period > _newest_closed.get(config.database_url, FAR_FUTURE)


def _note_closed(through: str, config: Config) -> None:
    _newest_closed[config.database_url] = max(through, _newest_closed.get(config.database_url, ""))


_newest_closed: dict[str, str] = {}


def issued(reading: Reading, user: str, number: str, period: str, config: Config) -> IssuedView | None:
    """The newest version of an issued month, when it stands ready; anything else is for `statement` to find out."""
    found = ready.issued(reading, config.topic(ACCOUNTS), user, number, period)
    if found is None:
        return None
    _note_closed(found.closed_through, config)
    tag = f"{found.statement}-{_tag(found)}-{found.position}"
    if found.came is None:
        return IssuedView(found.document, found.cut_off, None, found.due_at_close, found.stale_since, tag)
    moved, payments, openings = found.came
    month, rules = following(Period(found.closed_through)), _referred(reading, found.reference_stamp, config).rules
    due = due_now(month, openings, moved, rule_for(rules, month))
    came = since(found.cut_off, moved, payments)
    return IssuedView(found.document, found.cut_off, came, rendered(due), found.stale_since, tag)


def standing_bill(reading: Reading, user: str, number: str, period: str, config: Config) -> StandingView | None:
    """The statement of an open month as it stands; anything else is for `statement` to find out."""
    found = opened.opened(reading, config.topic(ACCOUNTS), user, number)
    if found is None:
        return None
    visible, loaded, cut_off = found
    _note_closed(visible.closed_through, config)
    if not loaded.is_open(period, period_at(now())):
        return None
    reference = _referred(reading, visible.reference_stamp, config)
    month = standing.months_through(loaded, period, reference, visible, config)[-1]
    draft = as_it_stands(loaded, month, "", now(), reference, cut_off)
    return StandingView(draft, visible.stale_since, _open_tag(visible, period))


def statement(
    reading: Reading,
    user: str,
    number: str,
    period: str,
    config: Config,
    *,
    as_of: datetime | None = None,
    version: int | None = None,
) -> StatementView:
    """The statement of a month, issued or as it stands, or as it stood; raises AccountNotFound, PeriodNotFound.

    `as_of` counts by when facts were recorded here. `version` asks for one of the issued versions.
    """
    with reading.connection() as conn:
        visible = _visible(conn, user, number, config)
        if as_of is not None:
            loaded = months.account_as_of(conn, visible.account, as_of)
            if not loaded.changes:
                raise PeriodNotFound
        elif period <= visible.closed_through:
            loaded = _money(conn, visible)
        else:
            loaded = standing.open_account(conn, visible, config)
        if period <= loaded.closed_through:
            return _issued(conn, visible, loaded, period, config, version, as_of)
        if version is not None or not loaded.is_open(period, period_at(as_of or now())):
            raise PeriodNotFound
        reference = _reference(conn, visible.reference_stamp, config)
        month, at = _month(visible, loaded, period, reference, config, as_of), as_of or now()
        draft = as_it_stands(loaded, month, "", at, reference, months.last_cut_off(conn, loaded.account, at))
        document = {k: v for k, v in msgspec.to_builtins(draft).items() if k not in ("request", "since", "due_now")}
        return StatementView(document, draft.since, draft.due_now, visible, _open_tag(visible, period, as_of))


def explanation(
    reading: Reading,
    user: str,
    number: str,
    period: str,
    against: str | None,
    config: Config,
    *,
    as_of: datetime | None = None,
) -> tuple[str, said.Explanation, str]:
    """Why a month differs from `against`, by default the month before, with the facts; the account and a tag beside it.

    `as_of` compares the two as they stood then. Raises AccountNotFound, PeriodNotFound for either month.
    """
    against = against or shifted(Period(period), -1)
    with reading.connection() as conn:
        visible = _visible(conn, user, number, config)
        loaded = (
            months.account_as_of(conn, visible.account, as_of)
            if as_of
            else standing.open_account(conn, visible, config)
        )
        before, now_ = (_shown(conn, visible, loaded, month, config, as_of) for month in (against, period))
    tag = f"why-{period}-{against}-{_tag(visible)}" + (f"-{as_of.timestamp():.6f}" if as_of else "")
    return visible.account, explain(before, now_, loaded.changes, config.currency, facts=True), tag


def _shown(
    conn: Connection, visible: Visible, loaded: OpenAccount, period: str, config: Config, at: datetime | None
) -> Shown:
    if period > loaded.closed_through:
        if not loaded.changes or not loaded.is_open(period, period_at(at or now())):
            raise PeriodNotFound
        reference = _reference(conn, visible.reference_stamp, config)
        return Shown(period, _month(visible, loaded, period, reference, config, at).rows)
    found = reads.statement(conn, visible, period, at=at)
    if found is None:
        raise PeriodNotFound
    return months.shown(found[1])


def money(
    reading: Reading, user: str, number: str, config: Config, *, before: tuple[str, int] = FIRST_PAGE, **asked: Any
) -> tuple[list[Posting], Directory]:
    """A page of charges, payments and the rest, newest first; raises AccountNotFound."""
    found = pages.page(reading, user, number, before=before, **asked)
    if found is None:
        raise AccountNotFound
    return found.postings, _referred(reading, found.reference_stamp, config).directory


def everything(reading: Reading, user: str, number: str, config: Config) -> tuple[Iterator[list[Posting]], Directory]:
    """All money facts page by page, newest first; raises AccountNotFound before the first page.

    Each page asks anew: a slow reader holds no connection, and who loses access on the way gets AccountNotFound.
    """
    page, found = money(reading, user, number, config, limit=EXPORT_PAGE)

    def pages(page: list[Posting]) -> Iterator[list[Posting]]:
        yield page
        while len(page) == EXPORT_PAGE:
            before = (page[-1].period, page[-1].sequence)
            page, _ = money(reading, user, number, config, before=before, limit=EXPORT_PAGE)
            yield page

    return pages(page), found


def readings(
    reading: Reading, user: str, number: str, meter: str, config: Config, *, after: tuple[str, int], limit: int
) -> list[ReadingRow]:
    """A meter's readings, oldest first; raises AccountNotFound, MeterNotFound."""
    with reading.connection() as conn:
        visible = _visible(conn, user, number, config)
        known = any(change.said.meter == meter for change in months.changes_of(conn, visible.account))
        if not known:
            raise MeterNotFound
        return reads.readings(conn, visible, meter, after, limit)


def reading_place(row: ReadingRow) -> list[Any]:
    """Where a page of readings ends."""
    return [row.taken_on, row.sequence]


def changes(
    reading: Reading, user: str, number: str, config: Config, *, before: int, limit: int
) -> tuple[list[ChangeRow], Visible, Directory]:
    """What was said of the account's base data, newest first; raises AccountNotFound."""
    with reading.connection() as conn:
        visible = _visible(conn, user, number, config)
        directory = _reference(conn, visible.reference_stamp, config).directory
        return reads.changes(conn, visible, before, limit), visible, directory


def head_for(reading: Reading, user: str, kind: str, key: str, config: Config) -> int:
    """How far a stream is visible to the caller; what is not the caller's own, or is parked, is never waited for."""
    if kind == "user":
        return reads.user_head(reading, config.topic(USERS), key) if key == user else EVERYTHING
    head = reads.account_head(reading, config.topic(ACCOUNTS), user, key)
    return EVERYTHING if head is None else head


def _visible(conn: Connection, user: str, number: str, config: Config) -> Visible:
    found = reads.one(conn, config.topic(ACCOUNTS), user, number)
    if found is None:
        raise AccountNotFound
    return found


def _money(conn: Connection, visible: Visible) -> OpenAccount:
    return months.open_account(conn, visible.account, visible.closed_through, visible.position, money_only=True)


def _month(
    visible: Visible, loaded: OpenAccount, period: str, reference: Reference, config: Config, at: datetime | None
) -> said.StatementIssued:
    """An open month as if it closed now, or as it stood at a moment."""
    if at is None:
        return standing.months_through(loaded, period, reference, visible, config)[-1]
    return close_through(loaded, period, to_wire(at), *reference)[-1].statement


def _referred(reading: Reading, stamp: int, config: Config) -> Reference:
    """The same, over a connection only when they changed."""
    before, known = _known.get(config.database_url, _UNKNOWN)
    if known is None or stamp != before:
        with reading.connection() as conn:
            return _reference(conn, stamp, config)
    return known


def _reference(conn: Connection, stamp: int, config: Config) -> Reference:
    """The directory and the rules, read again only when they changed since the last request of this process."""
    before, known = _known.get(config.database_url, _UNKNOWN)
    if known is None or stamp != before:
        known = refer(conn, config)
        _known[config.database_url] = (stamp, known)
    return known


_UNKNOWN: tuple[int, Reference | None] = (0, None)
_known: dict[str, tuple[int, Reference | None]] = {}


def _issued(
    conn: Connection,
    visible: Visible,
    loaded: OpenAccount,
    period: str,
    config: Config,
    version: int | None,
    at: datetime | None,
) -> StatementView:
    found = reads.statement(conn, visible, period, version=version, at=at)
    if found is None:
        raise PeriodNotFound
    rules = _reference(conn, visible.reference_stamp, config).rules
    opening_month = loaded.first_open(FAR_FUTURE)
    due = due_now(opening_month, loaded.openings, loaded.entries, rule_for(rules, opening_month))
    came = since(months.last_cut_off(conn, visible.account, at), loaded.entries, payments_among(loaded.entries))
    tag = f"{found[0]}-{_tag(visible)}-{loaded.position}"
    return StatementView(msgspec.json.decode(found[1]), came, due, visible, tag)


def _open_tag(visible: Visible, period: str, at: datetime | None = None) -> str:
    """The moment of asking is in the document, but a reader who has what all the rest is made of has the document."""
    stood = f"-{at.timestamp():.6f}" if at else ""
    return f"open-{period}-{_tag(visible)}-{visible.reference_stamp}{stood}"


def _tag(v: Visible | Issued) -> str:
    """What every document of an account changes with: its log, how far it is closed, what is masked, what is stale."""
    stale = f"-{v.stale_since.timestamp():.0f}" if v.stale_since else ""
    return f"{v.account}-{v.position}-{v.closed_through}-{int(v.masked)}{stale}"


def _today() -> date:
    return day_at(now())
