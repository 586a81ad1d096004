"""A call that is most of what a service is asked, answered before Flask when nothing about it is unusual."""

import io
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from common import patience, strictjson
from common.telemetry import HTTP_SECONDS
from common.web import ALWAYS_SAID, named

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A JSON body as every client sends it; anything else is for Flask to judge.
_PLAIN = ("application/json", "application/json; charset=utf-8")


class Shortcut:
    """In front of the whole app, for POSTs to one path; `answer` makes the JSON of 200 for a body read strictly.

    Where it gives None or fails the whole app is asked as if nothing had happened: what is refused is refused there. So
    `answer` must be one that may be followed by the same once more.
    """

    def __init__(
        self, whole: "WSGIApplication", path: str, longest_bytes: int, answer: Callable[[Any], bytes | None]
    ) -> None:
        self._whole, self._path, self._longest, self._answer = whole, path, longest_bytes, answer
        self._took = HTTP_SECONDS.labels("POST", path, 200)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """WSGI."""
        if environ["PATH_INFO"] != self._path or not (length := self._plain_length(environ)):
            return self._whole(environ, start_response)
        began = perf_counter()
        body = _read(environ, length)
        ident = named(environ)
        content = self._answered(body)
        if content is None:
            return self._whole(environ, start_response)
        self._took.observe(perf_counter() - began)
        said = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("X-Request-Id", ident)]
        start_response("200 OK", [*said, *ALWAYS_SAID])
        return (content,)

    def _plain_length(self, environ: "WSGIEnvironment") -> int:
        """How long the body is; 0 when anything about the request is not as usual."""
        usual = environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_TYPE") in _PLAIN
        length = environ.get("CONTENT_LENGTH") or ""
        if not usual or "HTTP_TRANSFER_ENCODING" in environ or not (length.isascii() and length.isdigit()):
            return 0
        return int(length) if len(length) < 8 and int(length) <= self._longest else 0

    def _answered(self, body: bytes) -> bytes | None:
        try:
            return self._answer(strictjson.loads(body))
        except Exception:  # noqa: BLE001  # it is met again in the whole app, which knows how to say it
            return None


def _read(environ: "WSGIEnvironment", length: int) -> bytes:
    """The body, left in its place for whoever asks again."""
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    if len(body) == length:
        patience.arrived(environ)
    return body
