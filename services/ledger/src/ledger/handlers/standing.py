"""The open months of an account as they stand, folded once for each position and kept for a moment.

A page of the cabinet asks for the months, then for the newest of them, then why it differs, and each is the same fold:
a function of the account's log, of how far it is closed, and of the directory and the rules. Who may see it is asked
anew every time. What is kept names nobody: names and addresses of holders are not part of it.
"""

from threading import Lock
from typing import Any

import msgspec
from cachetools import TTLCache, cached

from common.clock import now, to_wire
from common.postgres import Connection
from ledger.config import Config
from ledger.domain.statement import OpenAccount, close_through
from ledger.events.said import StatementIssued
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


_folded: TTLCache[tuple[Any, ...], bytes] = TTLCache(_ACCOUNTS, _FOR_S)
_lock = Lock()
_statements_of = msgspec.msgpack.Decoder(list[StatementIssued]).decode


def months_through(
    account: OpenAccount, period: str, reference: Reference, visible: Visible, config: Config
) -> list[StatementIssued]:
    """Its open months up to `period` as if they closed now; the cut-off is that of whoever asked first."""
    place = *_place(visible, config), visible.reference_stamp, period
    with _lock:
        kept = _folded.get(place)
    if kept is not None:
        return _statements_of(kept)
    found = [closed.statement for closed in close_through(account, period, to_wire(now()), *reference)]
    # Kept as bytes: hundreds of months as values would make every other one be built in memory that no cache holds.
    with _lock:
        _folded[place] = msgspec.msgpack.encode(found)
    return found
