"""The receipt: which month, in which language, how far it is, to look at, to keep and to print."""

from uuid import UUID

import flask
from flask import Blueprint, request
from werkzeug.wrappers import Response

from common.ids import uuid7
from gateway.api.accounts import own
from gateway.api.base import Cabinet, number_of, page, private, to
from gateway.gateways.centre import Json

_PASSED_ON = ("Content-Type", "Content-Disposition", "ETag", "Content-Length")


def blueprint(cabinet: Cabinet) -> Blueprint:
    """The routes."""
    routes = Blueprint("receipts", __name__)

    @routes.get("/accounts/<number>/receipt")
    @private(cabinet)
    def order(number: str) -> Response:
        account = own(cabinet, number_of(number))
        months: list[Json] = cabinet.get("ledger", f"/v1/accounts/{number}/periods")["periods"]
        chosen = request.args.get("period", "")
        return page("order.html", account=account, months=months, chosen=chosen, key=str(uuid7()))

    @routes.post("/accounts/<number>/receipt")
    @private(cabinet)
    def ordered(number: str) -> Response:
        body: Json = {name: request.form.get(name, "") for name in ("period", "language")}
        path, key = f"/v1/accounts/{number_of(number)}/receipts", request.form.get("key", "")
        found = cabinet.send("receipts", "POST", path, body, key)
        return to("receipts.one", ident=found["id"])

    @routes.get("/receipts/<uuid:ident>")
    @private(cabinet)
    def one(ident: UUID) -> Response:
        """The page asks again by itself, with and without JavaScript, until the receipt stands ready."""
        found = _look(cabinet, ident)
        whole = "HX-Request" not in request.headers
        template = "receipt.html" if whole else "receipt-state.html"
        return page(template, receipt=found, account=own(cabinet, found["account"]) if whole else None)

    @routes.get("/receipts/<uuid:ident>/<name>.pdf")
    @private(cabinet)
    def document(ident: UUID, name: str) -> Response:
        """The PDF itself; `?keep=1` has the browser save it. Nothing of it stays in a cache of this computer."""
        path = f"/v1/receipts/{ident}/document"
        found = cabinet.centre.call("receipts", "GET", path, cabinet.reader())
        answer = flask.make_response(found.data)
        for header in _PASSED_ON:
            if header in found.headers:
                answer.headers[header] = found.headers[header]
        if request.args.get("keep"):
            disposition = answer.headers.get("Content-Disposition", "attachment")
            answer.headers["Content-Disposition"] = disposition.replace("inline", "attachment", 1)
        return answer

    return routes


def _look(cabinet: Cabinet, ident: UUID) -> Json:
    """The receipt's state; a first look waits a moment, for most are ready within it."""
    reader = cabinet.reader()
    answer = cabinet.centre.call("receipts", "GET", f"/v1/receipts/{ident}", reader, headers={"Prefer": "wait=2"})
    found: Json = answer.json()
    return found
