"""The projection of identity.keys.v1 that every service with an HTTP API keeps: the public keys of access tokens."""

from collections.abc import Sequence
from typing import Any

import msgspec

from common.auth import TokenVerifier, stored_keys
from common.consumer import Subscription
from common.envelope import full_type
from common.postgres import Connection, Connections
from common.streams import Record

TOPIC = "identity.keys.v1"
PUBLISHED = full_type("identity", "key.published")


class KeyPublished(msgspec.Struct):
    """A public key and its state: next (not used yet), active, retired (its tokens still count)."""

    version: int
    kid: str
    state: str
    jwk: dict[str, Any]


def subscription(topic_prefix: str = "") -> Subscription:
    """For a service's consumer: keeps the table signing_keys."""
    return Subscription(topic_prefix + TOPIC, apply, frozenset([PUBLISHED]), holes=True)


def apply(conn: Connection, records: Sequence[Record]) -> None:
    """Stores keys; an older version never replaces a newer one, a tombstone removes the key."""
    for record in records:
        if record.value is None:
            conn.execute("DELETE FROM signing_keys WHERE kid = %s", (record.key,))
            continue
        key = msgspec.json.decode(record.envelope.data, type=KeyPublished)
        conn.execute(
            """
            INSERT INTO signing_keys (kid, version, state, jwk) VALUES (%s, %s, %s, %s)
            ON CONFLICT (kid) DO UPDATE SET version = excluded.version, state = excluded.state, jwk = excluded.jwk
            WHERE signing_keys.version < excluded.version
            """,
            (key.kid, key.version, key.state, msgspec.json.encode(key.jwk).decode()),
        )


def verifier(pool: Connections) -> TokenVerifier:
    """A verifier that reads the table signing_keys through `pool`."""

    def load() -> dict[str, dict[str, Any]]:
        with pool.connection() as conn:
            return stored_keys(conn.execute("SELECT kid, jwk FROM signing_keys").fetchall())

    return TokenVerifier(load)
