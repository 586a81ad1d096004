"""Access tokens: ES256 JWTs that every service checks with the published keys."""

from datetime import datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey

from common.auth import AUDIENCE, ISSUER, TOKEN_TYPE
from common.ids import uuid7
from identity.gateways.sealing import Sealer

LIFE = timedelta(minutes=10)
_PURPOSE = "signing key"


def new_key(sealer: Sealer) -> tuple[str, dict[str, str], bytes]:
    """A fresh key: its id (RFC 7638 thumbprint), its public JWK, its sealed private part."""
    key = ECKey.generate_key("P-256")
    public = {name: str(value) for name, value in key.as_dict(private=False).items()}
    return key.thumbprint(), public, sealer.seal(key.as_pem(private=True), _PURPOSE)


class Signer:
    """Signs with the key that `active` names; opened keys are remembered by their id."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._opened: tuple[str, ECKey] | None = None

    def token(self, active: tuple[str, bytes], user: str, session: UUID, language: str, now: datetime) -> str:
        """The access token of a session, good for ten minutes."""
        kid, sealed = active
        issued = int(now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "sid": str(session),
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(LIFE.total_seconds()),
            "jti": str(uuid7()),
            "lang": language,
        }
        header = {"alg": "ES256", "typ": TOKEN_TYPE, "kid": kid}
        return jwt.encode(header, claims, self._key(kid, sealed), algorithms=["ES256"])

    def _key(self, kid: str, sealed: bytes) -> ECKey:
        if self._opened is None or self._opened[0] != kid:
            self._opened = kid, ECKey.import_key(self._sealer.open(sealed, _PURPOSE))
        return self._opened[1]
