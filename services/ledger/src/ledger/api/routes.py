"""The routes: parse, call one handler, render."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Response, request
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI

from common.arrivals import Arrivals
from common.auth import TokenVerifier
from common.problems import language
from common.reading import Reading
from common.shortcut import Looks, Said
from common.web import Model, create_app, etagged, problem_answers, wait_visible
from ledger.api import models, render, spreadsheet
from ledger.config import Config
from ledger.errors import BrokenCursor
from ledger.handlers import due, read

if TYPE_CHECKING:
    from re import Match

    from _typeshed.wsgi import WSGIEnvironment

    from common.shortcut import Look

_PAYMENT_KINDS = ["payment.received", "payment.reversed"]
_AGENT_KEY = {"type": "http", "scheme": "bearer", "description": "`<key id>.<secret>` of a payment agent."}
_TAG = Tag(name="accounts", description="What a resident sees of the accounts linked to the cabinet.")
_DESCRIPTION = "Accounts, statements, charges and payments of a settlement centre; read only."


@dataclass(frozen=True)
class Door:
    """What every route needs."""

    reading: Reading
    arrivals: Arrivals
    verifier: TokenVerifier
    config: Config

    def caller(self, environ: "WSGIEnvironment | None" = None) -> str:
        """The signed-in user, after what Read-After names is visible; raises NotSignedIn, NotYetVisible."""
        said = request.environ if environ is None else environ
        user = self.verifier.verify(said.get("HTTP_AUTHORIZATION")).user

        def reached(kind: str, key: str) -> int:
            return read.head_for(self.reading, user, kind, key, self.config)

        wait_visible(said, reached, self.arrivals.watched)
        return user


def create(reading: Reading, arrivals: Arrivals, verifier: TokenVerifier, config: Config) -> OpenAPI:
    """The ledger's HTTP API."""
    app, door = create_app("ledger", "Ledger", _DESCRIPTION), Door(reading, arrivals, verifier, config)
    app.security_schemes = {**(app.security_schemes or {}), "agent_key": _AGENT_KEY}
    _add_accounts(app, door)
    _add_history(app, door)
    _add_export(app, door)
    _add_agents(app, door)
    app.wsgi_app = Looks(app.wsgi_app, _looks(door))  # type: ignore[method-assign]  # as Flask documents it
    return app


def _looks(door: Door) -> "dict[str, tuple[str, Look]]":
    """What a cabinet asks for most, before Flask: accounts, an account, a month's bill, newest entries (ADR 90)."""

    def mine(found: "Match[str]", environ: "WSGIEnvironment") -> Said:
        return Said(_mine(door, door.caller(environ)))

    def account(found: "Match[str]", environ: "WSGIEnvironment") -> Said:
        return _account(door, door.caller(environ), found["number"])

    def bill(found: "Match[str]", environ: "WSGIEnvironment") -> Said | None:
        return _bill(door, door.caller(environ), found["number"], found["period"])

    def newest(found: "Match[str]", environ: "WSGIEnvironment") -> Said:
        return Said(_page(door, door.caller(environ), found["number"], int(found["limit"] or models.PAGE)))

    return {
        "/v1/accounts": (r"/v1/accounts\?", mine),
        "/v1/accounts/<number>": (rf"/v1/accounts/(?P<number>{models.NUMBER})\?", account),
        "/v1/accounts/<number>/statement": (
            rf"/v1/accounts/(?P<number>{models.NUMBER})/statement\?period=(?P<period>{models.MONTH})", bill,
        ),
        "/v1/accounts/<number>/entries": (
            rf"/v1/accounts/(?P<number>{models.NUMBER})/entries\?(?:limit=(?P<limit>[1-9]\d?))?", newest,
        ),
    }  # fmt: skip


def _bill(door: Door, user: str, number: str, period: str) -> Said | None:
    """A month in one statement, issued or as it stands; None for what has to be computed."""
    ways = [_issued, _standing]
    for way in reversed(ways) if read.seems_open(period, door.config) else ways:
        if said := way(door.reading, user, number, period, door.config):
            return said
    return None


def _issued(*asked: Any) -> Said | None:
    view = read.issued(*asked)
    return Said(render.issued(view), view.tag) if view else None


def _standing(*asked: Any) -> Said | None:
    view = read.standing_bill(*asked)
    return Said(render.standing(view), view.tag) if view else None


def _account(door: Door, user: str, number: str) -> Said:
    view = read.account(door.reading, user, number, door.config)
    return Said(msgspec.json.encode(render.account(view)), view.tag)


def _mine(door: Door, user: str) -> bytes:
    return msgspec.json.encode(render.mine(read.my_accounts(door.reading, user, door.config), door.config.currency))


def _add_accounts(app: OpenAPI, door: Door) -> None:
    reading, config = door.reading, door.config

    @app.get("/v1/accounts", **_answers(models.MineList))
    def my_accounts() -> Response:
        """My accounts, each with what is due now."""
        return _document(_mine(door, door.caller()))

    @app.get("/v1/accounts/<number>", **_answers(models.AccountData))
    def account(path: models.AccountPath) -> Response:
        """The account's data: holder, address, residents, area, services with tariffs, meters."""
        said = _account(door, door.caller(), path.number)
        return etagged(_document(said.content), said.tag)

    @app.get("/v1/accounts/<number>/periods", **_answers(models.MonthList))
    def periods(path: models.AccountPath) -> Response:
        """Months with totals, newest first."""
        return _json(render.months(*read.periods(reading, door.caller(), path.number, config)))

    @app.get("/v1/accounts/<number>/statement", **_answers(models.StatementData))
    def statement(path: models.AccountPath, query: models.StatementQuery) -> Response:
        """The statement of a month, issued or as it stands now; with `as-of` as it stood then."""
        user, version = door.caller(), query.version
        if query.as_of is None and version is None:
            ready = _bill(door, user, path.number, query.period)
            if ready:
                return etagged(_document(ready.content), ready.tag)
        view = read.statement(reading, user, path.number, query.period, config, as_of=query.as_of, version=version)
        return etagged(_document(render.statement(view)), view.tag)


def _add_history(app: OpenAPI, door: Door) -> None:
    reading, config = door.reading, door.config

    @app.get("/v1/accounts/<number>/statement/explanation", **_answers(models.ExplanationData))
    def explanation(path: models.AccountPath, query: models.ExplanationQuery) -> Response:
        """Why the month differs from the one before, or from another: by service, in parts that add up."""
        asked = (path.number, query.period, query.against)
        account, found, tag = read.explanation(reading, door.caller(), *asked, config, as_of=query.as_of)
        return etagged(_document(render.explanation(account, query.period, found)), tag)

    @app.get("/v1/accounts/<number>/entries", **_answers(models.EntryPage))
    def entries(path: models.AccountPath, query: models.EntriesQuery) -> Response:
        """Charges, adjustments, benefits, penalties and payments, newest first."""
        kinds = [query.kind] if query.kind else []
        return _money(door, path.number, query, kinds=kinds, period=query.period, service=query.service)

    @app.get("/v1/accounts/<number>/payments", **_answers(models.EntryPage))
    def payments(path: models.AccountPath, query: models.PageQuery) -> Response:
        """Payments with their split over the services, newest first."""
        return _money(door, path.number, query, kinds=_PAYMENT_KINDS)

    @app.get("/v1/accounts/<number>/meters/<meter>/readings", **_answers(models.ReadingPage))
    def readings(path: models.MeterPath, query: models.PageQuery) -> Response:
        """A meter's readings, oldest first, for plots."""
        after = _cursor(query.after, str, int) if query.after else read.OLDEST
        user, limit = door.caller(), query.limit
        rows = read.readings(reading, user, path.number, path.meter, config, after=after, limit=limit)
        return _json({"readings": [render.reading(row) for row in rows]} | _next(rows, limit, read.reading_place))

    @app.get("/v1/accounts/<number>/changes", **_answers(models.ChangePage))
    def changes(path: models.AccountPath, query: models.PageQuery) -> Response:
        """What changed in the account's base data, when, and by whom; newest first."""
        before = _cursor(query.after, int)[0] if query.after else read.EVERYTHING
        user, limit = door.caller(), query.limit
        rows, visible, directory = read.changes(reading, user, path.number, config, before=before, limit=limit)
        following = _next(rows, limit, lambda row: [row.sequence])
        return _json(render.changes(rows, visible, directory) | following)


def _add_export(app: OpenAPI, door: Door) -> None:
    csv = {"text/csv": {"schema": {"type": "string"}}}
    answers: dict[Any, Any] = {"200": {"description": "CSV, RFC 4180, UTF-8 with a byte order mark", "content": csv}}

    @app.get(
        "/v1/accounts/<number>/export",
        tags=[_TAG],
        security=[{"bearer": []}],
        responses={**answers, **problem_answers("401", "404")},
    )
    def export(path: models.AccountPath, query: models.ExportQuery) -> Response:
        """Everything about money as a file for spreadsheets, newest first, in the language of Accept-Language."""
        pages, directory = read.everything(door.reading, door.caller(), path.number, door.config)
        answer = Response(spreadsheet.lines(pages, directory, language()), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{path.number}.{query.format}"'
        return answer


def _add_agents(app: OpenAPI, door: Door) -> None:
    tag = Tag(name="agents", description="What payment agents ask, with a key of their own instead of a token.")
    responses = {"200": models.DueData, **problem_answers("401", "404", "503")}

    @app.get("/v1/agents/accounts/<number>/due", tags=[tag], security=[{"agent_key": []}], responses=responses)
    def agents_due(path: models.AccountPath) -> Response:
        """What is due now per service, and whose account it is, masked for the cashier."""
        view = due.due(door.reading, request.headers.get("Authorization"), path.number, door.config)
        return _json(render.due(view))


def _money(door: Door, number: str, query: models.PageQuery, **asked: Any) -> Response:
    before = _cursor(query.after, str, int) if query.after else read.FIRST_PAGE
    return _document(_page(door, door.caller(), number, query.limit, before=before, **asked))


def _page(door: Door, user: str, number: str, limit: int, **asked: Any) -> bytes:
    found, directory = read.money(door.reading, user, number, door.config, limit=limit, **asked)
    following = _next(found, limit, lambda posting: [posting.period, posting.sequence])
    return msgspec.json.encode(render.money(found, directory) | following)


def _answers(model: type[Model]) -> dict[str, Any]:
    """What a route's documentation says besides its parameters."""
    responses = {"200": model, **problem_answers("401", "404")}
    return {"tags": [_TAG], "security": [{"bearer": []}], "responses": responses}


def _json(body: dict[str, Any]) -> Response:
    return _document(msgspec.json.encode(body))


def _document(body: bytes) -> Response:
    return Response(body, content_type="application/json")


def _next(rows: Sequence[Any], limit: int, place: Callable[[Any], list[Any]]) -> dict[str, str]:
    """Where the page after this one begins; absent on the last page."""
    if len(rows) < limit:
        return {}
    return {"next": base64.urlsafe_b64encode(msgspec.json.encode(place(rows[-1]))).decode().rstrip("=")}


def _cursor(text: str, *kinds: type) -> Any:
    """The place an earlier page ended at; raises BrokenCursor."""
    try:
        place = msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise BrokenCursor(field="after") from error
    if not isinstance(place, list) or list(map(type, place)) != list(kinds) or not _sane(place):
        raise BrokenCursor(field="after")
    return tuple(place)


def _sane(place: list[Any]) -> bool:
    """No text or number that PostgreSQL would refuse."""
    return all(abs(p) < 1 << 31 if isinstance(p, int) else p.isprintable() and len(p) <= 10 for p in place)
