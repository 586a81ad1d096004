"""Refresh tokens: they say which session they belong to and how many came before them, under a MAC of ours."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SESSION, _GENERATION, _MAC = 16, 6, 32


class Held(NamedTuple):
    """What a refresh token says: its session, and which of the session's tokens it is, from 1."""

    session: UUID
    generation: int


class RefreshTokens:
    """Makes and reads them, under a key derived from IDENTITY_KEY_SECRET; nothing of a token is kept."""

    def __init__(self, secret: str) -> None:
        self._key = HKDF(SHA256(), 32, salt=None, info=b"refresh tokens").derive(secret.encode())

    def make(self, held: Held) -> str:
        """The token, URL-safe text."""
        said = held.session.bytes + held.generation.to_bytes(_GENERATION, "big")
        return urlsafe_b64encode(said + self._mac(said)).decode()

    def read(self, token: str) -> Held | None:
        """What a token of ours says; None for a made-up one."""
        try:
            given = urlsafe_b64decode(token)
        except ValueError:
            return None
        said, mac = given[:-_MAC], given[-_MAC:]
        if len(said) != _SESSION + _GENERATION or not hmac.compare_digest(mac, self._mac(said)):
            return None
        return Held(UUID(bytes=said[:_SESSION]), int.from_bytes(said[_SESSION:], "big"))

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")
