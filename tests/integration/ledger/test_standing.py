"""An open month is folded once and kept for a moment, never longer than it is true."""

from typing import Any

import psycopg

from tests.conftest import MakeDatabase
from tests.integration.ledger.conftest import Ask, Ledger
from tests.integration.ledger.test_the_road import ACCOUNT, stands
from tests.support.facts import barriers
from tests.support.waiting import until

MONTH = f"/v1/accounts/{ACCOUNT}/statement?period=2026-10"


def test_whatever_changes_an_open_month_is_seen_at_once(running_ledger: Ledger, ask: Ask) -> None:
    """Asked twice it is the same month of a later moment; a fact, a name in the directory, the close show."""
    log = stands(running_ledger)

    def month(path: str = MONTH) -> dict[str, Any]:
        status, body, _ = ask(path)
        assert status == 200, body
        return dict(body)

    first, again = month(), month()
    assert first.pop("cut_off") < again.pop("cut_off")
    assert first.pop("hash") != again.pop("hash")
    assert first == again

    known = len(log.events)
    log.charge("heating", 100)
    running_ledger.hear(log.events[known:])
    running_ledger.applied(log)
    assert month()["due_now"]["total"] == "3341.86"
    assert ask(f"/v1/accounts/{ACCOUNT}/periods")[1]["periods"][0]["to_pay"] == "3341.86"

    running_ledger.service("heating", 1000, version=2)
    until(lambda: month()["rows"][1]["service"] == "heating", "heating comes after what nobody knows")

    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    assert month()["state"] == "issued"
    opened = month(MONTH.replace("-10", "-11"))
    assert (opened["state"], opened["totals"]["opening"]) == ("open", "3341.86")


def test_the_directory_has_a_new_stamp_after_every_transaction_that_touched_it(database: MakeDatabase) -> None:
    """One that began before another committed, too; several changes of one transaction are one."""
    state = "INSERT INTO directory (kind, id, version, data) VALUES ('service', %s, 1, '{}')"
    with psycopg.connect(database("ledger"), autocommit=True) as first, psycopg.connect(first.info.dsn) as second:

        def stamp() -> int:
            row = first.execute("SELECT stamp FROM reference_stamps").fetchone()
            return int(row[0]) if row else 0

        seen = [stamp()]
        second.execute("SELECT pg_current_xact_id(), now()")
        first.execute(state, ["gas"])
        seen.append(stamp())
        for service in ("heating", "lift"):
            second.execute(state, [service])
        second.commit()
        seen.append(stamp())
        first.execute("DELETE FROM directory WHERE id = 'gas'")
        seen.append(stamp())
        first.execute(
            "INSERT INTO split_orders (version, service, place) SELECT max(version), 'gas', 1 FROM split_rules"
        )
        seen.append(stamp())
        assert seen == sorted(set(seen))
