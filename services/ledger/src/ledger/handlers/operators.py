"""Operators act under keys of their own, which provider-sync issues and the directory states."""

from common.clock import now
from common.postgres import connect
from ledger.config import Config
from ledger.domain.keys import opens
from ledger.errors import BadOperatorKey
from ledger.store import heard


def named(config: Config, key: str) -> str:
    """Who stands behind `<key id>.<secret>`, as `operator/<name>`; raises BadOperatorKey."""
    ident, _, secret = key.strip().partition(".")
    with connect(config.database_url, "ledger-operator") as conn:
        stated = heard.stated_key(conn, "operator-key", ident)
    if stated is None or not opens(stated, secret, "operator", now()):
        raise BadOperatorKey
    return stated.owner
