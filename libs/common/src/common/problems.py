"""Errors on HTTP: RFC 9457 problem documents with a stable code, in the language the reader asked for."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import flask
import pydantic
from babel import negotiate_locale
from flask import Flask, Response, request
from psycopg import OperationalError
from psycopg.errors import ObjectNotInPrerequisiteState
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from common import logs
from common.errors import LANGUAGES, Refusal

log = logs.get("web")


class Invalid(Refusal):
    """The request does not have the shape the documentation asks for."""

    code = "invalid-request"
    texts: ClassVar[dict[str, str]] = {
        "ru": "Запрос заполнен неверно: проверьте указанные поля.",
        "kk": "Сұрау қате толтырылған: көрсетілген өрістерді тексеріңіз.",
        "en": "The request is not valid: see `errors` for the fields.",
    }


class Malformed(Refusal):
    """The body is not the kind of document it claims to be."""

    code = "malformed-request"
    status = 400
    texts: ClassVar[dict[str, str]] = {
        "ru": "Тело запроса не читается: {reason}.",
        "kk": "Сұраудың мазмұны оқылмайды: {reason}.",
        "en": "The body cannot be read: {reason}.",
    }


class Unavailable(Refusal):
    """Something this service needs does not answer now."""

    code = "temporarily-unavailable"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "Сервис временно недоступен, повторите через несколько секунд.",
        "kk": "Қызмет уақытша қолжетімсіз, бірнеше секундтан кейін қайталаңыз.",
        "en": "The service is temporarily unavailable; try again in a few seconds.",
    }


class Shut(Refusal):
    """The server was restored or replaced, and no operator has compared its events with what readers have."""

    code = "not-open-yet"
    status = 503
    retriable = True
    texts: ClassVar[dict[str, str]] = {
        "ru": "После восстановления приём ещё не открыт, повторите позже: ничего не потеряется.",
        "kk": "Қалпына келтіруден кейін қабылдау әлі ашылған жоқ, кейінірек қайталаңыз: ештеңе жоғалмайды.",
        "en": "After a restore nothing is taken in yet; try again later, nothing will be lost.",
    }


class _Unexpected(Refusal):
    code = "internal-error"
    status = 500
    texts: ClassVar[dict[str, str]] = {
        "ru": "Внутренняя ошибка. Сообщите нам номер запроса.",
        "kk": "Ішкі қате. Бізге сұраудың нөмірін хабарлаңыз.",
        "en": "Internal error. Tell us the request id.",
    }


class Problem(pydantic.BaseModel):
    """The error document, for the OpenAPI description."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: list[dict[str, str]] = []


def language(default: str = "ru") -> str:
    """ru, kk or en by Accept-Language; what cannot be served becomes the default."""
    wanted = [tag.replace("*", default) for tag, quality in request.accept_languages if quality > 0]
    found = negotiate_locale(wanted, LANGUAGES, sep="-")
    return found or default


def response(refusal: Refusal, errors: Sequence[dict[str, str]] = ()) -> Response:
    """The problem document of a refusal."""
    spoken = language("en" if request.path.startswith("/v1/facts") else "ru")
    text = refusal.text(spoken)
    body: dict[str, Any] = {
        "type": f"urn:settlement:problem:{refusal.code}",
        "title": text,
        "status": refusal.status,
        "detail": text,
        "code": refusal.code,
        "instance": f"urn:request:{flask.g.get('request_id', '')}",
    }
    fields = list(errors) or (
        [{"pointer": refusal.field, "code": refusal.code, "detail": text}] if refusal.field else []
    )
    if fields:
        body["errors"] = fields
    answer = Response(json.dumps(body, ensure_ascii=False), refusal.status, content_type="application/problem+json")
    answer.headers["Content-Language"] = spoken
    if refusal.retry_after_s is not None or refusal.retriable:
        answer.headers["Retry-After"] = str(refusal.retry_after_s or 1)
    return answer


def invalid(error: pydantic.ValidationError) -> Response:
    """pydantic's findings as a problem; never the values that were sent."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    words = _FIELD_TEXTS.get(language(), {})
    errors = [
        {
            "pointer": "/" + "/".join(map(str, e["loc"])),
            "code": e["type"],
            "detail": words.get(e["type"], words.get("", e["msg"])),
        }
        for e in found
    ]
    return response(Invalid(), errors)


def register(app: Flask) -> None:
    """Every error of `app` leaves as a problem document."""
    app.register_error_handler(Refusal, response)
    app.register_error_handler(pydantic.ValidationError, invalid)
    app.register_error_handler(HTTPException, _http)
    for kind in (OperationalError, PoolTimeout):
        app.register_error_handler(kind, _unavailable)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        found: Response = error.response  # type: ignore[assignment]  # what abort() was given: our own answer
        return found
    status = error.code or 500
    code = (error.name or "error").lower().replace(" ", "-")
    texts = _HTTP_TEXTS.get(status, {"en": error.name or "error"} | _HTTP_TEXTS[0])
    refusal: type[Refusal] = type("Http", (Refusal,), {"code": code, "status": status, "texts": texts})
    answer = response(refusal())
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Content-Range"):
            answer.headers[name] = value
    return answer


def _unavailable(error: Exception) -> Response:
    log.warning("dependency does not answer", error=type(error).__name__, detail=str(error)[:200])
    # The trigger of common/sql/opened.sql.
    return response(Shut(retry_after_s=30) if isinstance(error, ObjectNotInPrerequisiteState) else Unavailable())


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error", error=type(error).__name__)
    return response(_Unexpected())


_FIELD_TEXTS = {
    "ru": {
        "": "Значение не подходит.",
        "missing": "Поле не заполнено.",
        "extra_forbidden": "Такого поля нет.",
        "string_type": "Нужен текст в кавычках.",
        "string_too_short": "Слишком коротко.",
        "string_too_long": "Слишком длинно.",
        "string_pattern_mismatch": "Значение записано не в том виде.",
        "literal_error": "Такого значения нет в списке допустимых.",
    },
    "kk": {
        "": "Мән жарамайды.",
        "missing": "Өріс толтырылмаған.",
        "extra_forbidden": "Мұндай өріс жоқ.",
        "string_type": "Тырнақшадағы мәтін қажет.",
        "string_too_short": "Тым қысқа.",
        "string_too_long": "Тым ұзын.",
        "string_pattern_mismatch": "Мән дұрыс түрде жазылмаған.",
        "literal_error": "Мұндай мән рұқсат етілгендер тізімінде жоқ.",
    },
}
_HTTP_TEXTS = {
    0: {"ru": "Запрос не может быть выполнен.", "kk": "Сұрауды орындау мүмкін емес."},
    400: {"ru": "Запрос не читается.", "kk": "Сұрау оқылмайды.", "en": "The request cannot be read."},
    404: {
        "ru": "Не найдено, или у вас нет к этому доступа.",
        "kk": "Табылмады немесе сізде бұған рұқсат жоқ.",
        "en": "Not found, or not visible to you.",
    },
    405: {
        "ru": "Этот метод здесь не применяется.",
        "kk": "Бұл әдіс мұнда қолданылмайды.",
        "en": "This method is not allowed here; see Allow.",
    },
    413: {"ru": "Запрос слишком велик.", "kk": "Сұрау тым үлкен.", "en": "The request is too large."},
    415: {
        "ru": "Такой вид содержимого не принимается.",
        "kk": "Мазмұнның мұндай түрі қабылданбайды.",
        "en": "This kind of content is not accepted here; see Content-Type in the documentation.",
    },
}
