"""What every handler works with, and the letters they all write."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypedDict
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from common.ids import uuid7
from common.postgres import Connection, Pool
from common.reading import Writing
from identity import events
from identity.config import Config
from identity.domain.user import User
from identity.errors import LinkExpired
from identity.gateways.hashing import Hasher
from identity.gateways.refreshing import RefreshTokens
from identity.gateways.sealing import Sealer
from identity.gateways.signing import Signer
from identity.render import Letter, Mail
from identity.store import mail, users
from identity.store.notices import BY_DEFAULT, Kind
from identity.store.people import Person

_PURPOSE = "mail"
_UNSUBSCRIBE = "unsubscribe"
_KINDS: dict[str, Kind] = {kind: kind for kind in BY_DEFAULT}


class Caller(NamedTuple):
    """Where a call comes from: the client's address and what its software calls itself."""

    source: str
    device: str = ""


class WaysOut(TypedDict):
    """Addresses under which one kind of notices ends: the page, and the call of a mail program."""

    unsubscribe: str
    one_click: str


@dataclass(frozen=True)
class Desk:
    """The tools of one process; `at_once` is for what is one statement, the pool for transactions."""

    config: Config
    pool: Pool
    at_once: Writing
    hasher: Hasher
    sealer: Sealer
    signer: Signer
    refresh_tokens: RefreshTokens
    common_passwords: frozenset[str] = field(repr=False)

    def close(self) -> None:
        """Lets the connections go."""
        self.at_once.close()
        self.pool.close()

    @property
    def users_topic(self) -> str:
        """Where users' events go."""
        return self.config.topic_prefix + events.USERS

    def append(self, conn: Connection, user: User, said: list[events.Said], now: datetime) -> User:
        """Stores what was decided for a locked user; returns the new state."""
        return users.append(conn, self.users_topic, user, said, now)

    def write(
        self,
        conn: Connection,
        person: Person,
        letter: Letter,
        now: datetime,
        *,
        to: str = "",
        forget: bool = False,
        ident: UUID | None = None,
        **values: str,
    ) -> None:
        """Queues a letter in the transaction of what it tells about; to the person's address unless another is given.

        `forget`: nothing is kept of it, not even the address, once it is sent. `ident`: the letter's own id, where what
        causes it may be heard twice.
        """
        body = msgspec.json.encode(Mail(letter, person.language, {"user_name": person.user_name, **values}))
        envelope = mail.Envelope(person.user_id, to or person.email, forget)
        mail.queue(conn, ident or uuid7(), envelope, self.sealer.seal(body, _PURPOSE), now)

    def read(self, sealed: bytes) -> Mail:
        """A queued letter, opened."""
        return msgspec.json.decode(self.sealer.open(sealed, _PURPOSE), type=Mail)

    def ways_out(self, person: Person, kind: Kind) -> WaysOut:
        """Where one kind of notices ends: the page, and what a mail program posts to by itself (RFC 8058).

        Whoever has the token can do nothing else with it.
        """
        sealed = self.sealer.seal(f"{person.user_id}\n{kind}".encode(), _UNSUBSCRIBE)
        token = urlsafe_b64encode(sealed).decode()
        one_click = f"{self.config.public_url.rstrip('/')}/v1/unsubscriptions?{urlencode({'token': token})}"
        return {"unsubscribe": self.link("unsubscribe", person.language, token=token), "one_click": one_click}

    def unsubscriber(self, token: str) -> tuple[str, Kind]:
        """The user and the kind of notices behind such an address; raises LinkExpired for one that is not ours."""
        try:
            user_id, _, kind = (
                self.sealer.open(urlsafe_b64decode(token.encode()), _UNSUBSCRIBE).decode().partition("\n")
            )
            return user_id, _KINDS[kind]
        except (ValueError, InvalidTag, KeyError) as error:
            raise LinkExpired from error

    def link(self, page: str, language: str, **values: str) -> str:
        """The address of a page of the cabinet."""
        query = f"?{urlencode(values)}" if values else ""
        return f"{self.config.cabinet_url.rstrip('/')}/{language}/{page}{query}"
