"""An issued statement is shown anew on request: the same money, corrected showing, the version before named."""

from typing import Any

from ledger import fold
from tests.integration.ledger.conftest import USER, Ask, Ledger
from tests.support import facts
from tests.support.facts import Log, barriers
from tests.support.waiting import until

ACCOUNT = "100000123"


def reissue(log: Log, version: int = 2, period: str = "2026-10") -> None:
    """Says statement.reissue-requested."""
    why = {"corrects": "residents", "reason": "the house office reported late", "requested_by": "operator-1"}
    log.say("statement.reissue-requested", provider="centre", period=period, version=version, **why)


def money(row: dict[str, Any]) -> list[Any]:
    """A row's sums."""
    return [
        row[part] for part in ("service", "opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing")
    ]


def test_version_two_repeats_the_money_and_names_version_one(running_ledger: Ledger, ask: Ask) -> None:
    """Residents are corrected, an advance and a late payment stay as they were counted; asked twice it is said once."""
    log = Log(ACCOUNT)
    log.open()
    log.pay(500)
    log.charge("heating", 10_000)
    running_ledger.hear([*log.events, *barriers("2026-10")])
    running_ledger.closed("2026-10")
    log.say("account.residents-changed", residents=5, effective_from="2026-10-01")
    log.pay(700, "2026-11")
    reissue(log)
    reissue(log)
    reissue(log, period="2020-01")
    running_ledger.hear(log.events[3:])
    running_ledger.applied(log)
    events = [*log.events[:3], *barriers("2026-10"), *log.events[3:]]
    assert running_ledger.digest() == fold.digest(fold.fold(events, facts.ORDER))
    first, second = running_ledger.said("statement.issued")
    assert [money(row) for row in second["rows"]] == [money(row) for row in first["rows"]]
    assert (second["totals"], second["cut_off"]) == (first["totals"], first["cut_off"])
    assert (first["base"]["residents"], second["base"]["residents"]) == (3, 5)
    assert (second["version"], second["position"]) == (2, 6)
    named = second["reissue"]
    assert (named["version"], named["statement"], named["corrects"]) == (1, first["statement"], "residents")
    assert (named["reason"], named["requested_by"]) == ("the house office reported late", "operator-1")
    assert second["statement"] != first["statement"]
    assert second["hash"] != first["hash"]
    running_ledger.link(ACCOUNT)
    until(lambda: running_ledger.query("SELECT user_id FROM links") == [(USER,)], "the account is linked")
    _, shown, _ = ask(f"/v1/accounts/{ACCOUNT}/statement?period=2026-10")
    assert (shown["version"], shown["reissue"]["statement"]) == (2, first["statement"])
    assert shown["due_now"]["total"] == "88.00"
