"""Redis in a folder of ours; it holds Celery's queue, never a fact."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from native.child import Child
from native.credentials import Credentials, needed, write
from native.find import redis_server
from native.waiting import until

DATABASES = 64
USER, QUOTED_NOTHING = "receipts", '""'


@dataclass(frozen=True)
class Redis:
    """One Redis server."""

    folder: Path
    port: int
    durable: bool = True
    credentials: Credentials | None = None

    @property
    def url(self) -> str:
        """The address of its first database."""
        return self.address_of(USER) if self.credentials else f"redis://127.0.0.1:{self.port}/0"

    def address_of(self, user: str) -> str:
        """A user's address over TLS, by which the server's name and certificate are checked."""
        credentials = needed(self.credentials)
        checked = f"ssl_cert_reqs=required&ssl_ca_certs={quote(str(credentials.authority))}"
        password = credentials.password(f"redis-{user}")
        return f"rediss://{user}:{password}@127.0.0.1:{self.port}/0?{checked}"

    @property
    def child(self) -> Child:
        """The server process."""
        return Child("redis", self.folder)

    def start(self) -> None:
        """Start the server on its folder."""
        data = self.folder / "redis"
        data.mkdir(parents=True, exist_ok=True)
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(data.absolute()),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "databases": str(DATABASES),
        }
        options |= self._safety()
        settings = self.folder / "redis.conf"
        write(settings, "".join(f"{name} {value or QUOTED_NOTHING}\n" for name, value in options.items()))
        self.child.start([str(redis_server()), str(settings)], {"LC_ALL": "C.UTF-8"}, data)

    def wait(self, seconds: float = 30) -> None:
        """Return when the server answers."""
        until(self._answers, seconds, "Redis's start")

    def stop(self) -> None:
        """Stop the server cleanly."""
        self.child.stop()

    def _safety(self) -> dict[str, str]:
        """TLS only, and one user, who may do everything but what concerns the server itself."""
        if self.credentials is None:
            return {}
        password = hashlib.sha256(self.credentials.password(f"redis-{USER}").encode()).hexdigest()
        return {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": str(self.credentials.certificate),
            "tls-key-file": str(self.credentials.key),
            "tls-ca-cert-file": str(self.credentials.authority),
            "tls-auth-clients": "no",
            "user default": "off",
            f"user {USER}": f"on #{password} ~* &* +@all -@admin -@dangerous +info",
        }

    def _answers(self) -> bool:
        self.child.must_live()
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
