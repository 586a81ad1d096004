"""A resident with a token: what identity would publish, said on its topics, so that the ledger's API answers."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from joserfc import jwt
from joserfc.jwk import ECKey

from common import kafka
from common.auth import AUDIENCE, ISSUER, TOKEN_TYPE
from common.clock import now, to_wire
from common.envelope import full_type, render
from common.ids import uuid7
from common.packs import TYPE_HEADER
from tests.benchmarks.ground import Ground

LINKED = full_type("identity", "account.linked")
KEY_PUBLISHED = full_type("identity", "key.published")
HOURS_S = 12 * 3600


@dataclass(frozen=True)
class Resident:
    """Somebody who may see some accounts of the sample; `position` is that of the last link."""

    user: str
    authorization: str
    position: str
    accounts: Sequence[str]


def resident(ground: Ground, prefix: str, accounts: Sequence[str]) -> Resident:
    """Publishes a signing key and a link to every account."""
    user, signing = str(uuid7()), ECKey.generate_key("P-256", private=True)
    kid = signing.thumbprint()
    jwk = {**signing.as_dict(private=False), "kid": kid}
    producer = kafka.producer(ground.kafka, "bench-identity")
    key = {"version": 1, "kid": kid, "state": "active", "jwk": jwk}
    _send(producer, prefix + "identity.keys.v1", kid, KEY_PUBLISHED, key, None)
    for number, account in enumerate(accounts, 1):
        link = {"user": user, "account": account, "proof": "one-time-code", "masked_until": None}
        _send(producer, prefix + "identity.users.v1", user, LINKED, link, number)
    producer.flush()
    producer.close()
    return Resident(user, f"Bearer {_token(signing, kid, user)}", f"user/{user}@{len(accounts)}", accounts)


def residents_of(url: str, accounts: Sequence[str], each: int) -> list[Resident]:
    """Residents of so many accounts each, written straight into a ledger's database, where no consumer runs."""
    signing = ECKey.generate_key("P-256", private=True)
    kid = signing.thumbprint()
    jwk = {**signing.as_dict(private=False), "kid": kid}
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO signing_keys VALUES (%s, 1, 'active', %s)", (kid, json.dumps(jwk)))
        return [_resident_of(conn, signing, kid, accounts[n : n + each]) for n in range(0, len(accounts), each)]


def _resident_of(conn: psycopg.Connection, signing: ECKey, kid: str, accounts: Sequence[str]) -> Resident:
    user = str(uuid7())
    link = "INSERT INTO links (user_id, account, masked_until, linked_at) VALUES (%s, %s, NULL, now())"
    conn.cursor().executemany(link, [(user, account) for account in accounts])
    return Resident(user, f"Bearer {_token(signing, kid, user)}", "", accounts)


def _token(signing: ECKey, kid: str, user: str) -> str:
    at = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "sid": "bench", "iat": at, "nbf": at, "lang": "ru"}
    header = {"alg": "ES256", "typ": TOKEN_TYPE, "kid": kid}
    return str(jwt.encode(header, {**claims, "exp": at + HOURS_S, "jti": str(uuid7())}, signing, algorithms=["ES256"]))


def _send(producer: Any, topic: str, key: str, type_: str, data: dict[str, Any], sequence: int | None) -> None:
    at = to_wire(now())
    value = render(
        ident=str(uuid7()), source="/identity", type=type_, key=key, time=at, recorded=at, data=json.dumps(data),
        sequence=sequence,
    )  # fmt: skip
    producer.send(
        topic, key=key.encode(), value=value, partition=kafka.partition_of(key),
        headers=[(TYPE_HEADER, type_.encode())],
    )  # fmt: skip
