"""A call answered before Flask: only when it is as usual, and else as if nobody had looked at it."""

import io
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import Client, TestResponse

from common.shortcut import Shortcut

PATH = "/v1/often"


def said(body: Any) -> bytes | None:
    """Knows one question; fails at another."""
    if body == {"fails": 1}:
        raise LookupError
    return b'{"way":"short"}' if body == {"asks": "қалай"} else None


@pytest.fixture
def client() -> Client:
    """An app that tells what it was sent, behind the shortcut."""
    app = Flask("whole")

    @app.route(PATH, methods=["GET", "POST"])
    @app.route("/v1/other", methods=["POST"])
    def whole() -> dict[str, str]:
        return {"way": "whole", "body": request.get_data(as_text=True)}

    return Client(Shortcut(app.wsgi_app, PATH, 100, said))


def way(answer: TestResponse) -> str:
    """Which of the two answered."""
    assert answer.status_code == 200
    return str(answer.get_json()["way"])


def test_a_usual_call_is_answered_at_once(client: Client) -> None:
    """With what every answer says, and the request's id."""
    answer = client.post(PATH, json={"asks": "қалай"}, headers={"X-Request-Id": "mine-1234"})
    assert way(answer) == "short"
    assert answer.headers["X-Request-Id"] == "mine-1234"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content_length == len(answer.data)


UNUSUAL: dict[str, dict[str, Any]] = {
    "another path": {"path": "/v1/other"},
    "another type": {"content_type": "text/plain"},
    "another charset": {"content_type": "application/json; charset=cp1251"},
    "too long": {"data": b'{"asks": "' + b"x" * 100 + b'"}'},
    "no body": {"data": b""},
    "not JSON": {"data": b'{"asks": '},
    "a key twice": {"data": b'{"asks": 1, "asks": 1}'},
    "not understood": {"data": b'{"asks": 2}'},
    "fails": {"data": b'{"fails": 1}'},
    "in pieces": {"headers": {"Transfer-Encoding": "chunked"}, "environ_overrides": {"wsgi.input_terminated": True}},
    "length in other digits": {"environ_overrides": {"CONTENT_LENGTH": "\u0661\u0662"}, "data": b""},
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_whatever_is_unusual_goes_the_whole_way_untouched(client: Client, what: str) -> None:
    """Flask reads the very bytes that came."""
    sent: dict[str, Any] = {"path": PATH, "data": b'{"asks": "\xd2\x9b"}', "content_type": "application/json"}
    sent |= UNUSUAL[what]
    answer = client.post(sent.pop("path"), **sent)
    assert way(answer) == "whole"
    assert answer.get_json()["body"].encode() == sent["data"]


def test_a_get_goes_the_whole_way(client: Client) -> None:
    """However it looks otherwise."""
    assert way(client.get(PATH, content_type="application/json")) == "whole"


def test_a_body_that_ends_early_is_left_to_be_refused() -> None:
    """The whole app finds what came, and the length that was announced."""

    def whole(environ: Any, start_response: Any) -> list[bytes]:
        start_response("408 Request Timeout", [])
        return [environ["wsgi.input"].read() + environ["CONTENT_LENGTH"].encode()]

    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": PATH, "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "50",
        "wsgi.input": io.BytesIO(b'{"asks"'),
    }  # fmt: skip
    assert b"".join(Shortcut(whole, PATH, 100, said)(environ, lambda *_: None)) == b'{"asks"50'  # type: ignore[arg-type]  # a server's part
