"""P11: every request for a receipt ends as one PDF or as a stated failure, whoever dies meanwhile."""

import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from common.ids import uuid7
from receipts.config import Config
from receipts.examples.statements import full_statement
from tests.faults import run
from tests.faults.centre import Centre, running
from tests.faults.keeper import poll_until
from tests.faults.monkey import Monkey
from tests.integration.receipts.house import House, eventually

SEED = 11
VICTIMS = ("receipts-worker", "receipts-worker", "receipts-sweep", "receipts-relay", "redis")


class Outside(House):
    """The other services and a resident, around processes that run elsewhere."""

    def __init__(self, centre: Centre) -> None:
        given = centre.plan.named("receipts-web")
        super().__init__(
            Config(
                database_url=given.environment["DATABASE_URL"],
                kafka_bootstrap_servers=centre.kafka,
                redis_url=centre.servers.redis.url,
                files_dir=given.environment["FILES_DIR"],
            )
        )
        self.http = httpx.Client(base_url=given.public_url or "", timeout=20)
        self._publish_key()

    def close(self) -> None:
        """Ends what was opened here."""
        self.http.close()
        self._producer.close(timeout=5)

    def ask_until_taken(self, user: str, account: str) -> str:
        """The id of the receipt; the same key until the answer is clear."""
        key = str(uuid7())
        for _ in poll_until(60, 0.2):
            try:
                answer = self.ask(user, account, **{"Idempotency-Key": key})
            except httpx.HTTPError:
                continue
            if answer.is_success:
                ident: str = answer.json()["id"]
                return ident
        raise AssertionError(f"no receipt could be asked for {account}")


@contextmanager
def receipts(limit_s: int = 8) -> Iterator[tuple[Centre, Outside]]:
    """All processes of receipts, with a worker that gives a document up after so many seconds."""
    settings = {"SWEEP_EVERY_S": "1", "RENDER_LIMIT_S": str(limit_s), "RENDER_PROCESSES": "2"}
    centre = Centre(run.folder_of(SEED), services=("topics", "receipts-"), settings=settings)
    with running(centre):
        outside = Outside(centre)
        try:
            yield centre, outside
        finally:
            outside.close()
    shutil.rmtree(centre.folder)


@pytest.mark.parametrize(
    ("requests", "kills", "longest_pause_s"),
    [pytest.param(24, 6, 0.8, marks=pytest.mark.slow), pytest.param(600, 33, 0.4, marks=pytest.mark.faults)],
)
@pytest.mark.timeout(7200)
def test_every_request_ends_as_one_pdf_or_a_stated_failure(requests: int, kills: int, longest_pause_s: float) -> None:
    """Workers, sweeper, relay and Redis are killed while residents ask; the full size has three kills of Redis."""
    with receipts() as (centre, outside):
        accounts = {f"8{number:08d}": str(uuid7()) for number in range(requests)}
        for account, user in accounts.items():
            outside.issue(full_statement(account=account))
            outside.link(user, account)
        eventually(lambda: outside.sql("SELECT count(*) FROM statements")[0][0] == requests)
        asked: dict[str, str] = {}
        monkey = Monkey(centre, SEED, kills, VICTIMS, lambda: len(asked) / requests, threading.Event())
        killing = threading.Thread(target=monkey.run)
        killing.start()
        pause = random.Random(SEED)
        for account, user in accounts.items():
            asked[account] = outside.ask_until_taken(user, account)
            monkey.stop.wait(pause.random() * longest_pause_s)
        killing.join()
        assert (monkey.failed, len(monkey.done)) == ([], kills)
        _all_end(outside)
        views = {account: outside.ended(accounts[account], ident) for account, ident in asked.items()}
        _audit(outside, accounts, asked, views)


def _all_end(outside: Outside) -> None:
    """Waits for as long as documents go on ending: a slow machine loses nothing, three minutes without one would."""

    def left() -> int:
        count: int = outside.sql("SELECT count(*) FROM documents WHERE state NOT IN ('ready', 'failed')")[0][0]
        return count

    def fewer(than: int) -> bool:
        return left() < than

    while unfinished := left():
        eventually(partial(fewer, unfinished), timeout_s=180)


def _audit(outside: Outside, accounts: dict[str, str], asked: dict[str, str], views: dict[str, dict[str, Any]]) -> None:
    """One document each, at most three attempts, a PDF behind every `ready`, a reason behind every `failed`."""
    rows = outside.sql("SELECT account, state, attempts FROM documents")
    assert Counter(account for account, _, _ in rows) == Counter(list(accounts))
    assert max(attempts for _, _, attempts in rows) <= 3
    ready = {asked[account] for account, view in views.items() if view["state"] == "ready"}
    eventually(lambda: {data["receipt"] for data in outside.spoken("receipt.rendered")} == ready)
    for account, view in views.items():
        if view["state"] == "ready":
            assert outside.document(accounts[account], asked[account]).content.startswith(b"%PDF"), view
        else:
            assert view["reason"]["code"], view
    print(f"{len(views)} requests: {Counter(view['state'] for view in views.values())}")
