"""Calls answered before Flask: only when they are as usual, and else as if nobody had looked at them."""

import io
import re
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import Client, TestResponse

from common.errors import Refusal
from common.shortcut import Looks, Said, Shortcut
from common.web import create_app

PATH = "/v1/often"


def said(body: Any, environ: Any) -> bytes:
    """Knows what to say to everything."""
    assert environ["PATH_INFO"] == PATH
    return b'{"way":"short"}'


@pytest.fixture
def client() -> Client:
    """An app that tells what it was sent, behind the shortcut."""
    app = Flask("whole")

    @app.route(PATH, methods=["GET", "POST"])
    @app.route("/v1/other", methods=["POST"])
    def whole() -> dict[str, str]:
        return {"way": "whole", "body": request.get_data(as_text=True)}

    return Client(Shortcut(app.wsgi_app, 100, {PATH: said}))


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
        "wsgi.input": io.BytesIO(b'{"asks":1}'),
    }  # fmt: skip
    assert b"".join(Shortcut(whole, 100, {PATH: said})(environ, lambda *_: None)) == b'{"asks":1}50'  # type: ignore[arg-type]  # a server's part


def test_what_it_raises_is_said_by_the_whole_app_which_does_not_ask_again() -> None:
    """A call counts once, whatever comes of it."""
    asked = []

    def refuses(body: Any, _environ: Any) -> bytes:
        asked.append(body)
        raise Refusal(field="/asks")

    app = create_app("whole", "Whole", "")
    app.post(PATH)(lambda: asked.append("again"))
    app.wsgi_app = Shortcut(app.wsgi_app, 100, {PATH: refuses})  # type: ignore[method-assign]  # as Flask documents it
    answer = app.test_client().post(PATH, json={"asks": 1}, headers={"X-Request-Id": "mine-1234"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "refused")
    assert answer.headers["X-Request-Id"] == "mine-1234"
    assert asked == [{"asks": 1}]


def seen(found: re.Match[str], environ: Any) -> Said | None:
    """Knows February, has nothing for March, and fails in April."""
    if found["month"] == "4":
        raise Refusal(field="/month")
    return Said(b'{"way":"short"}', "v1") if found["month"] == "2" else None


@pytest.fixture
def reader() -> Client:
    """An app behind looks."""
    app = Flask("whole")

    @app.route("/v1/month", methods=["GET", "POST"])
    def whole() -> dict[str, str]:
        return {"way": "whole"}

    return Client(Looks(app.wsgi_app, {"/v1/month": (r"/v1/month\?month=(?P<month>\d)", seen)}))


def test_a_usual_look_is_answered_at_once(reader: Client) -> None:
    """Readers may keep what has a tag."""
    answer = reader.get("/v1/month?month=2", headers={"X-Request-Id": "mine-1234"})
    assert way(answer) == "short"
    assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == ('"v1"', "private, no-cache")
    assert (answer.headers["X-Request-Id"], answer.headers["Vary"]) == ("mine-1234", "Accept-Language")
    assert answer.content_length == len(answer.data)


CONDITIONED: dict[str, dict[str, Any]] = {
    "another query": {"path": "/v1/month?month=2&more=1"},
    "no query": {"path": "/v1/month"},
    "nothing to say": {"path": "/v1/month?month=3"},
    "a refusal": {"path": "/v1/month?month=4"},
    "kept already": {"headers": {"If-None-Match": '"v1"'}},
    "a body": {"data": b"{}"},
    "another method": {"method": "POST"},
}


@pytest.mark.parametrize("what", CONDITIONED)
def test_a_look_with_a_condition_goes_the_whole_way(reader: Client, what: str) -> None:
    """As if it had not been asked."""
    sent: dict[str, Any] = {"path": "/v1/month?month=2", "method": "GET"} | CONDITIONED[what]
    assert way(reader.open(sent.pop("path"), **sent)) == "whole"


def test_what_a_look_raises_is_said_by_the_whole_app_which_does_not_ask_again() -> None:
    """Nobody waits twice for what is away."""
    asked = []
    app = create_app("whole", "Whole", "")
    app.get("/v1/month")(lambda: asked.append("again"))
    app.wsgi_app = Looks(app.wsgi_app, {"/v1/month": (r"/v1/month\?month=(?P<month>\d)", seen)})  # type: ignore[method-assign]  # as Flask documents it
    answer = app.test_client().get("/v1/month?month=4", headers={"X-Request-Id": "mine-1234"})
    assert (answer.status_code, answer.get_json()["code"], asked) == (422, "refused", [])
    assert answer.headers["X-Request-Id"] == "mine-1234"
