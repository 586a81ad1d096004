"""Calls that are most of what a service is asked, answered before Flask when nothing about them is unusual."""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from socket import IPPROTO_TCP, TCP_CORK, socket
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from common import patience, strictjson
from common.telemetry import HTTP_SECONDS
from common.timing import BEGAN
from common.web import ALWAYS_SAID, KEPT, RAISED, named

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from prometheus_client import Histogram

    Answer = Callable[[Any, WSGIEnvironment], bytes]
    Look = Callable[[re.Match[str], WSGIEnvironment], "Said | None"]

# A JSON body as every client sends it; anything else is for Flask to judge.
_PLAIN = ("application/json", "application/json; charset=utf-8")
# What makes of a look more than a look.
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_TRANSFER_ENCODING")


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
        return _answered(Said(content), ident, environ, start_response)

    def _plain_length(self, environ: "WSGIEnvironment") -> int:
        """How long the body is; 0 when anything about the request is not as usual."""
        usual = environ["REQUEST_METHOD"] == "POST" and environ.get("CONTENT_TYPE") in _PLAIN
        length = environ.get("CONTENT_LENGTH") or ""
        if not usual or "HTTP_TRANSFER_ENCODING" in environ or not (length.isascii() and length.isdigit()):
            return 0
        return int(length) if len(length) < 8 and int(length) <= self._longest else 0


class Said(NamedTuple):
    """The JSON of 200, and its tag when readers may keep it."""

    content: bytes
    tag: str = ""


class Looks:
    """In front of the whole app, for GETs without a body or a condition; `looks` has by route what answers it.

    A pattern is that of path and query together. What answers has to honour Read-After. Its None leaves the call to the
    whole app; what it raises is said by the whole app, which does not ask again.
    """

    def __init__(self, whole: "WSGIApplication", looks: "Mapping[str, tuple[str, Look]]") -> None:
        self._whole = whole
        self._ways = [
            (re.compile(pattern, re.ASCII).fullmatch, look, HTTP_SECONDS.labels("GET", route, 200))
            for route, (pattern, look) in looks.items()
        ]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """WSGI."""
        way = self._way(environ)
        if way is None:
            return self._whole(environ, start_response)
        environ[BEGAN] = began = perf_counter()
        ident = named(environ)
        found, look, took = way
        patience.arrived(environ)
        try:
            said = look(found, environ)
        except Exception as error:  # noqa: BLE001  # the whole app knows how to say it
            environ[RAISED] = error
            said = None
        if said is None:
            return self._whole(environ, start_response)
        took.observe(perf_counter() - began)
        return _answered(said, ident, environ, start_response)

    def _way(self, environ: "WSGIEnvironment") -> "tuple[re.Match[str], Look, Histogram] | None":
        """What answers it; None when anything about the request is not as usual."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("CONTENT_LENGTH") not in (None, "", "0"):
            return None
        if any(condition in environ for condition in _CONDITIONS):
            return None
        asked = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        for match, look, took in self._ways:
            if found := match(asked):
                return found, look, took
        return None


def _answered(said: Said, ident: str, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
    plain = [("Content-Type", "application/json"), ("Content-Length", str(len(said.content))), ("X-Request-Id", ident)]
    kept = [("ETag", f'"{said.tag}"'), ("Cache-Control", KEPT), *ALWAYS_SAID[1:]] if said.tag else ALWAYS_SAID
    start_response("200 OK", [*plain, *kept])
    return _in_one_piece(said.content, environ.get("gunicorn.socket"))


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
