"""The key of acknowledgements: a file that its owner alone may read, made when it is not there."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

_MEDIA = "ack+jws"


class BadSignature(Exception):
    """The text is no acknowledgement signed with one of these keys."""


class AckKey:
    """An ES256 key; its id is the RFC 7638 thumbprint."""

    def __init__(self, pem: bytes) -> None:
        self._key = ECKey.import_key(pem)
        self.kid = self._key.thumbprint()
        self.public: dict[str, str] = {name: str(value) for name, value in self._key.as_dict(private=False).items()}

    @classmethod
    def at(cls, file: Path) -> "AckKey":
        """The key in this file; the first process that asks makes it."""
        if not file.exists():
            _make(file)
        return cls(file.read_bytes())

    def sign(self, body: str) -> str:
        """A compact JWS over these very bytes."""
        header = {"alg": "ES256", "kid": self.kid, "typ": _MEDIA}
        return jws.serialize_compact(header, body.encode(), self._key, algorithms=["ES256"])


def signed_body(token: str, keys: Mapping[str, Mapping[str, Any]]) -> str:
    """What was signed, if one of `keys` (kid → public JWK) signed it; raises BadSignature."""
    try:
        kid = str(jws.extract_compact(token.encode()).headers().get("kid"))
        key = ECKey.import_key(dict(keys[kid]))
        return jws.deserialize_compact(token, key, algorithms=["ES256"]).payload.decode()
    except KeyError as error:
        raise BadSignature("it names a key that is not ours") from error
    except (JoseError, ValueError) as error:
        raise BadSignature("it is no acknowledgement, or what is signed was changed") from error


def _make(file: Path) -> None:
    """Written whole under another name, then linked: of two processes at once one wins, and both read the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    try:
        draft.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
