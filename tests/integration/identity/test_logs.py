"""P20: logs carry no secrets and no personal data, whatever goes wrong."""

import json
import re
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.processes import start, until
from tests.integration.identity.town import PASSWORD, Town, json_of

CANARY = "qanareya77"
MAIL = f"{CANARY}@example.kz"


@pytest.fixture
def town(towns: MakeTown) -> Town:
    """A town of the test's own: its tables are broken on purpose."""
    return towns()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Web:
    """The real web process with its log."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.port, self.process, self.log = port, process, log

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """One call; returns the status, 0 when nobody answers."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(  # our own address
            f"http://127.0.0.1:{self.port}{path}",
            data,
            {"Content-Type": "application/json", "User-Agent": f"{CANARY}-agent", **headers},
            method=method,
        )
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310  # our own address
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0


@pytest.fixture
def web(town: Town, tmp_path: Path) -> Iterator[Web]:
    """Serving, and ended with the test."""
    port, log = free_port(), tmp_path / "web.log"
    with log.open("wb") as out:
        process = start("web", town.desk.config, out=out, HTTP_PORT=str(port), LOG_LEVEL="DEBUG")
        served = Web(port, process, log)
        until(lambda: served.call("GET", "/.well-known/jwks.json") == 200, "the web answers")
        yield served
        process.terminate()
        process.wait(30)


def operations(town: Town) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of the contract: method, path with canaries, a body whose texts are canaries."""
    document = json_of(town.call("GET", "/openapi.json"))
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            reference = next((part["schema"]["$ref"] for part in content.values()), "")
            fields = schemas.get(reference.rpartition("/")[2], {}).get("properties", {})
            yield method.upper(), re.sub("{[^}]+}", CANARY, path), dict.fromkeys(fields, CANARY)


def test_no_log_line_holds_what_a_person_typed(town: Town, web: Web) -> None:
    """Canaries in every field of every call: refused, accepted, malformed, and failing in the database itself."""
    password = f"{CANARY} {PASSWORD}"
    form = {
        "user_name": CANARY, "email": MAIL, "password": password, "password_again": password,
        "account": town.account("100"), "last_payment_amount": "13500,00",
    }  # fmt: skip
    statuses = [web.call(m, p, b, Authorization=f"Bearer {CANARY}") for m, p, b in operations(town)]
    statuses += [
        web.call(m, p, f"{{{CANARY}".encode()) for m, p, _ in operations(town) if m in ("POST", "PUT", "PATCH")
    ]
    assert web.call("POST", "/v1/registrations", form) == 202
    assert web.call("POST", "/v1/sessions", {"login": CANARY, "password": password}) == 403
    with town.desk.pool.connection() as conn:
        # PostgreSQL would name the whole row, and the text that is no number.
        conn.execute("ALTER TABLE people ADD CONSTRAINT broken CHECK (false) NOT VALID")
        conn.execute("ALTER TABLE sign_in_tries ALTER COLUMN kind TYPE integer USING 1")
    other = form | {"user_name": f"{CANARY}2", "email": f"2{MAIL}"}
    assert web.call("POST", "/v1/registrations", other) == 500
    assert web.call("POST", "/v1/sessions", {"login": CANARY, "password": CANARY}) == 500
    text = web.log.read_text(encoding="utf-8")
    assert ("unexpected error" in text, "broken" in text, "handlers/registration.py" in text) == (True, True, True)
    assert 500 not in statuses
    hits = text.casefold().count(CANARY)
    print(f"\nP20: {len(statuses) + 4} calls, {len(text.splitlines())} lines of log at DEBUG, {hits} canaries")
    assert hits == 0
    assert [line for line in text.splitlines() if line.startswith("{") and not json.loads(line)] == []
