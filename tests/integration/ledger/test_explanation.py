"""Why a month differs, in issued statements, in drafts and over HTTP."""

from decimal import Decimal
from typing import Any

from tests.integration.ledger.conftest import STRANGER, Ask, Ledger
from tests.support.facts import Log, barriers
from tests.support.waiting import until

ACCOUNT = "100000123"


def water(log: Log, month: str, volume: int, price: int) -> None:
    """A month of water through the meter."""
    span = {"from": f"{month}-01", "to": f"{month}-28"}
    log.charge("water", volume * price, month, volume=str(volume), tariff=f"{price / 100:.2f}", unit="m3",
               basis="meter", **span)  # fmt: skip


def why(body: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Parts by service and cause."""
    return {s["service"]: {part["cause"]: part["amount"] for part in s["parts"]} for s in body["services"]}


def test_a_statement_says_why_it_differs_and_the_cabinet_asks_for_the_facts(running_ledger: Ledger, ask: Ask) -> None:
    """The first month has nothing to differ from; an open month is compared like an issued one; any two may be."""
    log = Log(ACCOUNT, month="2026-09")
    log.open()
    water(log, "2026-09", 5, 10_000)
    running_ledger.hear([*log.events, *barriers("2026-09", "2026-10-05T13:00:00Z")])
    running_ledger.closed("2026-09")
    known = len(log.events)
    water(log, "2026-10", 7, 10_000)
    log.say("penalty.accrued", service="water", amount=900, posting_period="2026-10", period="2026-10", reference="P-1")
    running_ledger.hear([*log.events[known:], *barriers("2026-10")])
    running_ledger.closed("2026-10")
    known = len(log.events)
    water(log, "2026-11", 7, 12_000)
    running_ledger.hear(log.events[known:])
    running_ledger.link(ACCOUNT)
    running_ledger.applied(log)
    until(lambda: len(running_ledger.query("SELECT FROM links")) == 1, "the account is linked")

    september, october = running_ledger.said("statement.issued")
    assert "explanation" not in september
    (changed,) = october["explanation"]["services"]
    assert changed["parts"] == [{"cause": "volume", "amount": 20_000}, {"cause": "penalty", "amount": 900}]
    assert changed["ru"] == "На 209,00\u00a0₸ больше, чем за 09.2026: больше объём потребления."
    assert changed["kk"] == "09.2026 кезеңінен 209,00\u00a0₸ артық: тұтыну көлемі көбейді."

    path = f"/v1/accounts/{ACCOUNT}/statement/explanation"
    status, body, headers = ask(f"{path}?period=2026-10")
    assert (status, body["against"], why(body)) == (200, "2026-09", {"water": {"volume": "200.00", "penalty": "9.00"}})
    volume, penalty = body["services"][0]["parts"]
    assert [fact["reference"] for fact in volume["facts"]] == [f"cha-{ACCOUNT}-2", f"cha-{ACCOUNT}-3"]
    assert penalty["facts"] == [{"provider": "almaty-heat", "reference": "P-1"}]
    assert Decimal(body["difference"]) == Decimal(body["now"]) - Decimal(body["before"]) == Decimal("209.00")
    assert ask(f"{path}?period=2026-10", If_None_Match=headers["ETag"])[0] == 304

    _, open_month, _ = ask(f"{path}?period=2026-11")
    assert why(open_month) == {"water": {"tariff": "140.00", "penalty": "-9.00"}}
    _, drafted, _ = ask(f"/v1/accounts/{ACCOUNT}/statement?period=2026-11")
    assert why(drafted["explanation"]) == why(open_month)
    _, farther, _ = ask(f"{path}?period=2026-11&against=2026-09")
    assert why(farther) == {"water": {"volume": "200.00", "tariff": "140.00"}}

    assert ask(f"{path}?period=2026-09")[1]["code"] == "period-not-found"
    assert (
        ask(f"{path}?period=2026-10", user=STRANGER)[0]
        == ask("/v1/accounts/999/statement/explanation?period=2026-10")[0]
        == 404
    )
