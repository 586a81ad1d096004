"""What holders, directory and users topics say becomes rows; the newest version stays, a tombstone erases."""

from collections.abc import Callable, Sequence

import msgspec

from common.postgres import Connection
from common.streams import Record
from ledger.events import heard
from ledger.events.heard import Holder, Link, users_type
from ledger.store import heard as store


def hear_holders(conn: Connection, records: Sequence[Record]) -> None:
    """Names and addresses."""
    for record in records:
        if record.value is None:
            store.erase_holder(conn, record.key)
            continue
        said = msgspec.json.decode(record.envelope.data, type=Holder)
        store.put_holder(conn, record.key, said)


def hear_directory(conn: Connection, records: Sequence[Record]) -> None:
    """Providers, services, tariffs, buildings, keys of agents; services also take their place in the split rule."""
    for record in records:
        kind, _, name = record.key.partition("/")
        if record.value is None:
            store.remove_directory(conn, kind, name)
            continue
        version = msgspec.json.decode(record.envelope.data, type=heard.Versioned).version
        store.put_directory(conn, kind, name, version, bytes(record.envelope.data).decode())
        if kind == "service":
            store.place_service(conn, name, msgspec.json.decode(record.envelope.data, type=heard.Service).order)


def hear_users(conn: Connection, records: Sequence[Record]) -> None:
    """Who may see which account."""
    for record in records:
        said = msgspec.json.decode(record.envelope.data, type=Link)
        LINKS[record.type](conn, said, record.envelope.recordedtime)


def _link(conn: Connection, said: Link, recorded: str) -> None:
    store.link(conn, said.user, said.account, said.masked_until, recorded)


LINKS: dict[str, Callable[[Connection, Link, str], None]] = {
    users_type("account.linked"): _link,
    users_type("account.unmasked"): lambda conn, said, _: store.unmask(conn, said.user, said.account),
    users_type("account.unlinked"): lambda conn, said, _: store.unlink(conn, said.user, said.account),
    users_type("access.revoked"): lambda conn, said, _: store.unlink(conn, said.user, said.account),
    users_type("user.closed"): lambda conn, said, _: store.close_user(conn, said.user),
}
