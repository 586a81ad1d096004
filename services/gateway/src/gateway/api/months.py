"""Month by month: the plots with their tables, one month's bill, and why it differs from another."""

import re
from typing import Any

import flask
from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from common.money import format_amount, print_amount
from gateway.api.accounts import own
from gateway.api.base import Cabinet, number_of, page, private, say
from gateway.errors import Refused
from gateway.gateways.centre import Json
from gateway.render import formats
from gateway.render.plots import Group, Plot, beside, stacked

_PERIOD = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])", re.ASCII)
_SHOWN = 12
_PARTS = 6
_READ = 200


def blueprint(cabinet: Cabinet) -> Blueprint:
    """The routes."""
    routes = Blueprint("months", __name__)

    @routes.get("/accounts/<number>/months")
    @private(cabinet)
    def months(number: str) -> Response:
        account, path = own(cabinet, number_of(number)), f"/v1/accounts/{number}"
        found: list[Json] = cabinet.get("ledger", f"{path}/periods")["periods"]
        charges, data = _charges(cabinet, path), cabinet.get("ledger", path)
        metered = _metered(charges, data["services"])
        chosen = request.args.get("service", "")
        chosen = chosen if chosen in metered else next(iter(metered), "")
        return page(
            "months.html",
            account=account,
            months=found,
            charged=_charged_plot(charges, data["services"], found),
            metered=metered,
            chosen=chosen,
            consumed=_consumed_plot(charges, _service(data, chosen), found) if chosen else None,
        )

    @routes.get("/accounts/<number>/months/<period>")
    @private(cabinet)
    def bill(number: str, period: str) -> Response:
        if not _PERIOD.fullmatch(period):
            flask.abort(404)
        account, path = own(cabinet, number_of(number)), f"/v1/accounts/{number}"
        found = cabinet.get("ledger", f"{path}/statement", period=period)
        against = request.args.get("against", "")
        against = against if _PERIOD.fullmatch(against) else ""
        return page(
            "bill.html",
            account=account,
            bill=found,
            why=_why(cabinet, path, period, against) if against else _said(found.get("explanation")),
            against=against,
            year_before=f"{int(period[:4]) - 1}{period[4:]}",
        )

    return routes


def _said(explanation: Json | None) -> Json | None:
    """Why the month differs from the one before, as the bill itself says; nothing in the first month."""
    if explanation is None:
        return None
    difference = formats.tiyn(explanation["now"]) - formats.tiyn(explanation["before"])
    return explanation | {"difference": format_amount(difference)}


def _why(cabinet: Cabinet, path: str, period: str, against: str) -> Json | None:
    """Why the month differs from another, or nothing where there is no such month."""
    try:
        return cabinet.get("ledger", f"{path}/statement/explanation", period=period, against=against)
    except Refused as refused:
        if refused.status in (404, 422):
            return None
        raise


def _charges(cabinet: Cabinet, path: str) -> list[Json]:
    """The charges of about two years: as many pages as they take, and no more than five."""
    found: list[Json] = []
    query: dict[str, Any] = {"kind": "charge.posted", "limit": _READ}
    for _ in range(5):
        part = cabinet.get("ledger", f"{path}/entries", **query)
        found += part["entries"]
        if not part.get("next") or len({entry["period"] for entry in found}) > 2 * _SHOWN:
            break
        query["after"] = part["next"]
    return found


def _named(service: Json) -> str:
    return str(service.get(f"name_{g.lang}") or service["service"])


def _charged_plot(charges: list[Json], services: list[Json], months: list[Json]) -> Plot | None:
    """Charges by service: the largest services by name, the others together."""
    periods = sorted({m["period"] for m in months})[-_SHOWN:]
    sums: dict[tuple[str, str], int] = {}
    for entry in charges:
        place = (entry["period"], entry["service"])
        sums[place] = sums.get(place, 0) + formats.tiyn(entry["amount"])
    whole = {s: sum(v for (p, name), v in sums.items() if name == s and p in periods) for _, s in sums}
    largest = sorted(whole, key=lambda s: -whole[s])[:_PARTS]
    if not largest:
        return None
    names = {service["service"]: _named(service) for service in services}
    legend = [names.get(s, s) for s in largest] + ([say("Other services")] if len(whole) > _PARTS else [])
    groups = []
    for period in periods:
        parts = [sums.get((period, s), 0) for s in largest]
        rest = sum(v for (p, s), v in sums.items() if p == period and s not in largest)
        values = [*parts, rest] if len(whole) > _PARTS else parts
        titles = [f"{legend[i]}, {formats.month(period, g.lang)}: {_sum(v)}" for i, v in enumerate(values)]
        groups.append(Group(formats.month_short(period, g.lang), [v / 100 for v in values], titles))
    top = max(sum(max(0, round(v * 100)) for v in group.values) for group in groups)
    return stacked(groups, legend, _sum(top))


def _sum(tiyn: int) -> str:
    return print_amount(tiyn)


def _metered(charges: list[Json], services: list[Json]) -> dict[str, str]:
    """Services that are billed by what was used, with their names."""
    used = {e["service"] for e in charges if e["detail"].get("volume") and e["detail"].get("basis") == "meter"}
    return {s["service"]: _named(s) for s in services if s["service"] in used}


def _service(data: Json, code: str) -> Json:
    found: list[Json] = data["services"]
    return next(service for service in found if service["service"] == code)


def _consumed_plot(charges: list[Json], service: Json, months: list[Json]) -> Plot:
    """What was used, beside the same month a year before."""
    volumes: dict[str, float] = {}
    unit = str((service.get("tariff") or {}).get(f"unit_{g.lang}") or "")
    for entry in charges:
        if entry["service"] == service["service"] and entry["detail"].get("volume"):
            volumes[entry["period"]] = volumes.get(entry["period"], 0.0) + float(entry["detail"]["volume"])
    groups = []
    for period in sorted({m["period"] for m in months})[-_SHOWN:]:
        before = f"{int(period[:4]) - 1}{period[4:]}"
        values = [volumes.get(before, 0.0), volumes.get(period, 0.0)]
        pairs = zip((before, period), values, strict=True)
        titles = [f"{formats.month(p, g.lang)}: {formats.number(round(v, 3))} {unit}" for p, v in pairs]
        groups.append(Group(formats.month_short(period, g.lang), values, titles))
    top = max((v for group in groups for v in group.values), default=0.0)
    return beside(groups, [say("A year before"), say("This year")], f"{formats.number(round(top, 3))} {unit}")
