"""What the ledger says of money and of accounts, in the transaction that moves the offset on."""

from collections.abc import Callable, Sequence

import msgspec

from common.envelope import full_type
from common.postgres import Connection
from common.streams import Record
from provider_sync.events import heard
from provider_sync.store import heard as store
from provider_sync.store.heard import Allocation, Parked


def hear(conn: Connection, records: Sequence[Record]) -> None:
    """Applies what came, in its order; allocations together, for nothing depends on their place among the others."""
    store.keep(conn, [part for record in records if record.type == _ALLOCATED for part in _parts(record)])
    for record in records:
        if record.type in _ACCOUNTS:
            _ACCOUNTS[record.type](conn, record)


def _parts(record: Record) -> list[Allocation]:
    said = msgspec.json.decode(record.envelope.data, type=heard.PaymentAllocated)
    payment = said.payment
    return [
        Allocation(
            record.envelope.id, number, part.provider, said.day, said.account, part.service, part.amount,
            payment.provider, payment.reference,
        )
        for number, part in enumerate(said.split)
    ]  # fmt: skip


def _park(conn: Connection, record: Record) -> None:
    said = msgspec.json.decode(record.envelope.data, type=heard.AccountParked)
    store.park(conn, said.account, Parked(said.since, said.reason, said.position))


def _resume(conn: Connection, record: Record) -> None:
    said = msgspec.json.decode(record.envelope.data, type=heard.AccountResumed)
    store.resume(conn, said.account, said.since)


_ALLOCATED = full_type("ledger", "payment.allocated")
_ACCOUNTS: dict[str, Callable[[Connection, Record], None]] = {
    full_type("ledger", "account.parked"): _park,
    full_type("ledger", "account.resumed"): _resume,
}
HEARD = frozenset([_ALLOCATED, *_ACCOUNTS])
