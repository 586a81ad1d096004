"""An open month is folded once and kept for a moment, never longer than it is true."""

from typing import Any

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
