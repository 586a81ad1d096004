"""Senders and their keys: 256-bit secrets shown once, SHA-256 at rest, two live per label for rotation."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common import clock
from common.ids import secret_text
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain.sender import unknown_scopes
from provider_sync.handlers.base import Base
from provider_sync.handlers.written import state_entities
from provider_sync.store import keys, state
from provider_sync.store.keys import Key

TAKE_OVER_LASTS = timedelta(days=30)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True)
class Issued:
    """A new key with its secret, which is told this once."""

    key: Key
    secret: str

    @property
    def bearer(self) -> str:
        """What stands behind `Bearer` in the Authorization header."""
        return f"{self.key.id}.{self.secret}"


def authenticate(base: Base, header: str | None) -> Key:
    """The live key of `Bearer <key id>.<secret>`, compared in constant time; raises BadKey."""
    scheme, _, token = (header or "").partition(" ")
    ident, _, secret = token.partition(".")
    if scheme.lower() != "bearer" or not 1 <= len(ident) <= 40 or not 1 <= len(secret) <= 100 or not token.isascii():
        raise errors.BadKey
    with base.pool.connection() as conn:
        key = keys.live(conn, ident)
    if key is None or not hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), key.hash):
        raise errors.BadKey
    return key


def add_provider(base: Base, provider: str, body: dict[str, Any]) -> bool:
    """Registers a sender, or states it anew when something was changed; False when nothing is new."""
    entity = f"provider/{provider}"
    with base.pool.connection() as conn:
        version = state.lock_directory(conn, [entity]).get(entity, 0)
        known = state.entity(conn, entity)
        stated = (known or {}) | {"id": provider} | {name: text for name, text in body.items() if text is not None}
        if stated == known:
            return False
        state_entities(conn, base, [(entity, version + 1, stated)])
        keys.audit(conn, "operator", "providers.add", provider, {})
    return True


def issue(base: Base, owner: str, scopes: Sequence[str], label: str, expires_at: datetime | None) -> Issued:
    """A new key. A key with the scope take-over expires in any case; raises UnknownProvider, BadScope, TooManyKeys."""
    wrong = unknown_scopes(scopes)
    if wrong or not scopes:
        raise errors.BadScope(scopes=", ".join(wrong) or "-")
    if "take-over" in scopes and expires_at is None:
        expires_at = clock.now() + TAKE_OVER_LASTS
    secret = secret_text(32)
    ident = "k" + "".join(_ALPHABET[byte % 32] for byte in secret_text(12).encode())[:12]
    key = Key(
        ident, owner, hashlib.sha256(secret.encode()).digest(), list(scopes), label, clock.now(), expires_at, None
    )
    with base.pool.connection() as conn:
        if owner not in state.providers(conn):
            raise errors.UnknownProvider(provider=owner)
        if keys.live_of(conn, owner, label) >= 2:
            raise errors.TooManyKeys(owner=owner, label=label)
        keys.add(conn, key)
        _publish(conn, base, key, revoked=False)
        keys.audit(conn, "operator", "keys.issue", key.id, {"owner": owner, "scopes": list(scopes)})
    return Issued(key, secret)


def revoke(base: Base, ident: str) -> None:
    """Ends a key at once; raises NotFound."""
    with base.pool.connection() as conn:
        if not keys.revoke(conn, ident):
            raise errors.NotFound
        key = keys.find(conn, ident)
        if key is not None:
            _publish(conn, base, key, revoked=True)
        keys.audit(conn, "operator", "keys.revoke", ident, {})


def _publish(conn: Connection, base: Base, key: Key, *, revoked: bool) -> None:
    """Keys of payment agents are checked by the ledger too, so their hashes travel on the directory topic."""
    if "due" not in key.scopes:
        return
    entity = f"agent-key/{key.id}"
    version = state.lock_directory(conn, [entity]).get(entity, 0) + 1
    body = {
        "key_id": key.id,
        "owner": key.owner,
        "hash": key.hash.hex(),
        "scopes": key.scopes,
        "expires_at": clock.to_wire(key.expires_at) if key.expires_at else None,
        "revoked": revoked,
    }
    state_entities(conn, base, [(entity, version, body)])


def note_foreign(base: Base, key: Key, codes: Sequence[str]) -> None:
    """Keeps on record that a key was used for what it may not."""
    with base.pool.connection() as conn:
        keys.audit(conn, key.id, "facts.forbidden", key.owner, {"codes": sorted(set(codes)), "rows": len(codes)})
