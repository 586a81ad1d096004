"""Access tokens: ES256 JWTs that every service checks with the published keys."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey

from common.auth import AUDIENCE, ISSUER, TOKEN_TYPE
from common.ids import uuid7_texts
from identity.gateways.sealing import Sealer

LIFE = timedelta(minutes=10)
_PURPOSE = "signing key"
_ES256, _NUMBER_BYTES = ec.ECDSA(SHA256()), 32


def new_key(sealer: Sealer) -> tuple[str, dict[str, str], bytes]:
    """A fresh key: its id (RFC 7638 thumbprint), its public JWK, its sealed private part."""
    key = ECKey.generate_key("P-256")
    public = {name: str(value) for name, value in key.as_dict(private=False).items()}
    return key.thumbprint(), public, sealer.seal(key.as_pem(private=True), _PURPOSE)


class _Opened(NamedTuple):
    """A key ready to sign, and the first part of every token it signs."""

    kid: str
    key: ec.EllipticCurvePrivateKey
    header: bytes


class Signer:
    """Signs with the key that `active` names; an opened key is remembered by its id."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._opened: _Opened | None = None

    def token(self, active: tuple[str, bytes], user: str, session: str, language: str, now: datetime) -> str:
        """The access token of a session, good for ten minutes: a compact JWS (RFC 7515) signed by ES256 (RFC 7518)."""
        opened = self._key(*active)
        issued = int(now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "sid": session,
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(LIFE.total_seconds()),
            "jti": uuid7_texts(1)[0],
            "lang": language,
        }
        signed = b"%b.%b" % (opened.header, _base64(msgspec.json.encode(claims)))
        r, s = decode_dss_signature(opened.key.sign(signed, _ES256))
        raw = r.to_bytes(_NUMBER_BYTES, "big") + s.to_bytes(_NUMBER_BYTES, "big")
        return (b"%b.%b" % (signed, _base64(raw))).decode()

    def _key(self, kid: str, sealed: bytes) -> _Opened:
        if self._opened is None or self._opened.kid != kid:
            key = load_pem_private_key(self._sealer.open(sealed, _PURPOSE), None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise TypeError(f"the signing key {kid} is not of an elliptic curve")
            header = {"alg": "ES256", "typ": TOKEN_TYPE, "kid": kid}
            self._opened = _Opened(kid, key, _base64(msgspec.json.encode(header)))
        return self._opened


def _base64(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")
