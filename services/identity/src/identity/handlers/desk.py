"""What every handler works with, and the letters they all write."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from common.ids import uuid7
from common.postgres import Connection, Pool
from identity import events
from identity.config import Config
from identity.domain.user import User
from identity.gateways.hashing import Hasher
from identity.gateways.sealing import Sealer
from identity.gateways.signing import Signer
from identity.render import Letter, Mail
from identity.store import mail, users

_PURPOSE = "mail"


class Caller(NamedTuple):
    """Where a call comes from: the client's address and what its software calls itself."""

    source: str
    device: str = ""


@dataclass(frozen=True)
class Desk:
    """The tools of one process."""

    config: Config
    pool: Pool
    hasher: Hasher
    sealer: Sealer
    signer: Signer
    common_passwords: frozenset[str] = field(repr=False)

    @property
    def users_topic(self) -> str:
        """Where users' events go."""
        return self.config.topic_prefix + events.USERS

    def append(self, conn: Connection, user: User, said: list[events.Said], now: datetime) -> User:
        """Stores what was decided for a locked user; returns the new state."""
        return users.append(conn, self.users_topic, user, said, now)

    def write(self, conn: Connection, to: str, letter: Letter, language: str, now: datetime, **values: str) -> None:
        """Queues a letter in the transaction of what it tells about."""
        body = msgspec.json.encode(Mail(letter, language, values))
        mail.queue(conn, uuid7(), to, self.sealer.seal(body, _PURPOSE), now)

    def read(self, sealed: bytes) -> Mail:
        """A queued letter, opened."""
        return msgspec.json.decode(self.sealer.open(sealed, _PURPOSE), type=Mail)

    def link(self, page: str, language: str, **values: str) -> str:
        """The address of one of our pages."""
        return f"{self.config.public_url.rstrip('/')}/{page}?{urlencode(values | {'lang': language})}"
