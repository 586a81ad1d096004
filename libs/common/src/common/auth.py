"""Access tokens: identity signs them, every service checks them with the public keys it heard on identity.keys.v1."""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from common.errors import Refusal

ISSUER = "settlement-identity"
AUDIENCE = "settlement"
TOKEN_TYPE = "at+jwt"  # noqa: S105  # a media type, not a secret
_LONGEST = 4096
_REMEMBERED = 10_000
_KEYS_FOR_S = 5.0


class NotSignedIn(Refusal):
    """There is no access token, or it is not valid any more."""

    code = "not-signed-in"
    status = 401
    texts: ClassVar[dict[str, str]] = {
        "ru": "Войдите в кабинет заново: вход не выполнен или его срок истёк.",
        "kk": "Кабинетке қайта кіріңіз: кіру орындалмаған немесе мерзімі өткен.",
        "en": "No valid access token was sent: sign in again and send `Authorization: Bearer <token>`.",
    }


@dataclass(frozen=True)
class Principal:
    """Who calls: the user's id, the session and the language of the token."""

    user: str
    session: str
    language: str


class TokenVerifier:
    """Checks ES256 tokens. `load_keys` answers kid → public JWK; it is asked again every five seconds at the most."""

    def __init__(self, load_keys: Callable[[], Mapping[str, Mapping[str, Any]]]) -> None:
        self._load, self._lock = load_keys, Lock()
        self._keys: dict[str, ECKey] = {}
        self._loaded_at = 0.0
        self._known: OrderedDict[bytes, tuple[float, str, Principal]] = OrderedDict()

    def verify(self, authorization: str | None) -> Principal:
        """The principal of a header `Bearer <token>`; raises NotSignedIn for anything that is not in order."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST:
            raise NotSignedIn
        keys = self._current_keys()
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and known[0] > time.time() and known[1] in keys:
            return known[2]
        return self._checked(token, digest, keys)

    def _current_keys(self) -> dict[str, ECKey]:
        if time.monotonic() - self._loaded_at > _KEYS_FOR_S:
            with self._lock:
                self._keys = {kid: ECKey.import_key(dict(jwk)) for kid, jwk in self._load().items()}
                self._loaded_at = time.monotonic()
        return self._keys

    def _checked(self, token: str, digest: bytes, keys: Mapping[str, ECKey]) -> Principal:
        try:
            header = jws.extract_compact(token.encode()).headers()
            if header.get("typ") != TOKEN_TYPE or header.get("alg") != "ES256" or "crit" in header:
                raise NotSignedIn
            kid = str(header.get("kid"))
            claims = jwt.decode(token, keys[kid], algorithms=["ES256"]).claims
            _CLAIMS.validate(claims)
        except (JoseError, KeyError, ValueError, TypeError, RecursionError) as error:
            raise NotSignedIn from error
        principal = Principal(str(claims["sub"]), str(claims["sid"]), str(claims.get("lang", "ru")))
        self._remember(digest, float(claims["exp"]), kid, principal)
        return principal

    def _remember(self, digest: bytes, expires: float, kid: str, principal: Principal) -> None:
        with self._lock:
            self._known[digest] = (expires, kid, principal)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


_CLAIMS = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    sub={"essential": True},
    sid={"essential": True},
    exp={"essential": True},
    nbf={"essential": True},
)


def stored_keys(rows: list[tuple[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows (kid, jwk) of the table signing_keys in the form `TokenVerifier` asks for."""
    return {kid: jwk if isinstance(jwk, dict) else json.loads(jwk) for kid, jwk in rows}
