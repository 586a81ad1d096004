"""Routes about a provider's own services: accounts, and what residents paid."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Response, request
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI

from common.money import format_amount
from provider_sync import errors
from provider_sync.api import models
from provider_sync.api.door import Door, answers, json
from provider_sync.domain.world import CLOSED
from provider_sync.handlers import served
from provider_sync.store.heard import Line
from provider_sync.store.keys import Key

_TAG = Tag(name="own services", description="What a utility may know of its services: their accounts, their money.")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def add(app: OpenAPI, door: Door) -> None:
    """All routes of this file."""

    @app.get("/v1/accounts", **answers(models.AccountList, _TAG))
    def accounts(query: models.AccountsQuery) -> Response:
        """The accounts that one of your services is connected to, by number. No names, no addresses.

        Ask again with `after` = `next` until it is null.
        """
        page = served.accounts(door.base, door.key(), query.service, query.after, query.limit)
        found = [
            {
                "account": a.account,
                "other_numbers": a.aliases,
                "closed": a.standing == CLOSED,
                "connected_since": a.since,
            }
            for a in page
        ]
        return json({"accounts": found, "next": page[-1].account if len(page) == query.limit else None})

    @app.get("/v1/allocations", **answers(models.Allocations, _TAG))
    def allocations(query: models.AllocationsQuery) -> Response:
        """What residents paid to you on a day (of Almaty), per account and service, and in total.

        JSON in pages (`after` = `next`), or the whole day as CSV with `Accept: text/csv` or `format=csv`. Reversed
        payments and advances that were applied count on their own day, the former below zero.
        """
        key, day = door.key(), _day(query.date)
        if query.format == "csv" or (query.format is None and request.accept_mimetypes.best == "text/csv"):
            rows = served.every_allocation(door.base, key, day)
            return Response(_csv(day, rows), content_type="text/csv; charset=utf-8")
        return json(_page(day, served.totals(door.base, key, day), _lines(door, key, day, query), query.limit))


def _lines(door: Door, key: Key, day: date, query: models.AllocationsQuery) -> list[Line]:
    account, _, service = query.after.partition("/")
    return served.allocations(door.base, key, day, (account, service), query.limit)


def _page(day: date, totals: list[served.Total], lines: list[Line], limit: int) -> dict[str, Any]:
    last = lines[-1] if len(lines) == limit else None
    return {
        "date": day.isoformat(),
        "total": format_amount(sum(total.amount for total in totals)),
        "services": [{"service": t.service, "amount": format_amount(t.amount), "parts": t.parts} for t in totals],
        "accounts": [line._asdict() | {"amount": format_amount(line.amount)} for line in lines],
        "next": f"{last.account}/{last.service}" if last else None,
    }


def _csv(day: date, lines: Iterator[Line]) -> Iterator[str]:
    yield "date,account,service,amount\r\n"
    for line in lines:
        text = io.StringIO()
        csv.writer(text).writerow([day.isoformat(), _plain(line.account), line.service, format_amount(line.amount)])
        yield text.getvalue()


def _plain(text: str) -> str:
    """No spreadsheet shall take an account number for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise errors.BadParameter("/date", name="date", reason="2026-10-12") from error
