"""kill -9 of PostgreSQL right after an answer: what was accepted is there, what was rejected never is (P9).

The server is a durable one of the test's own; the web process is the real one, and its log is read at the end.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from common.migrations import migrate
from native.databases import create_databases
from native.postgres import Postgres
from native.servers import free_ports
from provider_sync.migrations import SHARED
from tests.integration.provider_sync.town import Row, Town, charge, founded, fresh
from tests.support.waiting import until


@dataclass
class Place:
    """A durable PostgreSQL, a town in it, and the web process before it."""

    postgres: Postgres
    town: Town
    web: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def push(self, *rows: Row, **headers: str) -> tuple[int, Any]:
        """Status and answer of a push by the heat utility."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        signed = {"Authorization": f"Bearer {self.town.keys['almaty-heat'].bearer}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/v1/facts", json.dumps({"facts": rows}), signed | headers)
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if body.startswith(b"{") else body
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9 of the server with all its backends, and a new start."""
        pid = self.postgres.child.pid()
        assert pid is not None
        os.killpg(pid, signal.SIGKILL)
        until(lambda: self.postgres.child.pid() != pid or _reaped(pid), "the server is gone", 20)
        self.postgres.start()
        self.postgres.wait()


def _reaped(pid: int) -> bool:
    """Takes note of the dead child, so that its pid is no longer ours."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Accounts 100 to 119 are open."""
    with ExitStack() as made:
        ports = free_ports()
        postgres = Postgres(tmp_path / "durable", ports.postgres, durable=True, shared_buffers="64MB")
        postgres.start()
        made.callback(postgres.stop)
        postgres.wait()
        create_databases(postgres.url)
        url = f"postgresql://provider_sync:provider_sync@127.0.0.1:{ports.postgres}/provider_sync"
        migrate(url, "provider_sync", SHARED)
        town = made.enter_context(founded(url, tmp_path / "spool", "t.", [str(n) for n in range(100, 120)]))
        log = tmp_path / "web.log"
        settings = {"DATABASE_URL": url, "HTTP_PORT": str(ports.kafka), "SPOOL_DIR": str(tmp_path / "spool")}
        with log.open("wb") as output:
            command = [sys.executable, "-m", "provider_sync", "web"]
            web = subprocess.Popen(command, env=os.environ | settings, stdout=output, stderr=output)
        made.callback(web.wait, 20)
        made.callback(web.terminate)
        here = Place(postgres, town, web, ports.kafka, log)
        until(lambda: _answers(here), "the web answers", 60)
        yield here


def _answers(place: Place) -> bool:
    try:
        return place.push()[0] == 422
    except OSError:
        return False


def accepted_then_killed(place: Place, times: int) -> None:
    """Each accepted fact is there after the server came back, in its place; the same push is a duplicate."""
    positions = {}
    for _ in range(times):
        row = charge(fresh("kept"), amount="1.00")
        status, answer = place.push(row)
        assert (status, answer["results"][0]["status"]) == (200, "accepted")
        positions[row["reference"]] = answer["results"][0]["position"]
        place.kill()
        until(lambda again=row: place.push(again)[0] == 200, "the web has a connection again", 30)  # type: ignore[misc]
        status, answer = place.push(row)
        assert answer["results"][0] | {"position": None} == {
            "reference": row["reference"], "status": "duplicate", "position": None,
        }  # fmt: skip
    with psycopg.connect(place.town.url) as conn:
        stored = conn.execute(
            "SELECT data::json ->> 'reference', 'account/' || stream_id || '@' || version FROM events"
            " WHERE type LIKE '%%charge.posted.v1'"
        ).fetchall()
    assert dict(stored) == positions


def rejected_are_nowhere(place: Place, count: int) -> None:
    """No table holds a word of what was rejected, but for the audit of foreign services: neither store nor outbox."""
    bad: list[Row] = [
        {"account": "999"}, {"amount": "1.5"}, {"service": "lift"}, {"period": "2026-13"}, {"basis": "guess"},
        {"amount": 7}, {"account": "a b"},
    ]  # fmt: skip
    rows = [charge(f"never-{n}", **bad[n % len(bad)]) for n in range(count)]
    for start in range(0, count, 1000):
        status, answer = place.push(*rows[start : start + 1000])
        assert status == 200
        assert {row["status"] for row in answer["results"]} == {"rejected"}
    with psycopg.connect(place.town.url) as conn:
        tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert {"facts", "shapes", "outbox", "said", "unmatched"} <= {name for (name,) in tables}
        for (name,) in tables:
            found = conn.execute(f"SELECT count(*) FROM {name} t WHERE t::text LIKE '%%never-%%'".encode()).fetchone()
            assert found == (0,) or name == "audit", name


def test_accepted_means_durable_and_rejected_means_never(place: Place) -> None:
    """P9, a short run; and bad input 46 in the log of the process: whatever is sent, a line is one JSON object."""
    accepted_then_killed(place, 1)
    rejected_are_nowhere(place, 140)
    hostile = 'x\n{"level":"info"}\x1b[31m\r\u2028'
    place.push(charge(hostile, account=hostile, service=hostile))
    place.push(charge("h", account="100"), **{"X-Request-Id": "evil\t\x1b[2J%0A{}"})
    place.web.terminate()
    place.web.wait(20)
    lines = place.log.read_text(encoding="utf-8").splitlines()
    assert lines
    # The web server has a few plain words of its own; what a sender wrote stands in JSON, escaped.
    assert all(isinstance(json.loads(line), dict) for line in lines if not line.startswith("[20")), lines
    assert "\x1b" not in place.log.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_kills_lose_nothing_and_two_thousand_rejections_leave_nothing(place: Place) -> None:
    """P9 in full."""
    accepted_then_killed(place, 50)
    rejected_are_nowhere(place, 2_000)
