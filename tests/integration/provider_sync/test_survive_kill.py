"""kill -9 of the load process in the middle of a file, and a zombie that wakes: nothing is lost, nothing is doubled."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import IO
from uuid import UUID

import pytest

from provider_sync.formats.ndjson import NdjsonFormat
from provider_sync.formats.rows import Totals
from provider_sync.store import uploads
from tests.integration.provider_sync.test_contend import assert_no_gaps
from tests.integration.provider_sync.town import Town, charge, ndjson
from tests.support.waiting import until

ROWS = 6000


def load_process(town: Town, tmp_path: Path) -> subprocess.Popen[bytes]:
    """`python -m provider_sync load`, in small chunks, so that there is a middle."""
    settings = {
        "DATABASE_URL": town.url, "SPOOL_DIR": str(town.spool.folder), "BATCH_ROWS": "100", "LEASE_S": "1",
        "TOPIC_PREFIX": town.base.topic_prefix,
    }  # fmt: skip
    with (tmp_path / "load.log").open("ab") as log:
        command = [sys.executable, "-m", "provider_sync", "load"]
        return subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log)


def accepted(town: Town, ident: UUID) -> int:
    """Rows taken so far."""
    return town.upload("almaty-heat", ident).accepted


@pytest.mark.parametrize("seed", [3])
def test_a_killed_load_is_gone_on_with_by_the_next(town: Town, tmp_path: Path, seed: int) -> None:
    """Three kills on the way; every row once, the counts exact."""
    rows = [charge(f"c{n}", str(100 + n * seed % 20), amount="1.00") for n in range(ROWS)]
    ident = town.send("almaty-heat", ndjson(*rows))
    for share in (0.1, 0.4, 0.7):
        process = load_process(town, tmp_path)
        until(lambda goal=share * ROWS: accepted(town, ident) >= goal, "some rows are taken", 60)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = load_process(town, tmp_path)
    until(lambda: town.upload("almaty-heat", ident).state == "done", "the upload is done", 60)
    process.terminate()
    assert process.wait(15) == 0
    upload = town.upload("almaty-heat", ident)
    assert (upload.accepted, upload.duplicate, upload.rejected, upload.sum_accepted) == (ROWS, 0, 0, 100 * ROWS)
    assert (
        town.one("SELECT count(DISTINCT data::json ->> 'reference') FROM events WHERE type LIKE '%%charge%%'") == ROWS
    )
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'") == ROWS
    assert_no_gaps(town)


def test_a_process_that_lost_its_lease_appends_nothing(town: Town) -> None:
    """The lease is checked in the transaction that appends: a zombie's chunk is rolled back."""
    ident = town.send("almaty-heat", ndjson(*(charge(f"c{n}") for n in range(10))))
    loader = town.loader()
    taken = loader._take

    def late(*args: object) -> None:
        with town.base.pool.connection() as conn:
            conn.execute("UPDATE uploads SET lease = gen_random_uuid()")
        taken(*args)  # type: ignore[arg-type]

    object.__setattr__(loader, "_take", late)
    with pytest.raises(uploads.LeaseLost):
        loader.next(Event())
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'") == 0
    assert accepted(town, ident) == 0


def test_a_long_check_keeps_its_lease(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process finds nothing to take over while the first one reads."""
    ident = town.send("almaty-heat", ndjson(charge("a")))
    first, second = (dataclasses.replace(town.loader(), lease_s=1) for _ in range(2))
    reading, go = Event(), Event()
    totals = NdjsonFormat.totals

    def long(self: NdjsonFormat, file: IO[bytes], stated: bool) -> Totals:
        reading.set()
        assert go.wait(30)
        return totals(self, file, stated)

    monkeypatch.setattr(NdjsonFormat, "totals", long)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(first.next, Event())
        assert reading.wait(10)
        begun = time.monotonic()
        while time.monotonic() < begun + 2.5:
            assert not second.next(Event())
        go.set()
        assert done.result(30)
    assert town.upload("almaty-heat", ident).accepted == 1


def test_a_file_that_keeps_failing_is_given_up_with_a_reason(town: Town) -> None:
    """No endless loop over a file that kills its process."""
    ident = town.send("almaty-heat", ndjson(charge("a")))
    with town.base.pool.connection() as conn:
        conn.execute("UPDATE uploads SET attempts = 5, state = 'appending'")
    assert town.loader().next(Event())
    upload = town.upload("almaty-heat", ident)
    assert (upload.state, upload.problems[0]["code"]) == ("refused", "load-failed")
