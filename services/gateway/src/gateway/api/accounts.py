"""The accounts of the cabinet, and what is known of one: with each fact, who said it and who changes it."""

from threading import Lock

import flask
from cachetools import TTLCache, cached
from flask import Blueprint, request
from werkzeug.wrappers import Response

from common.ids import uuid7
from gateway.api.base import Cabinet, form_again, number_of, page, private, say, to, told
from gateway.api.entry import proof_of
from gateway.errors import Refused
from gateway.gateways.centre import Json
from gateway.handlers.sessions import Visit

_PER_PAGE = 50


def blueprint(cabinet: Cabinet) -> Blueprint:
    """The routes."""
    routes = Blueprint("accounts", __name__)
    _list(routes, cabinet)
    _add(routes, cabinet)
    _one(routes, cabinet)
    return routes


def own(cabinet: Cabinet, number: str) -> Json:
    """An account of the cabinet with its nickname; raises Refused (404) for any other.

    What this browser changed is known at once, what others changed within ten seconds. That the account may still be
    seen is asked anew each time, of the service that answers what the page shows of it.
    """
    for linked in (_kept, _linked):
        for account in linked(cabinet, cabinet.visit()):
            if number in (account["account"], account["number"]):
                return account
    raise Refused(404, "not-found", "")


def _linked(cabinet: Cabinet, visit: Visit) -> list[Json]:
    found: list[Json] = cabinet.get("identity", "/v1/me/accounts")["accounts"]
    return found


_kept = cached(TTLCache(1024, 10.0), key=lambda _, visit: (visit.ident, visit.changed_at), lock=Lock())(_linked)


def _list(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/")
    @private(cabinet)
    def mine() -> Response:
        linked = _linked(cabinet, cabinet.visit())
        known = {a["account"]: a for a in cabinet.get("ledger", "/v1/accounts")["accounts"]}
        return page("accounts.html", accounts=[(a, known.get(a["account"])) for a in linked])


def _add(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/accounts/add")
    @private(cabinet)
    def add() -> Response:
        return page("add.html", typed={}, problem=None, asks_date=False, key=str(uuid7()))

    @routes.post("/accounts/add")
    @private(cabinet)
    def added() -> Response:
        form = request.form.to_dict()
        body = proof_of(form) | {"nickname": form.get("nickname", "").strip() or None}
        try:
            answer = cabinet.send("identity", "POST", "/v1/me/accounts", body, form.get("key", ""))
        except Refused as refused:
            asks = refused.code == "payment-date-required" or "last_payment_date" in form
            return form_again("add.html", refused, asks_date=asks, key=str(uuid7()))
        told(say("The account is added."))
        return to("accounts.one", number=answer["account"]["account"])

    @routes.post("/accounts/<number>/name")
    @private(cabinet)
    def rename(number: str) -> Response:
        body = {"nickname": request.form.get("nickname", "").strip() or None}
        cabinet.send("identity", "PATCH", f"/v1/me/accounts/{number_of(number)}", body)
        told(say("The name is changed."))
        return to("accounts.one", number=number)

    @routes.get("/accounts/<number>/remove")
    @private(cabinet)
    def ask_remove(number: str) -> Response:
        return page("remove.html", account=own(cabinet, number_of(number)))

    @routes.post("/accounts/<number>/remove")
    @private(cabinet)
    def remove(number: str) -> Response:
        cabinet.send("identity", "DELETE", f"/v1/me/accounts/{number_of(number)}")
        told(say("The account is no longer in your cabinet. Nothing about the account itself has changed."))
        return to("accounts.mine")


def _one(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/accounts/<number>")
    @private(cabinet)
    def one(number: str) -> Response:
        """What is due now, the last months, and the ways on."""
        account, path = own(cabinet, number_of(number)), f"/v1/accounts/{number}"
        months: list[Json] = cabinet.get("ledger", f"{path}/periods")["periods"]
        bill = cabinet.get("ledger", f"{path}/statement", period=months[0]["period"]) if months else None
        return page("account.html", account=account, months=months[:6], bill=bill)

    @routes.get("/accounts/<number>/data")
    @private(cabinet)
    def data(number: str) -> Response:
        account = own(cabinet, number_of(number))
        return page("data.html", account=account, data=cabinet.get("ledger", f"/v1/accounts/{number}"))

    @routes.get("/accounts/<number>/payments")
    @private(cabinet)
    def payments(number: str) -> Response:
        return _paged(cabinet, "payments.html", number, "payments")

    @routes.get("/accounts/<number>/changes")
    @private(cabinet)
    def changes(number: str) -> Response:
        return _paged(cabinet, "changes.html", number, "changes")

    @routes.get("/accounts/<number>/export.csv")
    @private(cabinet)
    def export(number: str) -> Response:
        path = f"/v1/accounts/{number_of(number)}/export"
        found = cabinet.centre.call("ledger", "GET", path, cabinet.reader(), params={"format": "csv"})
        answer = flask.make_response(found.data)
        for name in ("Content-Type", "Content-Disposition"):
            answer.headers[name] = found.headers.get(name, "")
        return answer


def _paged(cabinet: Cabinet, template: str, number: str, what: str) -> Response:
    account = own(cabinet, number_of(number))
    query = {"limit": _PER_PAGE} | ({"after": after} if (after := request.args.get("after")) else {})
    found = cabinet.get("ledger", f"/v1/accounts/{number}/{what}", **query)
    return page(template, account=account, found=found, names={s["service"]: s for s in found["services"]})
