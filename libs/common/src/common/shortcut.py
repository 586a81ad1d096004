"""Calls that are most of what a service is asked, answered before Flask when nothing about them is unusual."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from socket import IPPROTO_TCP, TCP_CORK, socket
from time import perf_counter
from typing import TYPE_CHECKING, Any

from common import patience, strictjson
from common.telemetry import HTTP_SECONDS
from common.timing import BEGAN
from common.web import ALWAYS_SAID, RAISED, named

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Answer = Callable[[Any, WSGIEnvironment], bytes]

# A JSON body as every client sends it; anything else is for Flask to judge.
_PLAIN = ("application/json", "application/json; charset=utf-8")


class Shortcut:
    """In front of the whole app, for POSTs to some paths; an answer is the JSON of 200 for a body read strictly.

    What it raises is said by the whole app, which does not ask again: the call is made once, and refused in one place.
    """

    def __init__(self, whole: "WSGIApplication", longest_bytes: int, answers: "Mapping[str, Answer]") -> None:
        self._whole, self._longest = whole, longest_bytes
        self._ways = {path: (answer, HTTP_SECONDS.labels("POST", path, 200)) for path, answer in answers.items()}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """WSGI."""
        way = self._ways.get(environ["PATH_INFO"])
        if way is None or not (length := self._plain_length(environ)):
            return self._whole(environ, start_response)
        environ[BEGAN] = began = perf_counter()
        body = _read(environ, length)
        if len(body) < length:
            return self._whole(environ, start_response)
        patience.arrived(environ)
        answer, took = way
        ident = named(environ)
        try:
            content = answer(strictjson.loads(body), environ)
        except Exception as error:  # noqa: BLE001  # the whole app knows how to say it
            environ[RAISED] = error
            return self._whole(environ, start_response)
        took.observe(perf_counter() - began)
        said = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("X-Request-Id", ident)]
        start_response("200 OK", [*said, *ALWAYS_SAID])
        return _in_one_piece(content, environ.get("gunicorn.socket"))

    def _plain_length(self, environ: "WSGIEnvironment") -> int:
        """How long the body is; 0 when anything about the request is not as usual."""
        usual = environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_TYPE") in _PLAIN
        length = environ.get("CONTENT_LENGTH") or ""
        if not usual or "HTTP_TRANSFER_ENCODING" in environ or not (length.isascii() and length.isdigit()):
            return 0
        return int(length) if len(length) < 8 and int(length) <= self._longest else 0


def _read(environ: "WSGIEnvironment", length: int) -> bytes:
    """The body, left in its place for whoever asks again."""
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _in_one_piece(content: bytes, connection: socket | None) -> Iterator[bytes]:
    """The web server sends head and body apart, and wakes the reader for each: so the head waits for the body."""
    _hold(connection, 1)
    try:
        yield content
    finally:
        _hold(connection, 0)


def _hold(connection: socket | None, on: int) -> None:
    if connection:
        with suppress(OSError):
            connection.setsockopt(IPPROTO_TCP, TCP_CORK, on)
