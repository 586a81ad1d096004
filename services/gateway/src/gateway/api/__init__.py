"""The door: pages under /ru and /kk, their headers, and what is shown when something goes wrong."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import flask
import structlog
from babel import negotiate_locale
from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from common.ids import uuid7
from common.timing import measured
from gateway.api import accounts, entry, letters, months, receipts, settings
from gateway.api.base import Cabinet, page, say
from gateway.errors import Refused, SignedOut, Unreachable
from gateway.render import formats
from gateway.render.texts import LANGUAGES

_FORM_LIMIT_BYTES = 64 * 1024
_YEAR_S = 31_536_000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(cabinet: Cabinet) -> Flask:
    """The Flask app of the cabinet."""
    app = Flask("gateway")
    config = cabinet.config
    app.config.update(
        SECRET_KEY=config.gateway_secret,
        MAX_CONTENT_LENGTH=_FORM_LIMIT_BYTES,
        SESSION_COOKIE_NAME="__Host-form" if config.cookie_secure else "form",
        SESSION_COOKIE_SECURE=config.cookie_secure,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=_YEAR_S,
    )
    if hops := config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # as Werkzeug says
    measured(app)
    CSRFProtect(app)
    _languages(app)
    _headers(app)
    _mistakes(app, cabinet)
    for room in (entry, letters, accounts, months, receipts, settings):
        app.register_blueprint(room.blueprint(cabinet), url_prefix="/<any(ru, kk):lang>")
    app.add_url_rule("/", "root", _root)
    return app


def _root() -> Any:
    """The language of the browser, Russian when it names neither."""
    asked = [tag for tag, _ in request.accept_languages]
    found = negotiate_locale(asked, LANGUAGES, sep="-") or "ru"
    return flask.redirect(flask.url_for("accounts.mine", lang=found))


def _languages(app: Flask) -> None:
    @app.url_value_preprocessor
    def take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.lang = (values or {}).pop("lang", None) or _spoken()
        g.request_id = str(uuid7())
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.url_defaults
    def give_language(endpoint: str, values: dict[str, Any]) -> None:
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values.setdefault("lang", g.get("lang", "ru"))

    @app.context_processor
    def words() -> dict[str, Any]:
        lang = g.get("lang", "ru")
        return {
            "_": say,
            "lang": lang,
            "other": "kk" if lang == "ru" else "ru",
            "asset": _asset,
            "named": lambda thing, name="name": thing.get(f"{name}_{lang}") or thing.get(f"{name}_ru") or "",
            "month": lambda period: formats.month(period, lang),
            "in_other": lambda: _in_other(lang),
            "signed_in": "visit" in g,
        }

    for name in ("money", "day", "moment", "number"):
        app.jinja_env.filters[name] = getattr(formats, name)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _spoken() -> str:
    """The language of a page that is not there."""
    return "kk" if request.path.startswith("/kk") else "ru"


def _in_other(lang: str) -> str:
    """The same page in the other language; a form that was sent begins anew."""
    other = "kk" if lang == "ru" else "ru"
    return f"/{other}{request.path[3:]}" if request.path[:4] in (f"/{lang}/", f"/{lang}") else f"/{other}/"


@cache
def _asset(name: str) -> str:
    """A file of `static/` by an address that changes with its content."""
    digest = hashlib.sha256((files("gateway") / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def _headers(app: Flask) -> None:
    @app.after_request
    def give(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        if request.endpoint != "static":
            answer.headers["Cache-Control"] = "no-store"
            answer.headers["Content-Language"] = g.get("lang", "ru")
        return answer


def _mistakes(app: Flask, cabinet: Cabinet) -> None:
    @app.errorhandler(SignedOut)
    def signed_out(mistake: SignedOut) -> Any:
        """To the sign-in page and, after it, back here: only pages that were asked for by GET."""
        back = request.full_path.rstrip("?") if request.method == "GET" else ""
        answer = flask.redirect(flask.url_for("entry.sign_in", next=back or None), 303)
        answer.delete_cookie(cabinet.cookie, secure=cabinet.config.cookie_secure, httponly=True, samesite="Lax")
        return answer

    @app.errorhandler(Unreachable)
    def unreachable(mistake: Unreachable) -> Any:
        return page("trouble.html", 503, title=say("A part of the centre does not answer"), again=True)

    @app.errorhandler(Refused)
    def refused(mistake: Refused) -> Any:
        if mistake.status == 404:
            return page("trouble.html", 404, title=say("There is no such page, or it is not yours to see"))
        again = mistake.status in (429, 503)
        return page("trouble.html", mistake.status, title=mistake.detail or say("That did not work"), again=again)

    @app.errorhandler(CSRFError)
    def forged(mistake: CSRFError) -> Any:
        return page("trouble.html", 400, title=say("The form was open for too long. Open the page anew."), again=True)

    @app.errorhandler(HTTPException)
    def http(mistake: HTTPException) -> Any:
        titles = {404: say("There is no such page, or it is not yours to see"), 413: say("That was too long")}
        answer = page(
            "trouble.html", mistake.code or 500, title=titles.get(mistake.code or 0, say("That did not work"))
        )
        for name, value in mistake.get_headers():
            if name == "Allow":
                answer.headers[name] = value
        return answer
