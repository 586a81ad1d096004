"""Signing in and out, and the public keys of access tokens."""

from typing import TYPE_CHECKING, Any

from flask import Response

from common.web import Routes
from identity.api import models
from identity.api.access import BEARER, SignedIn, answers, caller, caller_of, nothing, reply
from identity.handlers import keyring, sessions
from identity.handlers.desk import Desk
from identity.handlers.sessions import Tokens

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from common.shortcut import Answer

SIGN_IN, REFRESH = "/v1/sessions", "/v1/sessions/refresh"
_KEYS_CACHED_S = 120


def blueprint(desk: Desk, signed_in: SignedIn) -> Routes:
    """The routes."""
    routes = Routes("sessions", __name__)

    @routes.post(SIGN_IN, responses=answers(models.Tokens, 200, 401, 403, 429), summary="Sign in")
    def sign_in(body: models.Credentials) -> Response:
        return _tokens(sessions.sign_in(desk, body.login, body.password, caller(), body.code))

    @routes.post(REFRESH, responses=answers(models.Tokens, 200, 401), summary="Stay signed in")
    def refresh(body: models.RefreshToken) -> Response:
        return _tokens(sessions.refresh(desk, body.refresh_token))

    @routes.get(SIGN_IN, responses=answers(models.Sessions, 200, 401), security=BEARER, summary="List devices")
    def standing() -> Response:
        resident = signed_in()
        listed = [
            models.Session(**session._asdict(), current=session.id == resident.session)
            for session in sessions.standing(desk, resident.user)
        ]
        return reply(models.Sessions(sessions=listed))

    @routes.delete("/v1/sessions/current", responses=answers(None, 204, 401), security=BEARER, summary="Sign out")
    def sign_out() -> Response:
        resident = signed_in()
        sessions.end(desk, resident.user, resident.session)
        return nothing()

    @routes.delete(
        "/v1/sessions/<id>", responses=answers(None, 204, 401, 404), security=BEARER, summary="End a session"
    )
    def end(path: models.SessionPath) -> Response:
        sessions.end(desk, signed_in().user, path.id)
        return nothing()

    @routes.get("/.well-known/jwks.json", responses=answers(models.KeySet, 200), summary="Public keys of access tokens")
    def jwks() -> Response:
        keys = [key.jwk | {"kid": key.kid, "use": "sig", "alg": "ES256"} for key in keyring.published(desk)]
        answer = reply(models.KeySet(keys=keys))
        answer.headers["Cache-Control"] = f"public, max-age={_KEYS_CACHED_S}"
        return answer

    return routes


def answered(desk: Desk) -> "dict[str, Answer]":
    """The calls that are asked most, by their paths, for who asks without Flask; they raise what the handlers raise."""

    def sign_in(body: Any, environ: "WSGIEnvironment") -> bytes:
        asked = models.Credentials.model_validate(body)
        return _json(sessions.sign_in(desk, asked.login, asked.password, caller_of(environ), asked.code))

    def refresh(body: Any, _environ: "WSGIEnvironment") -> bytes:
        asked = models.RefreshToken.model_validate(body)
        return _json(sessions.refresh(desk, asked.refresh_token))

    return {SIGN_IN: sign_in, REFRESH: refresh}


def _json(tokens: Tokens) -> bytes:
    return _model(tokens).model_dump_json().encode()


def _tokens(tokens: Tokens) -> Response:
    return reply(_model(tokens))


def _model(tokens: Tokens) -> models.Tokens:
    return models.Tokens(
        access_token=tokens.access,
        expires_in=tokens.expires_in_s,
        refresh_token=tokens.refresh,
        position=tokens.position,
    )
