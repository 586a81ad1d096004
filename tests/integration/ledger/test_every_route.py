"""P17 for the ledger: each call of the contract, for whom it is, with foreign things and with bad input."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from ledger import app
from tests.integration.ledger.conftest import Ask, Ledger
from tests.support.facts import Log
from tests.support.waiting import until

# What each call needs beside its path; a new call has to say so here.
QUERIES = {
    "/v1/accounts": "",
    "/v1/accounts/{number}": "",
    "/v1/accounts/{number}/periods": "",
    "/v1/accounts/{number}/statement": "?period=2026-10",
    "/v1/accounts/{number}/statement/explanation": "?period=2026-10",
    "/v1/accounts/{number}/entries": "",
    "/v1/accounts/{number}/payments": "",
    "/v1/accounts/{number}/meters/{meter}/readings": "",
    "/v1/accounts/{number}/changes": "",
    "/v1/accounts/{number}/export": "",
}
AGENTS = {"/v1/agents/accounts/{number}/due": ""}
PAGED = ("/entries", "/payments", "/changes", "/meters/M-1/readings")


class Own(NamedTuple):
    """An account and whose it is."""

    log: Log
    user: str
    other: str


@pytest.fixture(scope="module")
def own(town: Ledger) -> Own:
    """An account with a month, a meter and a link; and a signed-in stranger."""
    log, user = town.new()
    log.open()
    log.say("meter.installed", meter="M-1", service="water", effective_from="2026-08-01")
    log.charge("water", 700)
    town.hear(log.events)
    town.link(log.account, user)
    town.applied(log)
    until(lambda: town.query("SELECT FROM links WHERE user_id = %s", user) != [], "the account is linked")
    return Own(log, user, town.new()[1])


def paths(ask_town: Ask) -> Iterator[str]:
    """Every path of the OpenAPI document with its operations: the ledger only reads."""
    for path, methods in ask_town("/openapi.json")[1]["paths"].items():
        assert set(methods) == {"get"}, path
        yield path


def filled(path: str, number: str) -> str:
    """The path for an account, with what the call needs."""
    return path.replace("{number}", number).replace("{meter}", "M-1") + QUERIES[path]


def test_every_route_stands_in_the_contract_and_here(town: Ledger, ask_town: Ask) -> None:
    """A new route must say what it needs, and is in the matrix from then on."""
    assert set(paths(ask_town)) == QUERIES.keys() | AGENTS.keys()
    flask = app.flask_app(town.config)
    flask.extensions["reading"].close()
    flask.extensions["arrivals"].close()
    served = {re.sub("<(?:[a-z]+:)?([^>]+)>", r"{\1}", rule.rule) for rule in flask.url_map.iter_rules()}
    assert {path for path in served if path.startswith("/v1/")} == QUERIES.keys() | AGENTS.keys()


def test_the_owner_is_answered_and_nobody_else(own: Own, ask_town: Ask) -> None:
    """200 for the one it is linked to, 401 without a good token, and a payment agent's key opens nothing here."""
    for path in QUERIES:
        assert ask_town(filled(path, own.log.account), user=own.user)[0] == 200, path
        for credential in ("", "Bearer", "Bearer none", "Bearer kgood.secret", "Basic dTpw"):
            assert ask_town(filled(path, own.log.account), Authorization=credential)[0] == 401, path


def test_a_foreign_account_answers_like_a_missing_one_on_every_route(own: Own, ask_town: Ask) -> None:
    """Bad input 36: in the path, as an increased number, and with Read-After; body and headers are the same."""
    for path in QUERIES:
        if "{number}" not in path:
            continue
        answers = []
        for number in (own.log.account, "399999998", "999"):
            status, body, headers = ask_town(filled(path, number), user=own.other, Read_After=f"account/{number}@9999")
            body.pop("instance")
            answers.append((status, body, sorted(name for name, _ in headers)))
        assert answers[0][0] == 404, path
        assert answers[0] == answers[1] == answers[2], path


def test_ids_elsewhere_than_in_the_path_open_nothing(own: Own, ask_town: Ask) -> None:
    """An account in the query is refused, in headers it is ignored."""
    path = "/v1/accounts/999"
    assert ask_town(f"{path}?number={own.log.account}", user=own.other)[0] in (404, 422)
    headers = {"X-User-Id": own.user, "X-Account": own.log.account, "X-Original-URL": f"/v1/accounts/{own.log.account}"}
    given = {name.replace("-", "_"): text for name, text in headers.items()}
    assert ask_town(f"/v1/accounts/{own.log.account}", user=own.other, **given)[0] == 404
    assert ask_town("/v1/accounts", user=own.other, **given)[1] == {"accounts": []}


BAD_PAGES = ("limit=1000000000", "limit=201", "limit=0", "limit=-1", "limit=x", "offset=-1", "sort=name", "after=",
             "after=x", "after=%00", "after=" + "W" * 5000, "limit=1&limit=1000", "LIMIT=5")  # fmt: skip


@pytest.mark.parametrize("query", BAD_PAGES, ids=range(len(BAD_PAGES)))
def test_pages_are_asked_for_properly_or_refused(own: Own, ask_town: Ask, query: str) -> None:
    """Bad input 37: 422 with a problem document, or the parameter counts as given once; never 500."""
    for path in PAGED:
        status, body, _ = ask_town(f"/v1/accounts/{own.log.account}{path}?{query}", user=own.user)
        assert status == (200 if query.startswith("limit=1&") else 422), (path, query)
        assert status == 200 or body["code"]


BAD_TEXTS = (
    "'; DROP TABLE entries; --",
    "%",
    "%25%27",
    "\\",
    "x" * 10_000,
    "%00",
    "%F0%9F%92%A9",
    "%FF",
    "../../etc",
    "{{7*7}}",
)


@pytest.mark.parametrize("text", BAD_TEXTS, ids=range(len(BAD_TEXTS)))
def test_texts_are_data(own: Own, ask_town: Ask, text: str) -> None:
    """Bad input 38: as number, month, service, kind or meter they are refused or find nothing."""
    account = f"/v1/accounts/{own.log.account}"
    asked = [f"{account}/entries?service={text}", f"{account}/entries?kind={text}", f"{account}/entries?period={text}",
             f"{account}/statement?period={text}", f"{account}/statement?period=2026-10&as-of={text}",
             f"{account}/meters/{text}/readings", f"/v1/accounts/{text}",
             f"{account}/export?format={text}"]  # fmt: skip
    for path in asked:
        status, body, _ = ask_town(path.replace(" ", "%20"), user=own.user)
        assert status in (404, 422), (path, status)
        assert isinstance(body, dict)


def test_read_after_is_read_strictly(own: Own, ask_town: Ask) -> None:
    """A broken position is 400; one of somebody else is never waited for."""
    path = f"/v1/accounts/{own.log.account}"
    for position in ("x", "account/1", "user/@1", "account/1@-1", "account/1@99999999999999", "'; --"):
        assert ask_town(path, user=own.user, Read_After=position)[0] == 400, position
    assert ask_town(path, user=own.user, Read_After=f"user/{own.other}@99, account/999@99")[0] == 200


def test_other_methods_are_refused(own: Own, town: Ledger, ask_town: Ask) -> None:
    """Bad input 43: 405 with what is allowed."""
    flask = app.flask_app(town.config)
    client = flask.test_client()
    for path in QUERIES:
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
            answer: Any = client.open(filled(path, own.log.account), method=method)
            assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True), (method, path)
    flask.extensions["reading"].close()
    flask.extensions["arrivals"].close()
