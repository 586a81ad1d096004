"""The account's own data as the ledger answers it, against what the files say of it."""

from decimal import Decimal
from typing import Any

from demo.compare import Difference
from demo.oracle import COLUMNS, totals
from demo.papers import Papers
from demo.walker import Walk

Json = dict[str, Any]


def listed(walk: Walk, accounts: list[str]) -> None:
    """GET /v1/accounts shows exactly the linked ones, with holder and what is due."""
    answer = walk.cabinet.read("/v1/accounts", walk.position)
    rows = {row["account"]: row for row in answer["accounts"]}
    found = _different("accounts", sorted(rows), sorted(accounts))
    books, papers = walk.books(*accounts), walk.papers()
    for account in accounts:
        due = sum(books.due_now(account).values(), Decimal("0.00"))
        found += _different(f"{account} / due now", rows.get(account, {}).get("due_now"), str(due))
        found += _different(
            f"{account} / holder", rows.get(account, {}).get("holder"), papers.of(account).holder["name"]
        )
    walk.insist("GET /v1/accounts differs", found)
    walk.screen.seen(f"{len(rows)} accounts, each with its holder and what is due now")


def checked(walk: Walk, account: str) -> None:
    """GET /v1/accounts/{n} against the files."""
    answer, papers = walk.cabinet.read(f"/v1/accounts/{account}", walk.position), walk.papers().of(account)
    walk.insist(f"GET /v1/accounts/{account} differs", [*_base(answer, papers), *_meters(answer, papers)])
    walk.screen.seen(
        f"{account}: {papers.holder['name']}, {papers.holder['address_kk']}; {len(papers.services)} services,"
        f" {len(papers.meters)} meters"
    )


def periods(walk: Walk, account: str) -> None:
    """GET /v1/accounts/{n}/periods: the totals of each closed month."""
    books = walk.books(account)
    answer = walk.cabinet.read(f"/v1/accounts/{account}/periods", walk.position)
    said = {row["period"]: row for row in answer["periods"]}
    months = [month for month in books.closed if books.statement(account, month)]
    found = _different("closed months", [month for month in months if month not in said], [])
    for month in months:
        sums = totals(books.statement(account, month))
        for column in (*COLUMNS, "to_pay"):
            found += _different(f"{month} / {column}", said.get(month, {}).get(column), str(sums[column]))
    walk.insist(f"GET /v1/accounts/{account}/periods differs", found)
    walk.screen.seen(f"{account}: {len(months)} closed months with the totals of the files")


def _base(answer: Json, papers: Papers) -> list[Difference]:
    holder = papers.holder
    found = _different("holder", answer["holder"], holder["name"])
    for name in ("address_ru", "address_kk"):
        found += _different(name, answer[name], holder[name])
    found += _different("residents", answer["residents"], papers.latest("residents"))
    for name in ("area_total", "area_heated"):
        found += _different(name, Decimal(answer[name]), Decimal(papers.latest(name)))
    return found + _different("services", sorted(row["service"] for row in answer["services"]), sorted(papers.services))


def _meters(answer: Json, papers: Papers) -> list[Difference]:
    said = {row["meter"]: row for row in answer["meters"]}
    found = _different("meters", sorted(said), sorted(papers.meters))
    for number in sorted(said.keys() & papers.meters.keys()):
        meter, last = papers.meters[number], max(papers.readings[number], key=lambda row: row["taken_on"])
        for name in ("service", "verified_until", "replacement_planned"):
            found += _different(f"{number} / {name}", said[number].get(name), meter.get(name))
        found += _different(
            f"{number} / last reading", Decimal(said[number]["last_reading"]["value"]), Decimal(last["value"])
        )
    return found


def _different(where: str, said: object, files: object) -> list[Difference]:
    return [] if said == files else [Difference(where, str(said), str(files))]
