"""Redis in a folder of ours; it holds Celery's queue, never a fact."""

import socket
from dataclasses import dataclass
from pathlib import Path

from native.child import Child
from native.find import redis_server
from native.waiting import until

DATABASES = 64


@dataclass(frozen=True)
class Redis:
    """One Redis server."""

    folder: Path
    port: int
    durable: bool = True

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

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
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.child.start([str(redis_server()), *words], {"LC_ALL": "C.UTF-8"}, data)

    def wait(self, seconds: float = 30) -> None:
        """Return when the server answers."""
        until(self._answers, seconds, "Redis's start")

    def stop(self) -> None:
        """Stop the server cleanly."""
        self.child.stop()

    def _answers(self) -> bool:
        self.child.must_live()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
