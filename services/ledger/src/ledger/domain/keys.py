"""Keys that the directory states by their hash: of payment agents and of operators."""

import hashlib
import hmac
from datetime import datetime

from ledger.events.heard import StatedKey


def opens(key: StatedKey, secret: str, scope: str, at: datetime) -> bool:
    """Whether a secret is this key's and the key is good for `scope` at a moment; compared in constant time."""
    same = hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest(), key.hash)
    alive = not key.revoked and (key.expires_at is None or key.expires_at > at)
    return same and alive and scope in key.scopes
