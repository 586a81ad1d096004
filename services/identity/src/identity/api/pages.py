"""Pages behind the links in our mails, for as long as no cabinet on the web shows them. A GET never changes anything:
scanners of mail open links too."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from common import problems
from common.errors import Refusal
from identity.handlers import registration, secrets
from identity.handlers.desk import Desk
from identity.render import page

PATHS = ("/confirm", "/forgot", "/reset")
_FORM_LIMIT_BYTES = 8 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    routes = Blueprint("pages", __name__)

    @routes.get("/confirm")
    def show_confirm() -> Response:
        return _shown("confirm", token=request.args.get("token", ""))

    @routes.post("/confirm")
    def confirm() -> Response:
        token = _field("token")
        return _done("confirm", lambda: registration.confirm(desk, token))

    @routes.get("/forgot")
    def show_forgot() -> Response:
        return _shown("forgot")

    @routes.post("/forgot")
    def forgot() -> Response:
        email = _field("email")
        return _done("forgot", lambda: secrets.ask_reset(desk, email))

    @routes.get("/reset")
    def show_reset() -> Response:
        return _shown("reset", token=request.args.get("token", ""))

    @routes.post("/reset")
    def reset() -> Response:
        token, new, again = _field("token"), _field("password"), _field("password_again")
        return _done("reset", lambda: secrets.reset(desk, token, new, again), token=token)

    return routes


def _field(name: str) -> str:
    request.max_content_length = _FORM_LIMIT_BYTES
    return request.form.get(name, "")


def _language() -> str:
    asked = request.form.get("lang") if request.method == "POST" else request.args.get("lang")
    spoken = asked or problems.language()
    return spoken if spoken in ("ru", "kk") else "ru"


def _shown(name: str, status: int = 200, **values: object) -> Response:
    defaults = {"token": "", "done": False, "problem": ""}
    html = page(name, _language(), **(defaults | values))
    return Response(html, status, _HEADERS, content_type="text/html; charset=utf-8")


def _done(name: str, work: Callable[[], object], token: str = "") -> Response:
    """The page after its button: done, or what is wrong."""
    try:
        work()
    except Refusal as refusal:
        return _shown(name, refusal.status, token=token, problem=refusal.text(_language()))
    return _shown(name, done=True)
