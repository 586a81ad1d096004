"""Calls over HTTP that fail with the whole answer, so that a stranger can read what went wrong."""

import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

Found = TypeVar("Found")
PATIENCE_S = 30


class UnexpectedAnswer(Exception):
    """The centre answered something else than the walk expects."""


class Late(Exception):
    """What was awaited did not come in time."""


class Door:
    """One API. `language` is what its problems are told in."""

    def __init__(self, base: str, authorization: str = "", language: str = "en") -> None:
        headers = {"Accept-Language": language} | ({"Authorization": authorization} if authorization else {})
        self._client = httpx.Client(base_url=base, headers=headers, timeout=60)
        weakref.finalize(self, self._client.close)

    def call(self, method: str, path: str, *expected: int, **request: Any) -> httpx.Response:
        """Call and insist on one of the expected statuses; what is accepted but not visible yet is asked for again."""
        until = time.monotonic() + PATIENCE_S
        answer = self._once(method, path, **request)
        while answer.status_code == 503 and "Retry-After" in answer.headers and time.monotonic() < until:
            time.sleep(float(answer.headers["Retry-After"]))
            answer = self._once(method, path, **request)
        if answer.status_code not in expected:
            raise UnexpectedAnswer(f"{method} {answer.request.url} → {answer.status_code}\n{answer.text[:2000]}")
        return answer

    def _once(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **request)
        except httpx.TransportError as error:
            raise UnexpectedAnswer(f"{method} {self._client.base_url}{path}: {error}") from error

    def json(self, method: str, path: str, *expected: int, **request: Any) -> Any:
        """The same, read as JSON."""
        return self.call(method, path, *expected, **request).json()

    def authorize(self, authorization: str) -> None:
        """Show this from now on."""
        self._client.headers["Authorization"] = authorization


def wait_for(what: str, look: Callable[[], Found | None], deadline_s: float = 60, pause_s: float = 0.2) -> Found:
    """Look again and again until something is there, or raise Late."""
    end = time.monotonic() + deadline_s
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > end:
            raise Late(f"{what} did not come within {deadline_s:.0f} s")
        time.sleep(pause_s)
