"""Many kept connections in one thread, by hand: a call costs the client 0.15 ms, and 3 ms where each has a thread with
http.client, which hides what is measured.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.benchmarks.doors import Unexpected


class NotYet(Unexpected):
    """503: what the read waits for has not arrived."""


@dataclass(frozen=True)
class Wire:
    """One API over one connection, under one authorization."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    authorization: str

    @classmethod
    async def to(cls, base: str, authorization: str) -> "Wire":
        """A connection to the service at `base`."""
        address = urlsplit(base)
        return cls(*await asyncio.open_connection(address.hostname, address.port), authorization)

    async def post(self, path: str, body: str) -> bytes:
        """The body of an accepted call."""
        more = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return await self._call(f"POST {path}", more, body)

    async def get(self, path: str, after: str = "") -> bytes:
        """The body of a read, after a position when one is given; raises NotYet."""
        return await self._call(f"GET {path}", {"Read-After": after} if after else {})

    def close(self) -> None:
        """Lets the connection go."""
        self.writer.close()

    async def _call(self, what: str, more: Mapping[str, str], body: str = "") -> bytes:
        headers = {"Host": "x", "Authorization": self.authorization, **more}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"{what} HTTP/1.1\r\n{head}\r\n{body}".encode())
        status, _, rest = (await self.reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        length = next(line for line in rest.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        answer = await self.reader.readexactly(int(length[15:]))
        if status.startswith(b"HTTP/1.1 503"):
            raise NotYet(f"{what}: {answer[:500]!r}")
        if not status.startswith(b"HTTP/1.1 20"):
            raise Unexpected(f"{what}: {status!r} {answer[:500]!r}")
        return answer
