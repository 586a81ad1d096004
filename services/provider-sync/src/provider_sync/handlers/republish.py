"""Sends stored events once more, for a broker that lost records or a reader that has to see them again."""

from collections.abc import Callable

from common.partitions import PARTITIONS
from provider_sync import errors
from provider_sync.config import ACCOUNTS_TOPIC
from provider_sync.handlers.base import Act, Base
from provider_sync.store import keys, republish, streams

_PAGE = 500
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
