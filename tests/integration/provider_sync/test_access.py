"""P17: every call of the contract against every kind of key, own and foreign objects; an unlisted call fails."""

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from common import clock
from native.paths import ROOT
from provider_sync import api
from provider_sync.config import Config
from provider_sync.handlers import access, acks
from tests.integration.provider_sync.town import ASEL, Town, charge, founded, ndjson, payment
from tests.support import databases
from tests.support.servers import Addresses

_CONTRACT = json.loads((ROOT / "services" / "provider-sync" / "contracts" / "openapi.json").read_text("utf-8"))
CALLS = sorted((method, path) for path, calls in _CONTRACT["paths"].items() for method in calls)
OPEN = {("get", "/.well-known/acknowledgement-keys.json")}
ABSENT = "01890000-0000-7000-8000-000000000000"
# How each call is made; {…} are filled with the objects of almaty-heat, or with ones that are not there.
HOW: dict[tuple[str, str], dict[str, Any]] = {
    ("get", "/v1/accounts"): {"query": "service=heating"},
    ("get", "/v1/acknowledgements"): {},
    ("get", "/v1/acknowledgements/{name}"): {"object": "batch"},
    ("get", "/v1/acknowledgements/{name}/rows"): {"object": "batch"},
    ("get", "/v1/allocations"): {"query": "date=2026-10-12"},
    ("post", "/v1/facts"): {"json": {"facts": [charge("canary-new")]}},
    ("get", "/v1/facts/{reference}"): {"object": "reference"},
    ("get", "/v1/periods/{period}/reconciliation"): {"fixed": {"period": "2026-10"}},
    ("post", "/v1/periods/{period}/submissions"): {
        "fixed": {"period": "2026-10"}, "json": {"services": [{"service": "heating", "count": 1, "sum": "1.00"}]},
    },
    ("post", "/v1/uploads"): {"query": "format=ndjson", "data": ndjson(charge("canary-file"))},
    ("get", "/v1/uploads/{upload}"): {"object": "upload"},
    ("post", "/v1/uploads/{upload}/confirm"): {"object": "upload"},
    ("get", "/v1/uploads/{upload}/differences"): {"object": "upload"},
    ("get", "/v1/uploads/{upload}/held"): {"object": "upload"},
    ("post", "/v1/uploads/{upload}/dismiss"): {"object": "upload"},
    ("get", "/v1/uploads/{upload}/rejected"): {"object": "upload"},
}  # fmt: skip


class Centre:
    """A town with objects of almaty-heat, and keys of every kind."""

    def __init__(self, town: Town, http: FlaskClient) -> None:
        self.town, self.http = town, http
        town.say("halyk-bank", payment("canary-paid", "101"))
        self.upload = town.load("almaty-heat", ndjson(charge("canary-a"), charge("canary-b", "999")))
        acks.seal_due(town.base, timedelta(0))
        self.objects = {"upload": str(self.upload.id), "batch": str(self.upload.id), "reference": "canary-a"}
        self.bad = self._bad_keys()

    def _bad_keys(self) -> dict[str, str]:
        ident, _, secret = self.town.keys["almaty-heat"].bearer.partition(".")
        dead = [access.issue(self.town.base, ASEL, "almaty-heat", ["charges"], f"d{n}", None) for n in range(2)]
        access.revoke(self.town.base, ASEL, dead[0].key.id)
        with psycopg.connect(self.town.url) as conn:
            past = clock.now() - timedelta(seconds=1)
            conn.execute("UPDATE api_keys SET expires_at = %s WHERE id = %s", (past, dead[1].key.id))
        return {
            "nothing": "", "no scheme": f"{ident}.{secret}", "another scheme": f"Basic {ident}.{secret}",
            "an unknown key": f"Bearer kunknown.{secret}",
            "another secret": f"Bearer {ident}.{secrets.token_urlsafe(32)}",
            "another's id": f"Bearer {self.town.key('almaty-lift').id}.{secret}", "no secret": f"Bearer {ident}.",
            "a revoked key": f"Bearer {dead[0].bearer}", "an expired key": f"Bearer {dead[1].bearer}",
            "an operator's key": f"Bearer {self.town.operator}",
            "a resident's token": "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.AAAA",
            "a long one": "Bearer " + "k" * 9000,
            "not ASCII": "Bearer к.л".encode().decode("latin-1"),
        }  # fmt: skip

    def call(self, method: str, path: str, authorization: str, objects: dict[str, str]) -> TestResponse:
        """One call as the contract describes it."""
        how = HOW[method, path]
        named = {"name": "batch", "upload": "upload", "reference": "reference"}
        parts = {word: objects[kind] for word, kind in named.items()} | how.get("fixed", {})
        url = path.format_map(parts) + (f"?{how['query']}" if "query" in how else "")
        headers = {"Authorization": authorization} if authorization else {}
        sent = {name: how[name] for name in ("json", "data") if name in how}
        return self.http.open(url, method=method.upper(), headers=headers, **sent)


@pytest.fixture(scope="module")
def centre(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """One for all calls: they are many, and those that are refused change nothing."""
    package, folder = "provider_sync", tmp_path_factory.mktemp("access")
    template = databases.template_of(servers.postgres, package, databases.shared_tables(package))
    with ExitStack() as stack:
        url = stack.enter_context(databases.copy_of(servers.postgres, template, package))
        town = stack.enter_context(founded(url, folder, "", ["100", "101"]))
        config = Config(url, ack_key_file=folder / "ack.pem")
        yield Centre(town, api.create(town.base, town.spool, config).test_client())


def test_every_call_of_the_contract_is_listed_here() -> None:
    """Whoever adds one says who may call it."""
    assert {(m, p) for m, p in CALLS} == HOW.keys() | OPEN


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call not in OPEN])
def test_no_call_is_open_to_a_bad_key(centre: Centre, method: str, path: str) -> None:
    """Bad inputs 14 and 24: all alike, 401, nothing changed, no secret said back."""
    before = centre.town.one("SELECT count(*) FROM said"), centre.town.one("SELECT count(*) FROM uploads")
    answers = {name: centre.call(method, path, bad, centre.objects) for name, bad in centre.bad.items()}
    assert {name: (a.status_code, a.get_json()["code"]) for name, a in answers.items()} == dict.fromkeys(
        centre.bad, (401, "invalid-api-key")
    )
    assert all("canary" not in a.text for a in answers.values())
    assert before == (centre.town.one("SELECT count(*) FROM said"), centre.town.one("SELECT count(*) FROM uploads"))


@pytest.mark.parametrize("stranger", ["almaty-lift", "halyk-bank", "centre"])
@pytest.mark.parametrize(("method", "path"), [c for c in CALLS if "object" in HOW.get(c, {})])
def test_what_is_anothers_is_answered_like_what_is_not_there(
    centre: Centre, method: str, path: str, stranger: str
) -> None:
    """404 with the same document; its owner is answered otherwise."""
    key = f"Bearer {centre.town.keys[stranger].bearer}"
    absent = {"upload": ABSENT, "batch": ABSENT, "reference": "never-sent"}
    foreign, missing = (centre.call(method, path, key, objects) for objects in (centre.objects, absent))
    assert foreign.status_code == 404
    assert foreign.get_json() | {"instance": ""} == missing.get_json() | {"instance": ""}
    own = centre.call(method, path, f"Bearer {centre.town.keys['almaty-heat'].bearer}", centre.objects)
    assert own.status_code in (200, 409), own.text


@pytest.mark.parametrize("stranger", ["almaty-lift", "halyk-bank", "centre"])
@pytest.mark.parametrize(("method", "path"), [c for c in CALLS if c not in OPEN and "object" not in HOW[c]])
def test_lists_and_writes_reach_only_ones_own(centre: Centre, method: str, path: str, stranger: str) -> None:
    """Nothing of almaty-heat shows, and nothing can be said for it (bad input 23)."""
    answer = centre.call(method, path, f"Bearer {centre.town.keys[stranger].bearer}", centre.objects)
    assert all(word not in answer.text for word in ("canary-a", "canary-b", centre.objects["upload"]))
    if "heating" in json.dumps(HOW[method, path].get("json", "")) or "heating" in HOW[method, path].get("query", ""):
        assert answer.status_code == 403, answer.text
    else:
        assert answer.status_code in (200, 202)


def test_saying_something_for_anothers_service_is_kept_on_record(centre: Centre) -> None:
    """Bad input 23: 403, and the audit names the key."""
    key = centre.town.keys["almaty-lift"]
    answer = centre.call("post", "/v1/facts", f"Bearer {key.bearer}", centre.objects)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "foreign-service")
    assert centre.town.one("SELECT count(*) FROM audit WHERE who = %s AND act = 'facts.forbidden'", key.key.id) >= 1
    assert centre.town.one("SELECT count(*) FROM said WHERE reference = 'canary-new'") == 0
