"""Answers from what the handlers found, and the documentation of facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from flask_openapi.models.data_type import DataType
from flask_openapi.models.media_type import MediaType
from flask_openapi.models.request_body import RequestBody
from flask_openapi.models.schema import Schema
from flask_openapi.openapi import OpenAPI

from common.clock import to_wire
from common.errors import Refusal
from common.money import format_amount
from provider_sync.domain import facts
from provider_sync.domain.decided import Outcome
from provider_sync.domain.rules import Row
from provider_sync.handlers.single import Fate
from provider_sync.store.uploads import COUNTED, Upload


class _Reference(msgspec.Struct):
    """The one field of a bad fact that its answer repeats."""

    reference: str | None = None


def results(
    raws: Sequence[msgspec.Raw], rows: Sequence[Row], outcomes: Sequence[Outcome], language: str
) -> list[dict[str, Any]]:
    """One result per fact."""
    return [_result(*row, language) for row in zip(raws, rows, outcomes, strict=True)]


def _result(raw: msgspec.Raw, row: Row, outcome: Outcome, language: str) -> dict[str, Any]:
    body: dict[str, Any] = {"reference": _reference(raw, row), "status": outcome.status}
    if outcome.position:
        body["position"] = outcome.position
    why = outcome.refusal or outcome.doubt
    if why is not None:
        body |= {"code": why.code, "detail": why.text(language)}
        body |= {"field": why.field} if why.field else {}
    return body


def _reference(raw: msgspec.Raw, row: Row) -> str | None:
    if not isinstance(row, Refusal):
        return row.reference
    try:
        return msgspec.json.decode(raw, type=_Reference).reference
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def fate(found: Fate, language: str) -> dict[str, Any]:
    """What became of a fact."""
    detail = found.detail.text(language) if found.detail else None
    return found._asdict() | {
        "recorded_at": _instant(found.recorded_at),
        "parked_since": _instant(found.parked_since),
        "detail": detail,
    }


def upload(found: Upload, changed: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """How far an upload is."""
    counts = {name: getattr(found, name) for name in COUNTED}
    return {
        "id": str(found.id),
        "state": found.state,
        "format": found.format,
        "mode": found.mode,
        "batch": found.batch,
        "repeat_of": str(found.repeat_of) if found.repeat_of else None,
        "supersedes": str(found.supersedes) if found.supersedes else None,
        "confirms": str(found.confirms) if found.confirms else None,
        "reverted_at": _instant(found.reverted_at),
        "differences": _differences(changed) if found.supersedes or changed else None,
        "bytes": found.bytes,
        "digest": found.digest,
        "rows": {"total": found.total, **counts},
        "sum_accepted": format_amount(found.sum_accepted),
        "problems": found.problems,
        "received_at": _instant(found.received_at),
        "started_at": _instant(found.started_at),
        "finished_at": _instant(found.finished_at),
    }


def _differences(changed: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    counted = {what: changed.get(what, (0, 0)) for what in ("new", "adjusted", "replaced", "missing")}
    return {what: {"rows": rows, "sum": format_amount(tiyn)} for what, (rows, tiyn) in counted.items()}


def _instant(at: datetime | None) -> str | None:
    return to_wire(at) if at else None


def describe_facts(app: OpenAPI) -> None:
    """Puts the schema of every kind of fact into the documentation; amounts are decimal strings outside."""

    def amount(kind: type[Any]) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?\d{1,10}\.\d{2}$"}

    ((union,), parts) = msgspec.json.schema_components(
        [facts.AnyFact], schema_hook=amount, ref_template="#/components/schemas/{name}"
    )
    for name, schema in (parts | {"Fact": union}).items():
        app.components_schemas[name] = Schema(**schema)
    # pydantic knows no schema but its own, so the body's items are pointed to the facts here.
    app.components_schemas["FactsBody"].properties["facts"].items = {"$ref": "#/components/schemas/Fact"}


def describe_csv(app: OpenAPI, path: str) -> None:
    """A route that answers in JSON answers in CSV too: the decorator takes one model only."""
    operation = app.paths[path].get
    assert operation is not None  # noqa: S101  # the route stands a few lines above its description
    operation.responses["200"].content["text/csv"] = MediaType.model_validate({"schema": {"type": "string"}})


def describe_file(app: OpenAPI, path: str) -> None:
    """The library documents no body that is a file as it stands."""
    file = {"application/octet-stream": MediaType(schema=Schema(type=DataType.STRING, format="binary"))}
    about = "The file itself, plain or with `Content-Encoding: gzip`; its own media type does not matter."
    app.paths[path].post.requestBody = RequestBody(description=about, required=True, content=file)
