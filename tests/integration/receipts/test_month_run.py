"""A closed month for many: in walking order, behind the residents, once, whatever is killed."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from receipts.__main__ import cli
from receipts.errors import NoSuchRun, NothingToMake
from receipts.examples.statements import full_statement
from receipts.gateways.files import Files, Folder
from receipts.handlers import runs
from receipts.handlers.runs import Order
from receipts.store.runs import Run
from tests.integration.receipts.house import House, eventually

Month = Callable[..., list[str]]
_months = iter(f"20{year}-{month:02}" for year in range(40, 99) for month in range(1, 13))


@pytest.fixture
def period() -> str:
    """A month no other test of this worker uses."""
    return next(_months)


@pytest.fixture
def month(house: House, account: str, period: str) -> Month:
    """Issues the month for accounts that live at `(building, flat)`; answers their numbers."""

    def issue(*places: tuple[str, str], version: int = 1) -> list[str]:
        accounts = [f"{account}{n}" for n in range(len(places))]
        for number, (building, flat) in zip(accounts, places, strict=True):
            base = {"building": building, "flat": flat}
            house.issue(full_statement(account=number, period=period, base=base, version=version))
        query = "SELECT count(*) FROM statements WHERE period = %s AND version = %s"
        eventually(lambda: house.sql(query, period, version) == [(len(places),)])
        return accounts

    return issue


def ended(house: House, order: Order) -> Run:
    """The run once no document of it is to be made."""
    run = runs.begin(house.pool, order)
    eventually(lambda: runs.left(house.pool, run) == 0)
    runs.number(house.pool, order)
    return runs.look(house.pool, order)


def handed_out(house: House, run: Run, out: Path) -> list[str]:
    """The names of the files, in their order."""
    output = Folder(out)
    while runs.write_portion(house.pool, Files(Folder(Path(house.config.files_dir))), output, run, size=2):
        pass
    runs.finish(house.pool, output, run)
    return sorted(path.name for path in (out / runs.folder(run)).glob("*.pdf"))


def test_receipts_are_handed_out_in_walking_order_with_a_count_sheet(
    house: House, account: str, period: str, month: Month, tmp_path: Path
) -> None:
    """House 9 before house 10, flat 2 before flat 11; the sheet adds up."""
    near, far = f"{account}-a", f"{account}-b"
    house.build(near, "ул. Абая, 9")
    house.build(far, "ул. Абая, 10")
    eventually(lambda: house.sql("SELECT 1 FROM buildings WHERE id = %s", far))
    made = month((far, "1"), (near, "11"), (near, "2"))
    run = ended(house, Order(period, "kk", "everyone"))
    names = handed_out(house, run, tmp_path)
    assert names == [f"000001_{made[2]}.pdf", f"000002_{made[1]}.pdf", f"000003_{made[0]}.pdf"]
    with (tmp_path / runs.folder(run) / "count-sheet.csv").open(encoding="utf-8-sig", newline="") as file:
        sheet = list(csv.DictReader(file, delimiter=";"))
    assert [(row["building"], row["receipts"]) for row in sheet] == [(near, "2"), (far, "1"), ("total", "3")]
    assert sheet[2]["to pay"] == "34615.23"


def test_what_a_resident_asks_for_later_stands_ready(house: House, user: str, period: str, month: Month) -> None:
    """The run and the cabinet share documents."""
    made = month(("b", "1"))
    ended(house, Order(period, "kk", "everyone"))
    asked = house.ask(user, made[0], period, "kk", **{"Read-After": house.link(user, made[0])})
    assert (asked.status_code, asked.json()["state"]) == (200, "ready")


def test_nobody_who_has_a_cabinet_gets_paper(house: House, user: str, period: str, month: Month) -> None:
    """`paper` is for accounts that stand in no cabinet."""
    made = month(("b", "1"), ("b", "2"))
    house.link(user, made[0])
    eventually(lambda: house.sql("SELECT 1 FROM access WHERE account = %s", made[0]))
    run = ended(house, Order(period, "ru", "paper"))
    assert house.sql("SELECT account FROM run_rows WHERE run = %s", run.id) == [(made[1],)]


def test_a_second_call_makes_only_what_changed(house: House, period: str, month: Month, tmp_path: Path) -> None:
    """A new part holds the corrected statements; with none there is nothing to make."""
    order = Order(period, "ru", "everyone")
    made = month(("b", "1"), ("b", "2"))
    handed_out(house, ended(house, order), tmp_path)
    with pytest.raises(NothingToMake):
        runs.begin(house.pool, order)
    house.issue(full_statement(account=made[1], period=period, version=2))
    eventually(lambda: house.sql("SELECT 1 FROM statements WHERE account = %s AND version = 2", made[1]))
    again = ended(house, order)
    assert (again.part, again.total) == (2, 1)
    assert handed_out(house, again, tmp_path) == [f"000001_{made[1]}.pdf"]


def test_a_paused_run_stands_still_and_goes_on(house: House, period: str, month: Month) -> None:
    """The worker passes it over for a later one, and takes it up when it may."""
    order = Order(period, "ru", "everyone")
    month(("b", "1"), ("b", "2"))
    with house.frozen_worker():
        run = runs.begin(house.pool, order)
        runs.pause(house.pool, order, paused=True)
    ended(house, Order(period, "kk", "everyone"))
    untouched = "SELECT count(*) FROM documents WHERE run = %s AND attempts = 0"
    assert house.sql(untouched, run.id) == [(2,)], "a later run was made, the older paused one was not begun"
    runs.pause(house.pool, order, paused=False)
    eventually(lambda: runs.left(house.pool, run) == 0)


def test_a_run_survives_its_worker_and_makes_nothing_twice(house: House, period: str, month: Month) -> None:
    """kill -9 in the middle of a portion: each account has one document, none is lost."""
    order = Order(period, "ru", "everyone")
    month(*[("b", str(flat)) for flat in range(6)])
    run = runs.begin(house.pool, order)
    eventually(lambda: house.sql("SELECT 1 FROM documents WHERE run = %s AND state = 'ready'", run.id))
    house.kill_worker()
    house.sql("UPDATE documents SET lease_until = now() WHERE run = %s AND state = 'rendering' RETURNING 1", run.id)
    house.start_worker()
    assert runs.begin(house.pool, order).id == run.id
    eventually(lambda: runs.left(house.pool, run) == 0)
    states = house.sql("SELECT state, count(*) FROM documents WHERE period = %s GROUP BY state", period)
    assert states == [("ready", 6)]


def test_the_command_says_what_to_do(house: House, period: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month nobody closed, a run that is not there, a month that is none: a sentence and exit status 1."""
    for name in ("database_url", "kafka_bootstrap_servers", "redis_url", "files_dir", "topic_prefix"):
        monkeypatch.setenv(name.upper(), getattr(house.config, name))
    for command in (["run", period], ["pause", period], ["run", "2026-13"]):
        told = CliRunner().invoke(cli, command)
        assert told.exit_code == 1, told.output
        assert told.stderr.strip(), command
    with pytest.raises(NoSuchRun):
        runs.look(house.pool, Order(period, "ru", "paper"))
