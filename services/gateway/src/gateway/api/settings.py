"""Settings: language, notices, password, e-mail, the second step, devices, what happened, the end of the cabinet."""

from uuid import UUID

import segno
from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from gateway.api.base import Cabinet, page, private, say, to, told
from gateway.errors import Refused
from gateway.gateways.centre import Json
from gateway.handlers import sessions

_PER_PAGE = 50


def blueprint(cabinet: Cabinet) -> Blueprint:
    """The routes."""
    routes = Blueprint("settings", __name__)
    _profile(routes, cabinet)
    _secrets(routes, cabinet)
    _second_factor(routes, cabinet)
    _history(routes, cabinet)
    _closing(routes, cabinet)
    return routes


def _shown(cabinet: Cabinet, refused: Refused | None = None, part: str = "") -> Response:
    status = refused.status if refused else 200
    return page("settings.html", status, me=cabinet.get("identity", "/v1/me"), problem=refused, part=part)


def _profile(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/settings")
    @private(cabinet)
    def show() -> Response:
        return _shown(cabinet)

    @routes.post("/settings/profile")
    @private(cabinet)
    def profile() -> Response:
        notices = {name: name in request.form for name in ("receipt_ready", "sign_in")}
        body: Json = {"language": request.form.get("language", g.lang), "notices": notices}
        cabinet.send("identity", "PATCH", "/v1/me", body)
        told(say("Saved."))
        return to("settings.show")


def _secrets(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.post("/settings/password")
    @private(cabinet)
    def password() -> Response:
        names = ("current_password", "password", "password_again")
        try:
            cabinet.send("identity", "PUT", "/v1/me/password", {name: request.form.get(name, "") for name in names})
        except Refused as refused:
            return _shown(cabinet, refused, "password")
        told(say("The password is changed. All other devices are signed out."))
        return to("settings.show")

    @routes.post("/settings/email")
    @private(cabinet)
    def email() -> Response:
        body = {name: request.form.get(name, "") for name in ("current_password", "email")}
        try:
            cabinet.send("identity", "PUT", "/v1/me/email", body)
        except Refused as refused:
            return _shown(cabinet, refused, "email")
        told(say("We have sent a letter to the new address. It holds as soon as you follow the link in it."))
        return to("settings.show")


def _second_factor(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.post("/settings/second-step/begin")
    @private(cabinet)
    def begin() -> Response:
        body = {"current_password": request.form.get("current_password", "")}
        try:
            made = cabinet.send("identity", "POST", "/v1/me/second-factor", body)
        except Refused as refused:
            return _shown(cabinet, refused, "second-step")
        return _setup(cabinet, sessions.put_aside(cabinet.keeper, secret=made["secret"], uri=made["uri"]))

    @routes.post("/settings/second-step/confirm")
    @private(cabinet)
    def confirm() -> Response:
        aside = request.form.get("aside", "")
        try:
            made = cabinet.send("identity", "POST", "/v1/me/second-factor/confirm", {"code": _code()})
        except Refused as refused:
            return _setup(cabinet, aside, refused)
        return page("recovery-codes.html", codes=made["recovery_codes"])

    @routes.post("/settings/second-step/codes")
    @private(cabinet)
    def codes() -> Response:
        try:
            made = cabinet.send("identity", "POST", "/v1/me/second-factor/recovery-codes", {"code": _code()})
        except Refused as refused:
            return _shown(cabinet, refused, "second-step")
        return page("recovery-codes.html", codes=made["recovery_codes"])

    @routes.post("/settings/second-step/remove")
    @private(cabinet)
    def remove() -> Response:
        body = {"current_password": request.form.get("current_password", ""), "code": _code()}
        try:
            cabinet.send("identity", "POST", "/v1/me/second-factor/remove", body)
        except Refused as refused:
            return _shown(cabinet, refused, "second-step")
        told(say("Signing in asks for no code any more."))
        return to("settings.show")


def _code() -> str:
    return request.form.get("code", "").replace(" ", "").strip()


def _setup(cabinet: Cabinet, aside: str, refused: Refused | None = None) -> Response:
    """The secret as a QR code, which is drawn here: no other host sees it."""
    made = sessions.taken_up(cabinet.keeper, aside, within_s=900)
    drawn = segno.make(made["uri"], error="m").svg_inline(scale=5, omitsize=True, svgclass="qr")
    status = refused.status if refused else 200
    return page("second-step-setup.html", status, secret=made["secret"], drawn=drawn, aside=aside, problem=refused)


def _history(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/settings/devices")
    @private(cabinet)
    def devices() -> Response:
        return page("devices.html", found=cabinet.get("identity", "/v1/sessions")["sessions"])

    @routes.post("/settings/devices/<uuid:ident>/end")
    @private(cabinet)
    def end(ident: UUID) -> Response:
        cabinet.centre.call("identity", "DELETE", f"/v1/sessions/{ident}", cabinet.reader())
        told(say("The device is signed out."))
        return to("settings.devices")

    @routes.get("/settings/activity")
    @private(cabinet)
    def activity() -> Response:
        after = request.args.get("after", "")
        query = {"limit": _PER_PAGE} | ({"after": after} if after.isdigit() else {})
        return page("activity.html", found=cabinet.get("identity", "/v1/me/activity", **query))


def _closing(routes: Blueprint, cabinet: Cabinet) -> None:
    @routes.get("/settings/close")
    @private(cabinet)
    def ask_close() -> Response:
        return page("close.html", problem=None)

    @routes.post("/settings/close")
    @private(cabinet)
    def close() -> Response:
        body = {"current_password": request.form.get("current_password", "")}
        try:
            cabinet.send("identity", "DELETE", "/v1/me", body)
        except Refused as refused:
            return page("close.html", refused.status, problem=refused)
        sessions.close_session(cabinet.keeper, request.cookies.get(cabinet.cookie, ""))
        answer = page("closed.html")
        answer.delete_cookie(cabinet.cookie, secure=cabinet.config.cookie_secure, httponly=True, samesite="Lax")
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer
