"""Coming in: registration, sign-in with its second step, a forgotten password, sign-out."""

import re

import flask
from flask import Blueprint, request
from werkzeug.wrappers import Response

from gateway.api.base import Cabinet, form_again, page, say, to, told
from gateway.errors import Refused
from gateway.gateways.centre import Json
from gateway.handlers import sessions

_SECOND = ("second-factor-required", "second-factor-invalid", "second-factor-failed")
_LOCAL = re.compile(r"/(?:ru|kk)/[0-9A-Za-z/?&=._~-]*", re.ASCII)


def blueprint(cabinet: Cabinet) -> Blueprint:
    """The routes."""
    routes = Blueprint("entry", __name__)
    _register(routes, cabinet)
    _sign_in(routes, cabinet)
    _sign_out(routes, cabinet)
    _forgotten(routes, cabinet)
    return routes


def proof_of(form: dict[str, str]) -> Json:
    """Account number and proof as typed: tenge and tiyn in two fields, or one sum with a comma; or a one-time code."""
    found: Json = {"account": form.get("account", "").strip()}
    if code := form.get("one_time_code", "").strip():
        return found | {"one_time_code": code}
    whole, part = form.get("tenge", "").strip(), form.get("tiyn", "").strip()
    found["last_payment_amount"] = whole if "," in whole or "." in whole else f"{whole},{part}"
    if paid_on := form.get("last_payment_date", "").strip():
        found["last_payment_date"] = _iso(paid_on)
    return found


def _iso(typed: str) -> str:
    """A day as a browser's date field gives it, or as it is written here: 25.11.2026."""
    day, _, rest = typed.partition(".")
    month, _, year = rest.partition(".")
    return f"{year}-{month:0>2}-{day:0>2}" if year else typed


def _register(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/register")
    def register() -> Response:
        return page("register.html", typed={}, problem=None, asks_date=False)

    @routes.post("/register")
    def registered() -> Response:
        form = request.form.to_dict()
        names = ("user_name", "email", "password", "password_again")
        body: Json = {name: form.get(name, "") for name in names} | {"language": flask.g.lang} | proof_of(form)
        try:
            cabinet.centre.send("identity", "POST", "/v1/registrations", cabinet.stranger(), body)
        except Refused as refused:
            asks = refused.code == "payment-date-required" or "last_payment_date" in form
            return form_again("register.html", refused, asks_date=asks)
        return page("sent.html", email=body["email"])

    @routes.post("/register/resend")
    def resend() -> Response:
        email = request.form.get("email", "")
        cabinet.centre.send("identity", "POST", "/v1/registrations/resend", cabinet.stranger(), {"email": email})
        return page("sent.html", email=email, again=True)


def _sign_in(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/sign-in")
    def sign_in() -> Response:
        return page("sign-in.html", typed={}, problem=None, next=_way(request.args.get("next", "")))

    @routes.post("/sign-in")
    def signed_in() -> Response:
        login, password, way = (request.form.get(name, "") for name in ("login", "password", "next"))
        try:
            return _opened(cabinet, {"login": login, "password": password}, way)
        except Refused as refused:
            if refused.code in _SECOND:
                aside = sessions.put_aside(cabinet.keeper, login=login, password=password)
                return page("second-step.html", aside=aside, next=_way(way), problem=None)
            return form_again("sign-in.html", refused, next=_way(way))

    @routes.post("/sign-in/second-step")
    def second_step() -> Response:
        aside, way = request.form.get("aside", ""), request.form.get("next", "")
        known = sessions.taken_up(cabinet.keeper, aside)
        try:
            return _opened(cabinet, known | {"code": request.form.get("code", "").strip()}, way)
        except Refused as refused:
            return page("second-step.html", refused.status, aside=aside, next=_way(way), problem=refused)


def _opened(cabinet: Cabinet, credentials: Json, way: str) -> Response:
    answer = cabinet.centre.send("identity", "POST", "/v1/sessions", cabinet.stranger(), credentials)
    cookie = sessions.open_session(cabinet.keeper, answer)
    flask.session.clear()  # the form's token of before belongs to a stranger
    found = flask.redirect(_way(way) or flask.url_for("accounts.mine"), 303)
    found.set_cookie(cabinet.cookie, cookie, secure=cabinet.config.cookie_secure, httponly=True, samesite="Lax")
    return found


def _way(asked: str) -> str:
    """Where to go after signing in: a page of ours, or nowhere."""
    return asked if _LOCAL.fullmatch(asked) and "//" not in asked else ""


def _sign_out(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.post("/sign-out")
    def sign_out() -> Response:
        """Ends the session here and at identity, and has the browser forget what it kept of our pages."""
        cookie = request.cookies.get(cabinet.cookie, "")
        try:
            cabinet.centre.call("identity", "DELETE", "/v1/sessions/current", cabinet.reader())
        finally:
            sessions.close_session(cabinet.keeper, cookie)
        flask.session.clear()
        told(say("You are signed out."))
        answer = to("entry.sign_in")
        answer.delete_cookie(cabinet.cookie, secure=cabinet.config.cookie_secure, httponly=True, samesite="Lax")
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer


def _forgotten(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/forgot")
    def forgot() -> Response:
        return page("forgot.html", sent=False)

    @routes.post("/forgot")
    def forgotten() -> Response:
        body = {"email": request.form.get("email", "")}
        cabinet.centre.send("identity", "POST", "/v1/password-resets", cabinet.stranger(), body)
        return page("forgot.html", sent=True)

    @routes.get("/reset")
    def reset() -> Response:
        return page("reset.html", token=request.args.get("token", ""), problem=None)

    @routes.post("/reset")
    def new_password() -> Response:
        body = {name: request.form.get(name, "") for name in ("token", "password", "password_again")}
        try:
            cabinet.centre.send("identity", "POST", "/v1/password-resets/confirm", cabinet.stranger(), body)
        except Refused as refused:
            return page("reset.html", refused.status, token=body["token"], problem=refused)
        told(say("The password is changed. Sign in with the new one."))
        return to("entry.sign_in")
