"""Plain HTTP over a kept connection: the measuring side shares the machine and must cost little."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PIECE_BYTES = 256 * 1024
UPLOADED_WITHIN_S = 3600


class Unexpected(Exception):
    """An answer that the measurement cannot go on with."""


class _Connection(http.client.HTTPConnection):
    """Sends a head and its bytes in one piece, as browsers do; the library wakes the server for each of the two."""

    _held: list[bytes] | None = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = (), **more: Any) -> None:
        """As in the library."""
        self._held = [] if isinstance(body, bytes) else None
        super().request(method, url, body, dict(headers), **more)
        held, self._held = self._held, None
        if held:
            super().send(b"".join(held))

    def send(self, data: Any) -> None:
        """As in the library."""
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class Door:
    """One API over one connection; make one for each thread."""

    def __init__(self, base: str, authorization: str) -> None:
        self._connection = _Connection(urlsplit(base).netloc, timeout=120)
        self._headers = {"Authorization": authorization}

    def get(self, path: str, after: str = "") -> tuple[int, Any]:
        """Status and JSON of a read, after a position when one is given."""
        return self._call("GET", path, None, {"Read-After": after} if after else {})

    def fetch(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and bytes of a read by anybody, for who measures the server and not the reading of JSON."""
        return self._answered("GET", path, None, headers)

    def post(self, path: str, body: Any) -> Any:
        """The JSON of an accepted call."""
        headers = {"Content-Type": "application/json"}
        status, answer = self._call("POST", path, json.dumps(body).encode(), headers)
        if status >= 300:
            raise Unexpected(f"POST {path}: {status} {answer}")
        return answer

    def upload(self, file: Path, batch: str, more: str = "") -> str:
        """Sends a file as it is read, with `more` parameters; the answer is the upload's id."""
        headers = {"Content-Type": "application/x-ndjson", "Content-Length": str(file.stat().st_size)}
        status, answer = self._call("POST", f"/v1/uploads?format=ndjson&batch={batch}{more}", pieces(file), headers)
        if status != 202:
            raise Unexpected(f"upload of {file.name}: {status} {answer}")
        return str(answer["id"])

    def finished(self, upload: str) -> dict[str, Any]:
        """The upload once it is done; raises Unexpected when it was refused or a row was not accepted."""
        state = self.ended(upload)
        if state["state"] == "refused" or _lost(state["rows"]):
            raise Unexpected(f"upload {upload}: {json.dumps(state, ensure_ascii=False)[:2000]}")
        return state

    def ended(self, upload: str) -> dict[str, Any]:
        """The upload once it is done, whatever its rows were answered."""
        deadline = time.monotonic() + UPLOADED_WITHIN_S
        while time.monotonic() < deadline:
            state: dict[str, Any] = self.get(f"/v1/uploads/{upload}")[1]
            if state["state"] in ("done", "refused"):
                return state
            time.sleep(0.1)
        raise Unexpected(f"upload {upload} is not done after {UPLOADED_WITHIN_S} s")

    def close(self) -> None:
        """Lets the connection go."""
        self._connection.close()

    def _call(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        status, content = self._answered(method, path, body, headers)
        return status, json.loads(content) if content else None

    def _answered(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, {**self._headers, **headers})
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # A kept connection that the server let go in between: reads and facts may be repeated safely.
            self._connection.close()
            self._connection.request(method, path, body, {**self._headers, **headers})
            answer = self._connection.getresponse()
        return answer.status, answer.read()


def pieces(file: Path) -> Iterator[bytes]:
    """A file in pieces, so that a city's month need not be held in memory."""
    with file.open("rb") as source:
        while piece := source.read(PIECE_BYTES):
            yield piece


def _lost(rows: Mapping[str, int]) -> bool:
    return bool(rows["total"] != rows["accepted"])
