"""From the ledger's values to the JSON of the API: tiyn become decimal strings, absent values stay away."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from common.clock import to_wire
from common.money import format_amount
from ledger.domain.document import printed, rendered
from ledger.domain.mask import masked, masked_address
from ledger.domain.statement import Directory
from ledger.events import said
from ledger.handlers.due import DueView
from ledger.handlers.read import AccountView, IssuedView, StandingView, StatementView
from ledger.store.pages import Posting
from ledger.store.reads import ChangeRow, ReadingRow, Visible

Json = dict[str, Any]

_SUMS = ("opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing", "to_pay")
_ASK = ("name_ru", "name_kk", "phone", "address_ru", "address_kk", "hours")
_PAYMENTS = ("payment.received", "payment.reversed", "advance.applied")


def mine(found: list[tuple[Visible, int]], currency: str) -> Json:
    """The caller's accounts."""
    accounts = [_holder(v) | {"due_now": format_amount(due), "currency": currency} for v, due in found]
    return {"accounts": accounts}


def account(view: AccountView) -> Json:
    """The account's data."""
    base = view.base
    fields = ("building", "flat", "premises", "residents", "area_total", "area_heated")
    data = {name: value for name in fields if (value := getattr(base, name)) is not None}
    _hide(data, view.visible)
    return _holder(view.visible) | {
        **data,
        "numbers": [view.visible.account, *base.numbers],
        "closed": base.closed,
        "services": [_service(name, view) for name in sorted(base.services, key=lambda s: _order(s, view))],
        "meters": [_meter(name, view) for name in sorted(base.meters)],
        "stated": {group: _stated(at, who, view.directory) for group, (at, who) in base.recorded.items()},
    }


def months(visible: Visible, open_: list[said.StatementIssued], closed: list[tuple[Any, ...]]) -> Json:
    """Months with totals, the open ones first."""
    rows = [
        {"period": s.period, "state": "open", "version": 0} | {n: format_amount(getattr(s.totals, n)) for n in _SUMS}
        for s in open_
    ]
    rows += [
        {"period": period, "state": "issued", "version": version}
        | {name: format_amount(amount) for name, amount in zip(_SUMS, amounts, strict=True)}
        for period, version, *amounts in closed
    ]
    return {"account": visible.account, "periods": rows} | _stale(visible.stale_since)


def issued(view: IssuedView) -> bytes:
    """A statement that stands ready, with what came since and what is due now added at its end."""
    came = rendered(view.since) if view.since else _NOTHING.replace(_CUT_OFF, view.cut_off)
    return f'{view.document[:-1]},"since":{came},"due_now":{view.due_now}{_stale_at_end(view.stale_since)}'.encode()


_CUT_OFF = "@"
_NOTHING = rendered(said.Since(_CUT_OFF, [], 0, 0, 0))


def standing(view: StandingView) -> bytes:
    """The statement of a month as it stands, of which nothing is hidden."""
    body = rendered(view.statement).replace('"request":"",', "", 1)
    return f"{body[:-1]}{_stale_at_end(view.stale_since)}".encode()


def _stale_at_end(since: datetime | None) -> str:
    """The end of a document whose closing brace was taken off."""
    return f',"stale_since":"{to_wire(since)}"}}' if since else "}"


def statement(view: StatementView) -> bytes:
    """A statement with what came since and what is due now."""
    came = {"since": view.since, "due_now": view.due_now}
    found: Json = view.statement | came | _stale(view.visible.stale_since)
    _hide(found["base"], view.visible)
    return rendered(found).encode()


def explanation(account: str, period: str, found: said.Explanation) -> bytes:
    """Why a month differs from another, with the facts of each part."""
    services = [_changed(changed) for changed in found.services]
    told = {"against": found.against, "before": found.before, "now": found.now, "difference": found.now - found.before}
    return rendered({"account": account, "period": period, **told, "services": services}).encode()


def _changed(changed: said.Changed) -> Json:
    parts = [
        {"cause": p.cause, "amount": p.amount, "facts": [msgspec.to_builtins(f) for f in p.facts]}
        for p in changed.parts
    ]
    return {**msgspec.to_builtins(changed), "difference": changed.now - changed.before, "parts": parts}


def money(page: Sequence[Posting], directory: Directory) -> Json:
    """Facts about money, and what the services they mention are called."""
    mentioned = {service for posting in page for service, _ in posting.shares}
    return {"entries": [_entry(posting) for posting in page]} | _named(mentioned, directory)


def _named(services: Iterable[str], directory: Directory) -> Json:
    known = [(name, directory.service(name)) for name in sorted(services)]
    return {"services": [{"service": s, "name_ru": n.name_ru, "name_kk": n.name_kk} for s, n in known]}


def _entry(posting: Posting) -> Json:
    found: Json = {
        "kind": posting.kind,
        "counted_in": posting.part,
        "period": posting.period,
        "amount": format_amount(posting.amount),
        "provider": posting.provider,
        "reference": posting.reference,
        "happened_at": to_wire(posting.happened_at),
        "recorded_at": to_wire(posting.recorded_at),
        "detail": msgspec.Raw(printed(posting.detail).encode()),
    }
    if posting.for_period:
        found["for_period"] = posting.for_period
    if posting.kind in _PAYMENTS:
        shares = [{"service": service, "amount": format_amount(amount)} for service, amount in posting.shares]
        return found | {"split": shares}
    return found | {"service": posting.shares[0][0]}


def reading(row: ReadingRow) -> Json:
    """A meter reading."""
    return {
        "taken_on": row.taken_on,
        "value": row.value,
        "source": row.source,
        "provider": row.provider,
        "recorded_at": to_wire(row.recorded_at),
    }


def changes(page: Sequence[ChangeRow], visible: Visible, directory: Directory) -> Json:
    """What providers said of the account's base data, and what the services they mention are called."""
    mentioned = {row.said.service for row in page if row.said.service}
    return {"changes": [_change(row, visible, directory) for row in page]} | _named(mentioned, directory)


def _change(row: ChangeRow, visible: Visible, directory: Directory) -> Json:
    told = {k: v for k, v in msgspec.to_builtins(row.said).items() if k not in ("provider", "effective_from")}
    _hide(told, visible)
    return {
        "kind": row.kind,
        "holds_from": row.holds_from.isoformat(),
        "recorded_at": to_wire(row.recorded_at),
        "said": told,
        "stated": _stated(to_wire(row.recorded_at), row.said.provider, directory),
    }


def due(view: DueView) -> Json:
    """What is due now, for a cashier."""
    visible, directory = view.visible, view.directory
    rows = []
    for row in view.due.rows:
        names = directory.service(row.service)
        named = {"service": row.service, "name_ru": names.name_ru, "name_kk": names.name_kk, "provider": names.provider}
        rows.append(named | {"amount": format_amount(row.amount)})
    shown = {
        "account": visible.account,
        "holder": masked(visible.name) if visible.name else None,
        "street_ru": masked_address(visible.address_ru) if visible.address_ru else None,
        "street_kk": masked_address(visible.address_kk) if visible.address_kk else None,
        "currency": directory.currency,
        "total": format_amount(view.due.total),
        "rows": rows,
        "cut_off": view.cut_off,
        "position": f"account/{visible.account}@{visible.position}",
    }
    return {name: value for name, value in shown.items() if value is not None} | _stale(visible.stale_since)


def _holder(v: Visible) -> Json:
    found: Json = {"account": v.account, "position": f"account/{v.account}@{v.position}"}
    if v.name is not None:
        found |= {"holder": masked(v.name) if v.masked else v.name}
    if v.address_ru is not None and v.address_kk is not None:
        shown = masked_address if v.masked else str
        found |= {"address_ru": shown(v.address_ru), "address_kk": shown(v.address_kk)}
    if v.masked:
        found["masked"] = True
    return found | _stale(v.stale_since)


def _hide(data: Json, visible: Visible) -> None:
    """The flat's number is part of the address."""
    if visible.masked:
        data.pop("flat", None)


def _order(service: str, view: AccountView) -> tuple[int, str]:
    return view.directory.service(service).order, service


def _service(name: str, view: AccountView) -> Json:
    connection, names = view.base.services[name], view.directory.service(name)
    found: Json = {
        "service": name,
        "name_ru": names.name_ru,
        "name_kk": names.name_kk,
        "since": connection.since,
        "stated": _stated(connection.recorded_at, names.provider or connection.provider, view.directory),
    }
    tariff = view.tariffs.get(name)
    return found | ({"tariff": msgspec.to_builtins(tariff)} if tariff else {})


def _meter(name: str, view: AccountView) -> Json:
    device = view.base.meters[name]
    shown = {
        "coefficient": device.coefficient,
        "verified_until": device.verified_until,
        "replacement_planned": device.replacement_planned,
        "digits": device.digits,
        "installed_on": device.installed_on or None,
        "last_reading": reading(view.readings[name]) if name in view.readings else None,
    }
    return {
        "meter": name,
        "service": device.service,
        **{key: value for key, value in shown.items() if value is not None},
        "stated": _stated(device.recorded_at, device.provider, view.directory),
    }


def _stated(recorded_at: str, provider: str, directory: Directory) -> Json:
    """Who said it, when it was recorded, and whom to ask for a change."""
    found: Json = {"recorded_at": recorded_at, "provider": provider}
    known = directory.providers.get(provider)
    if known:
        found |= {name: text for name in _ASK if (text := getattr(known, name))}
    return found


def _stale(since: datetime | None) -> Json:
    return {"stale_since": to_wire(since)} if since else {}
