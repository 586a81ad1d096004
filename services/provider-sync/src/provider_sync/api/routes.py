"""The routes: parse, call one handler, render."""

import flask
import msgspec
from flask import Response, request
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI

from common.money import parse_total
from common.problems import language
from common.web import create_app, idempotency
from provider_sync import errors
from provider_sync.api import acks, batches, control, models, render, served
from provider_sync.api.door import Door, answers, json
from provider_sync.config import Config
from provider_sync.formats.ndjson import fact_of
from provider_sync.gateways import Arriving, Spool
from provider_sync.handlers import single, uploads
from provider_sync.handlers.base import Base
from provider_sync.handlers.gathered import Gathering

_DESCRIPTION = (
    "Providers and banks send each fact once and are told row by row what became of it. "
    "`Authorization: Bearer <key id>.<secret>`; the key and its scopes come from the centre's operator."
)
_FACTS = Tag(name="facts", description="Single facts and small batches.")
_UPLOADS = Tag(
    name="uploads",
    description="Files of any size: `ndjson`, `csv`; statements of banks as `1c` (1CClientBankExchange), `camt` (ISO "
    "20022 camt.053, camt.054) or `mt940`; a register or workbook (XLSX) of another layout by its profile's name.",
)
_UPLOADS_PATH = "/v1/uploads"
_STILL_S = 25
_ENCODINGS = {"": False, "identity": False, "gzip": True}


class _Body(msgspec.Struct):
    """The body's facts undecoded, so that a bad one is its own row's error."""

    facts: list[msgspec.Raw]


def create(base: Base, spool: Spool, config: Config) -> OpenAPI:
    """The HTTP API."""
    app = create_app(
        "provider_sync",
        "Provider sync",
        _DESCRIPTION,
        body_limit_bytes=config.facts_limit_bytes,
        streaming=(_UPLOADS_PATH,),
    )
    door = Door(base, spool, config, Gathering(base))
    _add_facts(app, door)
    _add_uploads(app, door)
    batches.add(app, door)
    control.add(app, door)
    acks.add(app, door)
    served.add(app, door)
    render.describe_facts(app)
    render.describe_csv(app, "/v1/allocations")
    render.describe_file(app, _UPLOADS_PATH)
    return app


def _add_facts(app: OpenAPI, door: Door) -> None:
    @app.post("/v1/facts", **answers(models.Results, _FACTS, more=("408",)))
    def push(body: models.FactsBody) -> Response:
        """Send 1 to 1,000 facts; each gets its own answer, in their order. All forbidden: 403.

        Sending the same fact again is always safe: the answer is `duplicate` with the position of the first time.
        `count` and `sum` are control totals: when they differ from the body nothing is taken (422). No Idempotency-Key
        is needed, each fact has its reference; one that is sent must be of 1 to 128 visible ASCII characters (400).
        """
        if "Idempotency-Key" in request.headers:
            idempotency()
        key = door.key()
        raws = msgspec.json.decode(request.get_data(cache=True), type=_Body).facts
        rows = [fact_of(bytes(raw)) for raw in raws]
        stated = single.Stated(body.count, parse_total(body.sum) if body.sum is not None else None)
        pushed = single.push(door.gathering, key, rows, body.mode, flask.g.request_id, stated)
        batch = str(pushed.batch) if pushed.batch else None
        return json({"batch": batch, "results": render.results(raws, rows, pushed.outcomes, language("en"))})

    @app.get("/v1/facts/<path:reference>", **answers(models.FactState, _FACTS))
    def fate(path: models.FactPath) -> Response:
        """What became of a fact."""
        return json(render.fate(single.fate(door.base, door.key(), path.reference), language("en")))


def _add_uploads(app: OpenAPI, door: Door) -> None:
    profiles = door.config.profiles_dir

    @app.post(_UPLOADS_PATH, **answers(models.UploadReceived, _UPLOADS, status="202", more=("408", "409")))
    def upload(query: models.UploadQuery) -> Response:
        """Send a file as the body, packed with gzip or plain; 202 once it is safe on the spool.

        An upload that was interrupted is sent again whole: what was taken before is a duplicate. A corrected file is
        sent again whole with `supersedes`, first as `mode=dry-run` to see the differences: changed charges are then
        adjusted, other changed rows undone and said anew, rows that are missing in the new file undone.
        """
        key = door.key()
        named = (query.supersedes, query.confirm)
        wanted = uploads.Wanted(query.format, query.mode, query.batch, query.count, query.sum, *named)
        ident = uploads.receive(door.base, door.spool, profiles, key, wanted, *_body(door.config))
        location = f"{_UPLOADS_PATH}/{ident}"
        answer = json({"id": str(ident), "state": "received", "location": location}, 202)
        answer.headers["Location"] = location
        return answer

    @app.get("/v1/uploads/<uuid:upload>", **answers(models.UploadState, _UPLOADS))
    def state(path: models.UploadPath) -> Response:
        """How far an upload is, and what came of its rows."""
        found = uploads.own(door.base, door.key().owner, path.upload)
        return json(render.upload(found, uploads.counted_differences(door.base, found)))

    @app.get("/v1/uploads/<uuid:upload>/rejected", **answers(None, _UPLOADS))
    def rejected(path: models.UploadPath) -> Response:
        """Rows that were not taken, in the format they were sent in, with line, code and detail in front."""
        found = uploads.own(door.base, door.key().owner, path.upload)
        kind, lines = uploads.rejected(door.base, profiles, found, language("en"))
        return Response(lines, content_type=kind)

    @app.get("/v1/uploads/<uuid:upload>/held", **answers(None, _UPLOADS))
    def held(path: models.UploadPath) -> Response:
        """Rows that were held, as NDJSON: `reference`, `account`, `state`, `code` and `detail` of the rule, `reason`.

        `state`: `held` until an operator decides; then `approved` (the fact counts), or `refused`: `reason` says why.
        """
        found = uploads.own(door.base, door.key().owner, path.upload)
        return Response(uploads.held_rows(door.base, found, language("en")), content_type="application/x-ndjson")


def _body(config: Config) -> tuple[Arriving, bool]:
    """The body as a stream and whether it is packed; raises BadEncoding, TooLarge before a byte is read."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise errors.BadEncoding(reason=encoding[:40])
    if (request.content_length or 0) > config.upload_limit_bytes:
        raise errors.TooLarge(limit=config.upload_limit_bytes)
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        # A sender that stands still gives its thread back; gunicorn itself waits for ever.
        connection.settimeout(_STILL_S)
    return Arriving(request.stream, request.content_length), _ENCODINGS[encoding]
