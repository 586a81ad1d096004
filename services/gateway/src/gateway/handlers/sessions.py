"""A browser's session: the refresh token stays here, the browser holds a random number."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from common.postgres import Pool, at_once
from gateway.errors import Refused, SignedOut
from gateway.gateways.centre import Centre, Reader
from gateway.store import sessions

_COOKIE_BYTES = 32


class Tokens(msgspec.Struct, frozen=True):
    """What identity gave."""

    access_token: str
    refresh_token: str
    expires_in: int
    position: str = ""


@dataclass(frozen=True)
class Keeper:
    """Where sessions are kept and with what they are sealed."""

    pool: Pool
    centre: Centre
    seal: Fernet
    idle_hours: int


@dataclass(frozen=True)
class Visit:
    """A signed-in request: access token, position that reads must have reached, key of the session, its last change."""

    token: str
    after: str
    ident: bytes
    changed_at: datetime


def open_session(keeper: Keeper, answer: dict[str, Any]) -> str:
    """Stores what identity gave at sign-in; answers the new cookie. Never reuses a number a browser came with."""
    tokens, cookie = msgspec.convert(answer, Tokens), secrets.token_urlsafe(_COOKIE_BYTES)
    with keeper.pool.connection() as conn, conn.transaction():
        sessions.remove_idle(conn, keeper.idle_hours)
        sessions.add(conn, _key(cookie), _sealed(keeper, tokens), tokens.expires_in, tokens.position)
    return cookie


def visit(keeper: Keeper, cookie: str, reader: Reader) -> Visit:
    """The tokens of a browser, renewed when they end within seconds; raises SignedOut."""
    with keeper.pool.connection() as conn, at_once(conn):
        found = sessions.find(conn, _key(cookie), keeper.idle_hours)
        if found is not None and found.unmarked:
            sessions.mark_used(conn, found.id)
    if found is None:
        raise SignedOut
    if found.stale:
        return _renewed(keeper, cookie, reader)
    return Visit(_opened(keeper, found.sealed).access_token, found.position, found.id, found.changed_at)


def _renewed(keeper: Keeper, cookie: str, reader: Reader) -> Visit:
    """One request renews under the row's lock; the others wait and find the new tokens: reuse would end the family."""
    with keeper.pool.connection() as conn, conn.transaction():
        found = sessions.find(conn, _key(cookie), keeper.idle_hours, lock=True)
        if found is None:
            raise SignedOut
        tokens = _opened(keeper, found.sealed)
        if found.stale:
            tokens = _refresh(keeper, tokens, reader)
            sessions.renew(conn, found.id, _sealed(keeper, tokens), tokens.expires_in)
    return Visit(tokens.access_token, found.position, found.id, found.changed_at)


def _refresh(keeper: Keeper, tokens: Tokens, reader: Reader) -> Tokens:
    try:
        body = {"refresh_token": tokens.refresh_token}
        answer = keeper.centre.send("identity", "POST", "/v1/sessions/refresh", reader, body)
    except Refused as refused:
        raise SignedOut from refused
    return msgspec.convert(answer, Tokens)


def changed(keeper: Keeper, ident: bytes, position: str) -> None:
    """After a change: what this browser reads next must have reached it; `position` is empty where none was told."""
    with keeper.pool.connection() as conn, conn.transaction():
        sessions.mark_changed(conn, ident, position)


def close_session(keeper: Keeper, cookie: str) -> None:
    """Forgets the browser."""
    with keeper.pool.connection() as conn, conn.transaction():
        sessions.remove(conn, _key(cookie))


def put_aside(keeper: Keeper, **form: str) -> str:
    """What a form must come back with but no page may show, sealed for some minutes."""
    return keeper.seal.encrypt(msgspec.json.encode(form)).decode()


def taken_up(keeper: Keeper, sealed: str, within_s: int = 300) -> dict[str, str]:
    """What was put aside; raises SignedOut when it is too old or not ours."""
    try:
        found: dict[str, str] = msgspec.json.decode(keeper.seal.decrypt(sealed.encode(), ttl=within_s))
    except InvalidToken as error:
        raise SignedOut from error
    return found


def _key(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _sealed(keeper: Keeper, tokens: Tokens) -> bytes:
    return keeper.seal.encrypt(msgspec.json.encode(tokens))


def _opened(keeper: Keeper, sealed: bytes) -> Tokens:
    try:
        return msgspec.json.decode(keeper.seal.decrypt(bytes(sealed)), type=Tokens)
    except InvalidToken as error:
        raise SignedOut from error  # sealed under another secret: the secret was changed
