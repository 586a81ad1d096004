"""Sends stored events once more, for a broker that lost records or a reader that has to see them again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from common.partitions import PARTITIONS
from common.postgres import Connection
from common.restore import let_drain
from provider_sync import errors
from provider_sync.config import ACCOUNTS_TOPIC
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.periods import say_closed
from provider_sync.handlers.written import say_entities, say_holders
from provider_sync.store import calendar, keys, republish, streams, verify
from provider_sync.store.calendar import Closed

_PAGE = 500
_SPAN = 20_000
_TICK = timedelta(microseconds=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LAST = "~"
"""Behind every account number."""

Step = Callable[[str, int, int], None]


def account(base: Base, by: Act, number: str, first: int, last: int) -> int:
    """Events `first` to `last` of an account, by any of its numbers; returns how many. Raises UnknownAccount."""
    with base.pool.connection() as conn:
        head = streams.head(conn, number)
        if head is None:
            raise errors.UnknownAccount(account=number[:40])
        sent = republish.account(conn, base.topic(ACCOUNTS_TOPIC), head[0], first, last)
        said = {"first": first, "last": last, "events": sent}
        keys.audit(conn, by.who, "republish.account", head[0], said, by.why)
    return sent


def partition(base: Base, by: Act, number: int, after: str, last: str, step: Step) -> int:
    """All events of a partition's accounts behind `after` up to `last`, a few hundred accounts at a time.

    What was interrupted is gone on with from the last account that the audit names. Raises BadParameter.
    """
    if not 0 <= number < PARTITIONS:
        raise errors.BadParameter(name="partition", reason=f"0–{PARTITIONS - 1}")
    with base.pool.connection() as conn:
        total = republish.how_many(conn, number, after, last)
    step("accounts", 0, total)
    sent = 0
    while True:
        with base.pool.connection() as conn:
            named = republish.accounts(conn, number, after, last, _PAGE)
            if not named:
                return sent
            events = republish.page(conn, base.topic(ACCOUNTS_TOPIC), number, named)
            said = {"after": after, "through": named[-1], "events": events}
            keys.audit(conn, by.who, "republish.partition", str(number), said, by.why)
        sent, after = sent + events, named[-1]
        step("accounts", len(named), total)


def everything(base: Base, by: Act, step: Step) -> int:
    """The directory, the holders, then all facts in the order of time with the closes between them, for a lost broker.

    Returns how many facts. Interrupted, it is called again. Raises StillOpen: what is appended meanwhile would stand on
    the wrong side of a close.
    """
    with base.pool.connection() as conn:
        if republish.is_open(conn):
            raise errors.StillOpen
        keys.audit(conn, by.who, "republish.everything", "all", {}, by.why)
        say_entities(conn, base, republish.directory(conn))
    _holders(base)
    return _facts(base, step)


def _holders(base: Base) -> None:
    after = ""
    while True:
        with base.pool.connection() as conn:
            page = republish.holders(conn, after, _PAGE)
            say_holders(conn, base, page)
        if not page:
            return
        after = page[-1][0]


def _facts(base: Base, step: Step) -> int:
    sent = 0
    with base.pool.connection() as reading:
        total = republish.how_many_events(reading)
        step("facts", 0, total)
        for begin, end, closed in _spans(reading):
            with base.pool.connection() as conn:
                events = republish.span(conn, base.topic(ACCOUNTS_TOPIC), begin, end)
                if closed is not None:
                    say_closed(conn, base, closed.period, closed.cut_off)
            sent += events
            step("facts", events, total)
            let_drain(reading)
    return sent


def _spans(conn: Connection) -> Iterator[tuple[datetime, datetime, Closed | None]]:
    """Spans of time with some thousand events each, cut where a month was closed, which is then told."""
    cuts = calendar.closed(conn)
    for start, end, _ in verify.windows(conn, _BEGINNING, _SPAN):
        begin = start
        for closed in [cut for cut in cuts if start <= cut.cut_off <= end]:
            yield begin, closed.cut_off, closed
            begin = closed.cut_off + _TICK
        yield begin, end, None
