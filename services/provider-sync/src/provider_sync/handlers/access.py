"""Senders and their keys: 256-bit secrets shown once, SHA-256 at rest, two live per label for rotation.

A key that was looked up is believed for two seconds, so a revoked one is dead everywhere within that time.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from common import clock
from common.ids import secret_text
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain.sender import OPERATOR, unknown_scopes
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.written import state_entities
from provider_sync.store import keys, state
from provider_sync.store.keys import Key

# The promise is five seconds (docs/promises.md); pushes come by the hundred a second under one key.
BELIEVED_S = 2.0
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
    """The live key of `Bearer <key id>.<secret>`, compared in constant time; raises BadKey.

    An operator's key opens the command line only.
    """
    scheme, _, token = (header or "").partition(" ")
    ident, _, secret = token.partition(".")
    if scheme.lower() != "bearer" or not 1 <= len(ident) <= 40 or not 1 <= len(secret) <= 100 or not token.isascii():
        raise errors.BadKey
    key = _live(base, ident)
    if key is None or not hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), key.hash):
        raise errors.BadKey
    if OPERATOR in key.scopes:
        raise errors.BadKey
    return key


def _live(base: Base, ident: str) -> Key | None:
    """The key if it may be used; only live ones are remembered, so that a new one works at once."""
    key, until = base.keys.get(ident, (None, 0.0))
    if monotonic() < until:
        return key
    with base.pool.connection() as conn:
        key = keys.live(conn, ident)
    if key is None:
        base.keys.pop(ident, None)
        return None
    lives_s = (key.expires_at - clock.now()).total_seconds() if key.expires_at else BELIEVED_S
    base.keys[ident] = (key, monotonic() + min(lives_s, BELIEVED_S))
    return key


def issue(base: Base, by: Act, owner: str, scopes: Sequence[str], label: str, expires_at: datetime | None) -> Issued:
    """A new key. A key with the scope take-over expires in any case; raises UnknownProvider, BadScope, TooManyKeys."""
    wrong = unknown_scopes(scopes)
    if wrong or not scopes:
        raise errors.BadScope(scopes=", ".join(wrong) or "-")
    with base.pool.connection() as conn:
        if owner not in state.providers(conn):
            raise errors.UnknownProvider(provider=owner)
        return issue_to(conn, base, by, owner, scopes, label, expires_at)


def rotate(base: Base, by: Act, ident: str, overlap: timedelta | None) -> Issued:
    """A second key like the first; the old one ends after the overlap, or lives on until it is revoked.

    A key that expires is followed by one that lives as long as it was given. Raises NotFound, TooManyKeys.
    """
    with base.pool.connection() as conn:
        old = keys.live(conn, ident)
        if old is None:
            raise errors.NotFound
        life = old.expires_at - old.issued_at if old.expires_at else None
        new = issue_to(conn, base, by, old.owner, old.scopes, old.label, clock.now() + life if life else None)
        if overlap is not None:
            ending = keys.expire(conn, ident, clock.now() + overlap)
            _publish(conn, base, ending, revoked=False)
        keys.audit(conn, by.who, "keys.rotate", ident, {"new": new.key.id}, by.why)
    base.keys.pop(ident, None)
    return new


def issue_to(
    conn: Connection, base: Base, by: Act, owner: str, scopes: Sequence[str], label: str, expires_at: datetime | None
) -> Issued:
    """The key itself, in a transaction of the caller's; raises TooManyKeys."""
    if "take-over" in scopes and expires_at is None:
        expires_at = clock.now() + TAKE_OVER_LASTS
    secret = secret_text(32)
    ident = "k" + "".join(_ALPHABET[byte % 32] for byte in secret_text(12).encode())[:12]
    key = Key(
        ident, owner, hashlib.sha256(secret.encode()).digest(), list(scopes), label, clock.now(), expires_at, None
    )
    keys.lock_issuing(conn)
    if keys.live_of(conn, owner, label) >= 2:
        raise errors.TooManyKeys(owner=owner, label=label)
    keys.add(conn, key)
    _publish(conn, base, key, revoked=False)
    keys.audit(conn, by.who, "keys.issue", key.id, {"owner": owner, "scopes": list(scopes)}, by.why)
    return Issued(key, secret)


def revoke(base: Base, by: Act, ident: str) -> None:
    """Ends a key at once; raises NotFound."""
    with base.pool.connection() as conn:
        if not keys.revoke(conn, ident):
            raise errors.NotFound
        key = keys.find(conn, ident)
        if key is not None:
            _publish(conn, base, key, revoked=True)
        keys.audit(conn, by.who, "keys.revoke", ident, {}, by.why)
    base.keys.pop(ident, None)


def _publish(conn: Connection, base: Base, key: Key, *, revoked: bool) -> None:
    """Keys of payment agents and of operators are checked elsewhere too: their hashes travel on the directory topic."""
    if OPERATOR in key.scopes:
        entity = f"operator-key/{key.id}"
    elif "due" in key.scopes:
        entity = f"agent-key/{key.id}"
    else:
        return
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


def note_conflicts(base: Base, key: Key, rows: int) -> None:
    """Keeps on record that references were used again for other contents."""
    with base.pool.connection() as conn:
        keys.audit(conn, key.id, "facts.conflict", key.owner, {"rows": rows})
