"""Operators by name: each acts under a key of their own, and the first one needs none to be made."""

import hashlib
import hmac
import re
from datetime import datetime

from provider_sync import errors
from provider_sync.domain.sender import OPERATOR
from provider_sync.handlers import access
from provider_sync.handlers.access import Issued
from provider_sync.handlers.base import Act, Base
from provider_sync.store import keys

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_FIRST = Act("operator/first", "there was no operator")


def named(base: Base, key: str, why: str = "") -> Act:
    """Who acts under `<key id>.<secret>`; raises BadOperatorKey, and that for a sender's key, too."""
    ident, _, secret = key.strip().partition(".")
    with base.pool.connection() as conn:
        found = keys.live(conn, ident) if secret else None
    if found is None or not hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), found.hash):
        raise errors.BadOperatorKey
    if OPERATOR not in found.scopes:
        raise errors.BadOperatorKey
    return Act(found.owner, why)


def second(base: Base, key: str, first: Act) -> Act:
    """Another operator than the first, for the same reason; raises BadOperatorKey, SameOperator."""
    found = named(base, key, first.why)
    if found.who == first.who:
        raise errors.SameOperator(who=first.who)
    return found


def issue(base: Base, by: Act | None, name: str, expires_at: datetime | None) -> Issued:
    """A key for an operator, two live at the most. Without `by` only while no operator has a live one.

    Raises BadOperatorName, BadOperatorKey, TooManyKeys.
    """
    if not _NAME.fullmatch(name):
        raise errors.BadOperatorName(name=name[:40])
    with base.pool.connection() as conn:
        keys.lock_issuing(conn)
        if by is None and keys.operators_live(conn):
            raise errors.BadOperatorKey
        return access.issue_to(conn, base, by or _FIRST, f"operator/{name}", [OPERATOR], name, expires_at)
