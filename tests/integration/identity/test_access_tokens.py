"""Access tokens: what another library makes of them, and what attackers try."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identity.handlers import keyring
from identity.store.acts import By
from tests.integration.identity.town import Town, bearer, code_of, json_of


@pytest.fixture
def token(town: Town) -> str:
    """A good access token."""
    town.resident("aigul", town.account("100"))
    return str(json_of(town.signs_in("aigul"))["access_token"])


def status(town: Town, token: str) -> int:
    """What a call with the token is answered."""
    return town.call("GET", "/v1/me", Authorization=f"Bearer {token}").status_code


def published(town: Town) -> dict[str, jwt.PyJWK]:
    """The published keys, read by the other library."""
    keys = json_of(town.call("GET", "/.well-known/jwks.json"))
    return {str(key.key_id): key for key in jwt.PyJWKSet.from_dict(keys).keys}


def private_key(town: Town) -> tuple[str, ec.EllipticCurvePrivateKey]:
    """The signing key itself, as only an insider could have it: to change one claim at a time."""
    ((kid, sealed),) = town.rows("SELECT kid, sealed FROM signing_keys WHERE state = 'active'")
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(town.desk.sealer.open(bytes(sealed), "signing key"), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return kid, key


def forged(town: Town, token: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """The same token with other claims or header fields, signed with the right key; None removes a field."""
    kid, key = private_key(town)
    told = jwt.decode(token, options={"verify_signature": False}) | claims
    head = {"typ": "at+jwt", "kid": kid} | (header or {})
    return jwt.encode({k: v for k, v in told.items() if v is not None}, key, "ES256", headers=head)


def test_another_library_verifies_a_token_with_the_published_keys(town: Town, token: str) -> None:
    """PyJWT, strict: algorithm, issuer, audience, times; every claim that the contract names is there."""
    head = jwt.get_unverified_header(token)
    assert (head["alg"], head["typ"]) == ("ES256", "at+jwt")
    key = published(town)[head["kid"]]
    needed = ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti", "lang"]
    claims = jwt.decode(
        token, key, ["ES256"], audience="settlement", issuer="settlement-identity", options={"require": needed}
    )
    assert claims["exp"] - claims["iat"] == 600
    assert claims["lang"] == "kk"
    assert town.rows("SELECT 1 FROM users WHERE id = %s", claims["sub"])


def test_published_keys_are_public(town: Town) -> None:
    """No private part, at rest only sealed."""
    keys = json_of(town.call("GET", "/.well-known/jwks.json"))["keys"]
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in keys)
    assert "PRIVATE KEY" not in str(town.rows("SELECT * FROM signing_keys"))


def test_a_forged_token_with_right_claims_would_be_taken(town: Town, token: str) -> None:
    """The check of the attacks below: changing nothing gives a good token."""
    assert status(town, forged(town, token)) == 200


def test_wrong_claims_and_headers_are_refused(town: Town, token: str) -> None:
    """Each of them alone, though the signature is right."""
    now = int(time.time())
    attacks = {
        "issuer": forged(town, token, iss="somebody"),
        "audience": forged(town, token, aud="other"),
        "expired": forged(town, token, exp=now - 1),
        "not yet": forged(town, token, nbf=now + 600),
        "no expiry": forged(town, token, exp=None),
        "no session": forged(town, token, sid=None),
        "no subject": forged(town, token, sub=None),
        "session not ours": forged(town, token, sid="0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f"),
        "session no id": forged(town, token, sid="../x"),
        "another user": forged(town, token, sub="0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f"),
        "type": forged(town, token, {"typ": "JWT"}),
        "unknown key": forged(town, token, {"kid": "unknown"}),
        "key by address": forged(town, token, {"kid": "x", "jku": "http://127.0.0.1:1/keys"}),
        "critical": forged(town, token, {"crit": ["exp"]}),
    }
    assert {name: status(town, attack) for name, attack in attacks.items()} == dict.fromkeys(attacks, 401)


def test_wrong_signatures_are_refused(town: Town, token: str) -> None:
    """No algorithm, a shared-secret one with the public key, another key, its own key, a changed body."""
    claims = jwt.decode(token, options={"verify_signature": False})
    head = jwt.get_unverified_header(token)
    key = published(town)[head["kid"]].key
    other = ec.generate_private_key(ec.SECP256R1())
    own = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(other.public_key()))
    body = base64.urlsafe_b64encode(json.dumps(claims | {"lang": "ru"}).encode()).rstrip(b"=").decode()
    signed = token.split(".")
    attacks = {
        "none": jwt.encode(claims, "", "none", headers=head | {"alg": "none"}),
        "public key as secret": _hs256(claims, head, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
        "another key": jwt.encode(claims, other, "ES256", headers=head),
        "its own key": jwt.encode(claims, other, "ES256", headers=head | {"jwk": own}),
        "changed body": f"{signed[0]}.{body}.{signed[2]}",
        "no signature": f"{signed[0]}.{signed[1]}.",
        "empty": "",
        "a megabyte": "a" * (1 << 20),
        "not a token": "a.b.c",
    }
    assert {name: status(town, attack) for name, attack in attacks.items()} == dict.fromkeys(attacks, 401)


def _hs256(claims: dict[str, Any], head: dict[str, Any], secret: bytes) -> str:
    """PyJWT itself refuses to sign with a public key, so the attack is put together by hand."""
    import hashlib
    import hmac

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    signed = part(json.dumps(head | {"alg": "HS256"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.digest(secret, signed, hashlib.sha256))).decode()


def test_the_answer_is_a_problem_without_details(town: Town, token: str) -> None:
    """Nobody learns what was wrong with a token."""
    assert token
    answers = [town.call("GET", "/v1/me", **headers) for headers in ({}, bearer({"access_token": "a.b.c"}))]
    assert [code_of(answer) for answer in answers] == ["not-signed-in"] * 2


def test_keys_rotate_without_signing_anybody_out(town: Town, token: str) -> None:
    """next → active → retired: the old token counts on, the next one is signed by the key known before."""
    states = {key.state: key.kid for key in keyring.published(town.desk)}
    keyring.rotate(town.desk, By("Dana", "a test"), at_once=True)
    fresh = json_of(town.signs_in("aigul"))["access_token"]
    assert jwt.get_unverified_header(token)["kid"] == states["active"]
    assert jwt.get_unverified_header(fresh)["kid"] == states["next"]
    assert (status(town, token), status(town, fresh)) == (200, 200)
    assert len(published(town)) == 3
    sealed = dict(town.rows("SELECT state, sealed IS NOT NULL FROM signing_keys"))
    assert sealed == {"active": True, "next": True, "retired": False}
