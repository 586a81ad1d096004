"""What receipts listens to: topic → handler; the offsets stand in the handlers' transaction."""

from collections.abc import Sequence
from dataclasses import replace

from common import keys
from common.consumer import Subscription
from common.postgres import Connection
from common.streams import Record
from receipts.events import heard
from receipts.handlers import heard as handlers
from receipts.store.says import Says

GROUP = "receipts.projection"


def subscriptions(says: Says, topic_prefix: str = "") -> list[Subscription]:
    """Statements, drafts, holders, buildings, access, other numbers and sales of accounts, signing keys."""

    def statements(conn: Connection, records: Sequence[Record]) -> None:
        handlers.take_statements(conn, records, says)

    def drafts(conn: Connection, records: Sequence[Record]) -> None:
        handlers.take_drafts(conn, records, says)

    users = frozenset([heard.LINKED, heard.UNMASKED, heard.UNLINKED, heard.REVOKED, heard.CLOSED])
    own = [
        Subscription(heard.STATEMENTS, statements, frozenset([heard.ISSUED])),
        Subscription(heard.DRAFTS, drafts, frozenset([heard.DRAFTED, heard.REFUSED]), holes=True),
        Subscription(heard.HOLDERS, handlers.take_holders, frozenset([heard.HOLDER_STATED]), holes=True),
        Subscription(heard.DIRECTORY, handlers.take_directory, frozenset([heard.DIRECTORY_STATED]), holes=True),
        Subscription(heard.USERS, handlers.take_users, users, heard.USERS_SKIPPED, sequenced=True),
        # Two kinds of fact of millions: the others are passed over by their header, unread and in no order.
        Subscription(
            heard.ACCOUNTS,
            handlers.take_accounts,
            frozenset([heard.RENUMBERED, heard.HOLDER_CHANGED]),
            heard.ACCOUNTS_SKIPPED,
        ),
    ]
    return [*(replace(s, topic=topic_prefix + s.topic) for s in own), keys.subscription(topic_prefix)]
