"""What a cashier asks: what is due now on an account, and whose it is, half hidden."""

from typing import NamedTuple

from common.clock import now
from common.partitions import PARTITIONS
from common.postgres import Connection
from common.reading import Reading
from ledger.config import Config
from ledger.domain.keys import opens
from ledger.domain.split import rule_for
from ledger.domain.statement import Directory, due_now
from ledger.errors import AccountNotFound, BadAgentKey, DirectoryStale
from ledger.events import said
from ledger.events.heard import ACCOUNTS, DIRECTORY
from ledger.handlers.draft import FAR_FUTURE
from ledger.store import entries, heard, months, reads
from ledger.store.reads import Visible


class DueView(NamedTuple):
    """What is due now, the last close it builds on, and the account as far as a cashier may see it."""

    visible: Visible
    due: said.DueNow
    cut_off: str | None
    directory: Directory


def due(reading: Reading, authorization: str | None, number: str, config: Config) -> DueView:
    """What is due now on an account, for the bearer of a payment agent's key.

    Raises DirectoryStale while it cannot be known which keys are revoked, BadAgentKey, AccountNotFound.
    """
    scheme, _, token = (authorization or "").partition(" ")
    ident, _, secret = token.partition(".")
    with reading.connection() as conn:
        _fresh(conn, config)
        key = heard.stated_key(conn, "agent-key", ident) if scheme.lower() == "bearer" and len(ident) <= 40 else None
        if key is None or not opens(key, secret, "due", now()):
            raise BadAgentKey
        found = reads.anybodys(conn, config.topic(ACCOUNTS), number)
        if found is None:
            raise AccountNotFound
        standing = (found.account, found.closed_through, found.position)
        loaded = months.open_account(conn, *standing, money_only=True)
        month = loaded.first_open(FAR_FUTURE)
        owed = due_now(month, loaded.openings, loaded.entries, rule_for(entries.rules(conn), month))
        return DueView(found, owed, months.last_cut_off(conn, found.account), months.directory(conn, config.currency))


def _fresh(conn: Connection, config: Config) -> None:
    age = heard.age_s(conn, config.topic(DIRECTORY), PARTITIONS)
    if age is None or age > config.directory_fresh_s:
        raise DirectoryStale(retry_after_s=5)
