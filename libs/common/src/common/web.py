"""The HTTP door: an app with OpenAPI 3.1, strict JSON bodies, request ids, problems, positions and idempotency keys."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, ClassVar, get_origin, get_type_hints

import flask
import structlog
from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel, ConfigDict
from werkzeug.exceptions import ClientDisconnected

from common import patience, problems, strictjson
from common.errors import Refusal
from common.ids import uuid7_texts
from common.problems import Malformed, Problem
from common.timing import measured

VISIBLE_WITHIN_S = 2.0
_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{8,64}", re.ASCII)
_POSITION = re.compile(r"(user|account)/([0-9A-Za-z-]{1,40})@(\d{1,9})", re.ASCII)
_KEY = re.compile(r"[!-~]{1,128}", re.ASCII)

# In a request's environment: what common.shortcut met when it made the call, for the app to say.
RAISED = "settlement.raised"

BEARER = {"type": "http", "scheme": "bearer"}


class Model(BaseModel):
    """Base of request and response models: unknown fields are refused, the JSON schema is computed once."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    _plain_schema: ClassVar[dict[type, dict[str, Any]]] = {}

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """pydantic's schema; the plain form is remembered, for the library in front asks for it on every request."""
        if args or kwargs:
            return super().model_json_schema(*args, **kwargs)
        if cls not in Model._plain_schema:
            Model._plain_schema[cls] = super().model_json_schema()
        return Model._plain_schema[cls]


class NotYetVisible(Refusal):
    """What Read-After names has not arrived in this service within two seconds."""

    code = "not-yet-visible"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Изменение принято, но ещё не дошло сюда. Повторите через секунду.",
        "kk": "Өзгеріс қабылданды, бірақ мұнда әлі жеткен жоқ. Бір секундтан кейін қайталаңыз.",
        "en": "What was accepted is not visible here yet; try again in a second.",
    }


class Incomplete(Refusal):
    """The body came too slowly, or ended before its announced length; nothing was done."""

    code = "request-incomplete"
    status = 408
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Запрос не пришёл целиком, отправьте его ещё раз.",
        "kk": "Сұрау толық келмеді, қайта жіберіңіз.",
        "en": "The request did not arrive whole; send it again.",
    }


class KeyMissing(Refusal):
    """The call needs an Idempotency-Key and has none that is usable."""

    code = "idempotency-key-required"
    status = 400
    texts: ClassVar[dict[str, str]] = {
        "ru": "Добавьте заголовок Idempotency-Key: 1–128 видимых знаков ASCII.",
        "kk": "Idempotency-Key тақырыбын қосыңыз: 1–128 көрінетін ASCII таңбасы.",
        "en": "Send a header Idempotency-Key of 1 to 128 visible ASCII characters.",
    }


def problem_answers(*statuses: str) -> dict[Any, Any]:
    """For `responses=`: each status with the problem document, in dictionaries that the library may fill."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"content": {"application/problem+json": schema}} for status in statuses}


def _validated(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that is given its path, query and body validated by their models alone, without a walk through schemas.

    The body is the one that was read strictly before: the same bytes are not parsed twice.
    """
    hints = get_type_hints(view)
    path, query, body = hints.get("path"), hints.get("query"), hints.get("body")
    several = (
        [name for name, field in query.model_fields.items() if get_origin(field.annotation) is list] if query else []
    )

    @wraps(view)
    def validated(**given: Any) -> Any:
        asked: dict[str, Model] = {}
        if path:
            asked["path"] = path.model_validate(given)
        if query:
            lists = {name: request.args.getlist(name) for name in several if name in request.args}
            asked["query"] = query.model_validate(request.args.to_dict() | lists)
        if body:
            asked["body"] = body.model_validate(flask.g.body)
        return view(**asked)

    validated.__delay_validate_request__ = True  # type: ignore[attr-defined]  # the library's own mark: leave it to us
    return validated


_Register = Callable[[Callable[..., Any]], Any]


def _validating(register: _Register) -> _Register:
    return lambda view: register(_validated(view))


class _Validating:
    """In front of the library's app or blueprint: its decorators, with views that are validated as above."""

    def get(self, rule: str, **options: Any) -> _Register:
        return _validating(super().get(rule, **options))  # type: ignore[misc]  # the library's, behind this class

    def post(self, rule: str, **options: Any) -> _Register:
        return _validating(super().post(rule, **options))  # type: ignore[misc]  # as above

    def put(self, rule: str, **options: Any) -> _Register:
        return _validating(super().put(rule, **options))  # type: ignore[misc]  # as above

    def patch(self, rule: str, **options: Any) -> _Register:
        return _validating(super().patch(rule, **options))  # type: ignore[misc]  # as above

    def delete(self, rule: str, **options: Any) -> _Register:
        return _validating(super().delete(rule, **options))  # type: ignore[misc]  # as above


class Routes(_Validating, APIBlueprint):
    """A part of an app's routes."""


class _App(_Validating, OpenAPI):
    """The library's app without what it finds out anew for every request though it never changes."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view or hook of ours is a coroutine."""
        return func


def create_app(
    name: str, title: str, description: str, *, body_limit_bytes: int = 1 << 20, streaming: tuple[str, ...] = ()
) -> OpenAPI:
    """An app with documentation at /openapi.json and /openapi/swagger, and every error as a problem document.

    Bodies are JSON up to `body_limit_bytes`, read strictly; paths in `streaming` read their own bodies.
    """
    app = _App(
        name,
        info=Info(title=title, version="1.0.0", description=description),
        security_schemes={"bearer": BEARER},
        validation_error_callback=problems.invalid,
        validation_error_model=Problem,
        responses=problem_answers("400", "422", "503"),
    )
    app.openapi_version = "3.1.1"
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.config["MAX_CONTENT_LENGTH"] = None if streaming else body_limit_bytes
    problems.register(app)
    measured(app)
    app.before_request(lambda: _before(body_limit_bytes, streaming))
    app.after_request(_after)
    app.add_url_rule("/openapi.json", "openapi_document", lambda: app.api_doc)
    return app


def named(environ: dict[str, Any]) -> str:
    """The request's id, the client's or ours, which every line of the log carries from now on."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    if not _REQUEST_ID.fullmatch(given):
        given = environ["HTTP_X_REQUEST_ID"] = uuid7_texts(1)[0]
    structlog.contextvars.bind_contextvars(request=given)
    return str(given)


def _before(limit_bytes: int, streaming: tuple[str, ...]) -> None:
    flask.g.request_id = named(request.environ)
    flask.g.body = None
    if request.method not in ("POST", "PUT", "PATCH", "DELETE") or request.path in streaming:
        patience.arrived(request.environ)
        _say_what_was_raised()
        return
    request.max_content_length = limit_bytes
    body = _whole_body()
    if not body and not request.content_type:
        return
    if request.mimetype != "application/json" or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        flask.abort(415)
    try:
        flask.g.body = strictjson.loads(body)
    except strictjson.BadJson as error:
        raise Malformed(reason=str(error)) from error
    _say_what_was_raised()


def _say_what_was_raised() -> None:
    if RAISED in request.environ:
        raise request.environ[RAISED]


def _whole_body() -> bytes:
    try:
        body = request.get_data(cache=True)
    except (OSError, ClientDisconnected) as error:
        raise Incomplete from error
    finally:
        patience.arrived(request.environ)
    # The web server hands out what came before a connection was lost as if that were all.
    if len(body) < (request.content_length or 0):
        raise Incomplete
    return body


# What every answer says; the first unless it says something else of being kept.
ALWAYS_SAID = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Vary", "Accept-Language"))
# What is said instead of what a reader may keep and ask for by its tag.
KEPT = "private, no-cache"


def _after(answer: Response) -> Response:
    headers = answer.headers
    headers.add("X-Request-Id", flask.g.get("request_id", ""))
    kept = "Cache-Control" in headers
    for name, value in ALWAYS_SAID[kept:]:
        headers.add(name, value)
    return answer


Watch = Callable[[str], AbstractContextManager[Callable[[], None]]]


@contextmanager
def _asking_again(key: str) -> Iterator[Callable[[], None]]:
    """Waits a moment, whatever the stream."""
    yield lambda: time.sleep(0.02)


def wait_visible(environ: Mapping[str, Any], reached: Callable[[str, str], int], watch: Watch = _asking_again) -> None:
    """Honours `Read-After: user/<id>@7`: waits until `reached("user", id)` is 7 or more; raises NotYetVisible.

    `watch(id)` gives what waits until the stream may have moved on: by default a moment.
    """
    header = environ.get("HTTP_READ_AFTER")
    if header is None:
        return
    deadline = time.monotonic() + VISIBLE_WITHIN_S
    for position in [_POSITION.fullmatch(part.strip()) for part in header.split(",")[:8]]:
        if position is None:
            raise Malformed(field="Read-After", reason="Read-After is not like user/0190…@7 or account/100000123@41")
        kind, key, sequence = position.groups()
        with watch(key) as pause:
            while reached(kind, key) < int(sequence):
                if time.monotonic() > deadline:
                    raise NotYetVisible(retry_after_s=1)
                pause()


def idempotency() -> tuple[str, str]:
    """The request's Idempotency-Key and the digest of what it is bound to; raises KeyMissing."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise KeyMissing(field="Idempotency-Key")
    bound = b"\n".join((request.method.encode(), request.path.encode(), request.get_data(cache=True)))
    return key, hashlib.sha256(bound).hexdigest()


def etagged(answer: Response, tag: str) -> Response:
    """The answer with a strong ETag, or 304 when the reader already has it."""
    answer.headers.add("ETag", f'"{tag}"')
    answer.headers.add("Cache-Control", KEPT)
    if "HTTP_IF_NONE_MATCH" in request.environ or "HTTP_IF_MATCH" in request.environ:
        answer.make_conditional(request)
    return answer
