"""Secrets at rest: AES-256-GCM under a key derived from IDENTITY_KEY_SECRET."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class Sealer:
    """Seals and opens; `purpose` is bound in, so that what was sealed for one use opens for no other."""

    def __init__(self, secret: str) -> None:
        key = HKDF(SHA256(), 32, salt=None, info=b"identity at rest").derive(secret.encode())
        self._cipher = AESGCM(key)

    def seal(self, text: bytes, purpose: str) -> bytes:
        """The sealed form, fresh each time."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed; raises cryptography's InvalidTag under another secret or purpose."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
