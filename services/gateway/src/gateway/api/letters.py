"""Pages behind the links of letters. A GET never changes anything: scanners of mail open links too."""

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, request
from werkzeug.wrappers import Response

from gateway.api.base import Cabinet, page, say, to, told
from gateway.errors import Refused
from gateway.gateways.centre import Json


@dataclass(frozen=True)
class Errand:
    """What the one button of a page does: the call, the texts of the page, and what is said when it is done."""

    call: str
    title: str
    before: str
    button: str
    done: str


def blueprint(cabinet: Cabinet) -> Blueprint:
    """The routes."""
    routes = Blueprint("letters", __name__)
    for name in ("confirm", "email", "email-undo", "unsubscribe"):
        _button(routes, cabinet, name)
    _question(routes, cabinet)
    return routes


def _errand(name: str) -> Errand:
    """In the reader's language."""
    errands = {
        "confirm": Errand(
            "registrations/confirm",
            say("Confirm the e-mail"),
            say("One press, and your cabinet is open."),
            say("Confirm"),
            say("Your e-mail is confirmed. Sign in."),
        ),
        "email": Errand(
            "email-changes/confirm",
            say("New e-mail"),
            say("Press the button, and the letters of your cabinet come to this address."),
            say("Confirm"),
            say("The e-mail is changed. The old address was told."),
        ),
        "email-undo": Errand(
            "email-changes/undo",
            say("Take the old e-mail back"),
            say("If it was not you who changed it: the old address comes back, and all devices are signed out."),
            say("Take it back"),
            say(
                "The old e-mail is back, all devices are signed out. A letter to it says how to choose a new password."
            ),
        ),
        "unsubscribe": Errand(
            "unsubscriptions",
            say("No more such letters"),
            say("Press the button, and such letters no longer come. In the settings they can be turned on again."),
            say("Do not send them"),
            say("Such letters no longer come."),
        ),
    }
    return errands[name]


def _button(routes: Blueprint, cabinet: Cabinet, name: str) -> None:
    @routes.get(f"/{name}", endpoint=name)
    def show() -> Response:
        return page("letter.html", errand=_errand(name), token=request.args.get("token", ""), problem=None)

    @routes.post(f"/{name}", endpoint=f"{name}-pressed")
    def pressed() -> Response:
        errand, token = _errand(name), {"token": request.form.get("token", "")}
        params, body = (token, None) if name == "unsubscribe" else (None, token)
        try:
            cabinet.centre.call("identity", "POST", f"/v1/{errand.call}", cabinet.stranger(), params=params, json=body)
        except Refused as refused:
            return page("letter.html", refused.status, errand=errand, token="", problem=refused)
        told(errand.done)
        return to("entry.sign_in")


def _question(routes: Blueprint, cabinet: Cabinet) -> None:
    """Somebody else has the account now: are they known to the one who had it before?"""

    def ask(method: str, body: Json | None = None) -> Response:
        token = request.values.get("token", "")
        try:
            notice = cabinet.centre.call(
                "identity", method, f"/v1/link-notices/{quote(token, safe='')}", cabinet.stranger(), json=body
            ).json()
        except Refused as refused:
            return page("link-notice.html", refused.status, notice=None, token="", problem=refused)
        return page("link-notice.html", notice=notice, token=token, problem=None)

    @routes.get("/link-notice")
    def asked() -> Response:
        return ask("GET")

    @routes.post("/link-notice")
    def answered() -> Response:
        return ask("POST", {"answer": "not-me" if request.form.get("answer") == "not-me" else "known"})
