"""The HTTP door: parse, call one handler, render."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from common.keys import verifier
from common.shortcut import Shortcut
from common.web import create_app
from identity.api import accounts, me, registrations, second_factor, sessions
from identity.api.access import signed_in
from identity.handlers.desk import Desk

_DESCRIPTION = """
Residents of the settlement centre: registration by account number and last payment, sessions, linked accounts.
Access tokens are JWTs (ES256, ten minutes) that all services take; keys stand at `/.well-known/jwks.json`.
"""

_LONGEST = 8 * 1024


def create(desk: Desk) -> Flask:
    """The app of one process."""
    app = create_app(
        "identity",
        "Identity",
        _DESCRIPTION.strip(),
        body_limit_bytes=64 * 1024,
        streaming=(registrations.UNSUBSCRIPTIONS,),
    )
    check = signed_in(desk, verifier(desk.pool))
    app.register_api(registrations.blueprint(desk))
    app.register_api(sessions.blueprint(desk, check))
    app.register_api(me.blueprint(desk, check))
    app.register_api(accounts.blueprint(desk, check))
    app.register_api(second_factor.blueprint(desk, check))
    app.wsgi_app = Shortcut(app.wsgi_app, _LONGEST, sessions.answered(desk))  # type: ignore[method-assign]  # as Flask documents it
    if desk.config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=desk.config.trusted_proxies)  # type: ignore[method-assign]
    return app
