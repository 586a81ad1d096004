"""Who calls, from where; and what every route says about its answers."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from flask import Response, request
from pydantic import BaseModel

from common.auth import NotSignedIn, TokenVerifier
from common.web import problem_answers
from identity.handlers import sessions
from identity.handlers.desk import Caller, Desk

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BEARER: list[dict[str, list[str]]] = [{"bearer": []}]
_SUBNET_BITS = 64


class Resident(NamedTuple):
    """Who is signed in, on which device."""

    user: str
    session: UUID


SignedIn = Callable[[], Resident]


def signed_in(desk: Desk, verifier: TokenVerifier) -> SignedIn:
    """Makes the check of a request's access token and of the session behind it."""

    def check() -> Resident:
        principal = verifier.verify(request.headers.get("Authorization"))
        try:
            resident = Resident(principal.user, UUID(principal.session))
        except ValueError as error:
            raise NotSignedIn from error
        sessions.check(desk, resident.user, resident.session)
        return resident

    return check


def caller() -> Caller:
    """Who sends this request of Flask's."""
    return caller_of(request.environ)


def caller_of(environ: "WSGIEnvironment") -> Caller:
    """The client's address (of IPv6 the network) and the name of its software."""
    return Caller(_source(environ.get("REMOTE_ADDR") or ""), environ.get("HTTP_USER_AGENT", ""))


def _source(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> _SUBNET_BITS << _SUBNET_BITS))
    return str(parsed)


# What any call may be answered: bad JSON or a void link, too long, not JSON, a mistake in a field, not just now.
_ALWAYS = (400, 413, 415, 422, 503)


def answers(model: type[BaseModel] | None, status: int, *problems: int) -> Any:
    """The `responses` of a route: one good answer, the problems it may give."""
    return {str(status): model} | problem_answers(*map(str, sorted({*_ALWAYS, *problems})))


def reply(model: BaseModel, status: int = 200) -> Response:
    """A model as the answer."""
    return Response(model.model_dump_json(), status, content_type="application/json")


def nothing() -> Response:
    """Done, and nothing to say."""
    return Response(status=204)
