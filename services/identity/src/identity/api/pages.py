"""Pages behind the links in our mails, for as long as no cabinet on the web shows them. A GET never changes anything:
scanners of mail open links too."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from common import problems
from common.errors import Refusal
from identity.handlers import cabinet, email, notices, registration, secrets
from identity.handlers.desk import Desk
from identity.render import page
from identity.store.notices import Answer

PATHS = ("/confirm", "/forgot", "/reset", "/email", "/email-undo", "/link-notice", "/unsubscribe")
_FORM_LIMIT_BYTES = 8 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    routes = Blueprint("pages", __name__)
    buttons: dict[str, Callable[[Desk, str], object]] = {
        "confirm": registration.confirm,
        "email": email.confirm,
        "email-undo": email.undo,
        "unsubscribe": cabinet.unsubscribe,
    }
    for name, work in buttons.items():
        _add_button(routes, desk, name, work)
    _add_passwords(routes, desk)
    _add_question(routes, desk)
    return routes


def _add_button(routes: Blueprint, desk: Desk, name: str, work: Callable[[Desk, str], object]) -> None:
    """A page with one button that does what the link was for."""

    def show() -> Response:
        return _shown(name, token=request.args.get("token", ""))

    def press() -> Response:
        # One click of a mail program (RFC 8058) has the token in the address, our own button in the form.
        token = _field("token") or request.args.get("token", "")
        return _done(name, lambda: work(desk, token))

    routes.add_url_rule(f"/{name}", f"show_{name}", show, methods=["GET"])
    routes.add_url_rule(f"/{name}", f"press_{name}", press, methods=["POST"])


def _add_passwords(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/forgot")
    def show_forgot() -> Response:
        return _shown("forgot")

    @routes.post("/forgot")
    def forgot() -> Response:
        address = _field("email")
        return _done("forgot", lambda: secrets.ask_reset(desk, address))

    @routes.get("/reset")
    def show_reset() -> Response:
        return _shown("reset", token=request.args.get("token", ""))

    @routes.post("/reset")
    def reset() -> Response:
        token, new, again = _field("token"), _field("password"), _field("password_again")
        return _done("reset", lambda: secrets.reset(desk, token, new, again), token=token)


def _add_question(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/link-notice")
    def show_notice() -> Response:
        token = request.args.get("token", "")
        try:
            notice, number = notices.question(desk, token)
        except Refusal as refusal:
            return _shown("link-notice", refusal.status, problem=refusal.text(_language()))
        return _shown("link-notice", token=token, answer=notice.answer or "", number=number)

    @routes.post("/link-notice")
    def answer_notice() -> Response:
        token = _field("token")
        said: Answer = "not-me" if _field("answer") == "not-me" else "known"
        try:
            notice, number = notices.answer(desk, token, said)
        except Refusal as refusal:
            return _shown("link-notice", refusal.status, problem=refusal.text(_language()))
        return _shown("link-notice", token=token, answer=notice.answer or "", number=number)


def _field(name: str) -> str:
    request.max_content_length = _FORM_LIMIT_BYTES
    return request.form.get(name, "")


def _language() -> str:
    asked = request.form.get("lang") if request.method == "POST" else request.args.get("lang")
    spoken = asked or problems.language()
    return spoken if spoken in ("ru", "kk") else "ru"


def _shown(name: str, status: int = 200, **values: object) -> Response:
    defaults = {"token": "", "done": False, "problem": "", "answer": "", "number": ""}
    html = page(name, _language(), **(defaults | values))
    return Response(html, status, _HEADERS, content_type="text/html; charset=utf-8")


def _done(name: str, work: Callable[[], object], token: str = "") -> Response:
    """The page after its button: done, or what is wrong."""
    try:
        work()
    except Refusal as refusal:
        return _shown(name, refusal.status, token=token, problem=refusal.text(_language()))
    return _shown(name, done=True)
