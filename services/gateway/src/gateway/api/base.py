"""What every page needs: the reader's language, who is signed in, a page with the right headers, a way back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import flask
from flask import g, request
from werkzeug.wrappers import Response

from gateway.config import Config
from gateway.errors import Refused
from gateway.gateways.centre import Centre, Json, Reader
from gateway.handlers import sessions
from gateway.handlers.sessions import Keeper, Visit
from gateway.render.texts import text

P = ParamSpec("P")
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,20}", re.ASCII)


@dataclass(frozen=True)
class Cabinet:
    """What the pages work with."""

    config: Config
    keeper: Keeper
    centre: Centre

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; browsers hold `__Host-` to this very host, whole path and TLS."""
        return "__Host-cabinet" if self.config.cookie_secure else "cabinet"

    def stranger(self) -> Reader:
        """Whoever asks, not signed in."""
        agent = request.headers.get("User-Agent", "")[:200]
        return Reader(g.lang, address=request.remote_addr or "", agent=agent, request_id=g.request_id)

    def visit(self) -> Visit:
        """Who is signed in; raises SignedOut."""
        if "visit" not in g:
            g.visit = sessions.visit(self.keeper, request.cookies.get(self.cookie, ""), self.stranger())
        found: Visit = g.visit
        return found

    def reader(self) -> Reader:
        """Whoever is signed in; raises SignedOut."""
        found, stranger = self.visit(), self.stranger()
        return Reader(g.lang, found.token, found.after, stranger.address, stranger.agent, g.request_id)

    def get(self, service: Any, path: str, **query: Any) -> Json:
        """Reads on behalf of whoever is signed in."""
        return self.centre.get(service, path, self.reader(), **query)

    def send(self, service: Any, method: str, path: str, body: Json | None = None, key: str = "") -> Json:
        """Changes something on behalf of whoever is signed in; what is read next has reached the change."""
        answer = self.centre.send(service, method, path, self.reader(), body, key)
        sessions.changed(self.keeper, self.visit().ident, str(answer.get("position", "")))
        return answer


def say(message: str, **values: object) -> str:
    """A text in the reader's language."""
    return text(g.lang, message, **values)


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page."""
    return flask.make_response(flask.render_template(template, **values), status)


def to(endpoint: str, **values: Any) -> Response:
    """See another page: after a form was taken, so that going back or reloading sends nothing twice."""
    return flask.redirect(flask.url_for(endpoint, **values), 303)


def told(message: str) -> None:
    """Says it on the next page."""
    flask.flash(message)


def form_again(template: str, refused: Refused, **values: Any) -> Response:
    """The form once more, with what was typed and what was wrong with it; passwords are typed anew."""
    kept = {name: value for name, value in request.form.items() if "password" not in name}
    return page(template, refused.status, typed=kept, problem=refused, **values)


def number_of(number: str) -> str:
    """An account number from a path, safe to put into another path; anything else is a page that is not there."""
    if not _NUMBER.fullmatch(number):
        flask.abort(404)
    return number


def private(cabinet: Cabinet) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Pages of whoever is signed in: the session is looked up before anything else happens."""

    def wrap(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
            cabinet.visit()
            return view(*args, **kwargs)

        return wrapped

    return wrap
