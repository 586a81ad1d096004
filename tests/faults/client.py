"""A provider's program: pushes parcels by HTTP, both ways, and writes down what it was told."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.faults.city import Fact, Parcel
from tests.faults.history import History
from tests.faults.keeper import poll_until

TIMEOUT_S = 15.0
PATIENCE_S = 120.0


class GaveUp(Exception):
    """The centre did not take a call within two minutes."""


@dataclass
class Client:
    """One provider with its key; `latest` takes (position, moment) samples of what was accepted."""

    provider: str
    url: str
    key: str
    history: History
    acked: "queue.SimpleQueue[tuple[str, float]] | None" = None
    stop: threading.Event = field(default_factory=threading.Event)
    # Its own context for certificates would cost more than all calls of a run; nothing here is encrypted.
    http: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False, timeout=TIMEOUT_S), repr=False)  # noqa: S501

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def send(self, parcel: Parcel) -> None:
        """Sends a parcel once, or twice when it says so; a twice-sent one must be answered alike."""
        for _ in range(2 if parcel.again else 1):
            if parcel.way == "upload":
                self.upload(parcel.facts)
            else:
                self.push(parcel.facts)

    def push(self, facts: list[Fact]) -> None:
        """POST /v1/facts; whatever is no clear answer leaves the rows unknown."""
        answer = self._call("POST", "/v1/facts", json={"mode": "continue", "facts": facts})
        if answer is None or answer.status_code >= 500 or answer.status_code in (408, 429):
            self.history.tell(self.provider, facts, "unknown")
            self.stop.wait(0.3)
        elif answer.is_success:
            results = answer.json()["results"]
            self.history.answer(self.provider, zip(facts, results, strict=True))
            self._sample(results)
        elif answer.status_code == 403:  # not a single row was within the key's scopes
            self.history.tell(self.provider, facts, "rejected")
        else:
            raise AssertionError(f"{answer.status_code} {answer.text[:500]}")

    def upload(self, facts: list[Fact]) -> None:
        """POST /v1/uploads and wait for its end; the rejected rows are fetched, the others are in."""
        body = "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts).encode()
        kind = {"Content-Type": "application/x-ndjson"}
        answer = self._call("POST", "/v1/uploads?format=ndjson", content=body, headers=kind)
        if answer is None or not answer.is_success:
            if answer is not None and answer.status_code < 500:
                raise AssertionError(f"{answer.status_code} {answer.text[:500]}")
            self.history.tell(self.provider, facts, "unknown")
            return
        path = f"/v1/uploads/{answer.json()['id']}"
        ended = self._until_done(path)
        refused = self._rejected(f"{path}/rejected") if sum(ended["rows"].get(k) or 0 for k in _NOT_IN) else {}
        self.history.answer(
            self.provider,
            [(fact, refused.get(line, {"status": "acked"})) for line, fact in enumerate(facts, start=1)],
        )

    def _until_done(self, path: str) -> dict[str, Any]:
        for _ in poll_until(PATIENCE_S, 0.1):
            answer = self._call("GET", path)
            if answer is not None and answer.is_success:
                found: dict[str, Any] = answer.json()
                if found["state"] == "refused":
                    raise AssertionError(f"an upload was refused: {found}")
                if found["state"] == "done":
                    return found
        raise GaveUp(f"{path} is not done after {PATIENCE_S:.0f} s")

    def _rejected(self, path: str) -> dict[int, dict[str, str]]:
        for _ in poll_until(PATIENCE_S, 0.1):
            answer = self._call("GET", path)
            if answer is not None and answer.is_success:
                found = [json.loads(line) for line in answer.text.splitlines() if line]
                return {row["line"]: {"status": _status(row["code"]), "code": row["code"]} for row in found}
        raise GaveUp(path)

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        """One call; None when it is not known what became of it. What was surely never sent is sent again."""
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        for _ in poll_until(PATIENCE_S, 0.1):
            try:
                return self.http.request(method, self.url + path, headers=headers, **more)
            except httpx.ConnectError:
                continue
            except httpx.HTTPError:
                return None
        raise GaveUp(f"nobody listened at {path} for {PATIENCE_S:.0f} s")

    def _sample(self, results: list[dict[str, Any]]) -> None:
        accepted = [r["position"] for r in results if r["status"] == "accepted" and r.get("position")]
        if self.acked is not None and accepted:
            self.acked.put((accepted[-1], _now()))


_NOT_IN = ("rejected", "conflict", "retry", "unmatched", "held")


def _status(code: str) -> str:
    if "conflict" in code:
        return "conflict"
    if code.startswith("held-"):
        return "held"
    return "retry" if code in ("account-locked", "retry") else "rejected"


def _now() -> float:
    return time.monotonic()


def paced(parcels: Iterator[Parcel], a_second: float, stop: threading.Event) -> Iterator[Parcel]:
    """The parcels at a steady pace, so that a run has a middle."""
    begun, sent = _now(), 0
    for parcel in parcels:
        if stop.is_set():
            return
        yield parcel
        sent += len(parcel.facts)
        stop.wait(max(0.0, begun + sent / a_second - _now()))
