"""The cabinet's doors when nobody is signed in, when services do not answer, and when somebody tries to be clever."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from common.postgres import open_pool
from gateway.api import create_app
from gateway.api.base import Cabinet
from gateway.app import keeper
from gateway.config import Config
from gateway.gateways.centre import Centre
from tests.conftest import MakeDatabase

SECRET = "a secret of these tests and of nothing else"
PRIVATE = ("/ru/", "/kk/accounts/add", "/ru/accounts/100000123/months", "/ru/settings/devices")
PUBLIC = ("/ru/sign-in", "/kk/register", "/ru/forgot", "/kk/reset?token=x", "/ru/confirm?token=x")


@pytest.fixture
def browser(database: MakeDatabase) -> Iterator[FlaskClient]:
    """A browser at the cabinet, behind which no service answers."""
    nowhere, url = "http://127.0.0.1:1", database("gateway")
    with open_pool(url, "gateway-tests", size=4) as pool, closing(Centre(nowhere, nowhere, nowhere)) as centre:
        config = Config(url, nowhere, nowhere, nowhere, SECRET)
        with create_app(Cabinet(config, keeper(config, pool, centre), centre)).test_client() as client:
            yield client


def sent(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """A form with the token of its page, as a browser sends it."""
    page = client.get(path, base_url="https://cabinet.example").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    headers = {"Referer": f"https://cabinet.example{path}"}
    return client.post(path, data=form | {"csrf_token": token}, base_url="https://cabinet.example", headers=headers)


@pytest.mark.parametrize("path", PRIVATE)
def test_a_stranger_is_led_to_the_sign_in_page_and_back(browser: FlaskClient, path: str) -> None:
    """Whatever private page is asked for."""
    answer = browser.get(path)
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, f"{path[:3]}/sign-in")


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_is_kept_nowhere_and_runs_nothing_of_others(browser: FlaskClient, path: str) -> None:
    """No cache, no inline code, no other host, no frame."""
    answer = browser.get(path, base_url="https://cabinet.example")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
    cookie = answer.headers.get("Set-Cookie", "")
    assert not cookie or all(word in cookie for word in ("__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


def test_a_form_without_its_token_does_nothing(browser: FlaskClient) -> None:
    """Another site cannot send our forms for a resident."""
    answer = browser.post("/kk/sign-in", data={"login": "a", "password": "b"}, base_url="https://cabinet.example")
    assert answer.status_code == 400
    assert "Нысан тым ұзақ ашық тұрды" in answer.text


def test_a_service_that_does_not_answer_is_told_and_nothing_is_lost(browser: FlaskClient) -> None:
    """503 with words in the reader's language; the form's page is a step back."""
    answer = sent(browser, "/ru/sign-in", login="aigerim", password="password of nobody")
    assert answer.status_code == 503
    assert "Часть центра не отвечает" in answer.text
    assert "password of nobody" not in answer.text


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example/ru/",
        "//evil.example",
        "/ru//evil.example",
        "/ru/\r\nSet-Cookie: a=b",
        "/en/",
        "javascript:x",
    ],
)
def test_the_way_after_signing_in_is_only_a_page_of_ours(browser: FlaskClient, way: str) -> None:
    """Neither another site nor another header comes through."""
    page = browser.get("/ru/sign-in", query_string={"next": way})
    assert 'name="next" value=""' in page.text
    assert browser.get("/ru/sign-in", query_string={"next": "/ru/accounts/1"}).text.count("/ru/accounts/1") == 1


def test_a_page_that_is_not_there_says_so(browser: FlaskClient) -> None:
    """Nor is another language; other methods are told which ones there are."""
    assert browser.get("/ru/nowhere").status_code == 404
    answer = browser.put("/ru/sign-in")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert browser.get("/de/sign-in").status_code == 404


def test_the_first_page_is_light(browser: FlaskClient) -> None:
    """Page, style and icon together, uncompressed."""
    weight = 0
    for path in ("/kk/sign-in", "/static/cabinet.css", "/static/icon.svg"):
        with browser.get(path) as part:
            weight += len(part.data)
    assert weight <= 100_000
    with browser.get("/static/cabinet.css") as style:
        assert "max-age=31536000" in style.headers["Cache-Control"]


def test_the_language_is_the_browsers_until_it_is_chosen(browser: FlaskClient) -> None:
    """Kazakh for who prefers it, Russian for who names neither; each page leads to itself in the other language."""
    assert browser.get("/", headers={"Accept-Language": "kk-KZ, ru;q=0.8"}).location == "/kk/"
    assert browser.get("/", headers={"Accept-Language": "de"}).location == "/ru/"
    assert 'href="/kk/register"' in browser.get("/ru/register").text
