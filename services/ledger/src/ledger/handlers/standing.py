"""The open months of an account as they stand, folded once for each position and kept for a moment.

A page of the cabinet asks for the months, then for the newest of them, then why it differs, and each is the same fold:
a function of the account's log, of how far it is closed, and of the directory and the rules. Who may see it is asked
anew every time. What is kept names nobody: names and addresses of holders are not part of it.
"""

from collections.abc import Sequence
from threading import Lock
from typing import Any

from cachetools import TTLCache, cached

from common.clock import now, to_wire
from common.postgres import Connection
from ledger.config import Config
from ledger.domain.statement import Closed, OpenAccount, close_through
from ledger.handlers.draft import Reference
from ledger.store import months
from ledger.store.reads import Visible

_ACCOUNTS, _FOR_S = 256, 30.0


def _place(visible: Visible, config: Config) -> tuple[Any, ...]:
    return config.database_url, visible.account, visible.position, visible.closed_through


@cached(TTLCache(_ACCOUNTS, _FOR_S), key=lambda _, visible, config: _place(visible, config), lock=Lock())
def open_account(conn: Connection, visible: Visible, config: Config) -> OpenAccount:
    """The account with everything after its closed months."""
    return months.open_account(conn, visible.account, visible.closed_through, visible.position, money_only=False)


def _fold(account: OpenAccount, period: str, reference: Reference, visible: Visible, config: Config) -> tuple[Any, ...]:
    return *_place(visible, config), visible.reference_stamp, period


@cached(TTLCache(_ACCOUNTS, _FOR_S), key=_fold, lock=Lock())
def closed_through(
    account: OpenAccount, period: str, reference: Reference, visible: Visible, config: Config
) -> Sequence[Closed]:
    """Its open months up to `period` as if they closed now; the cut-off is that of whoever asked first."""
    return close_through(account, period, to_wire(now()), *reference)
