"""JSON lines on standard output: fields from an allow-list of habits, never bodies, secrets or personal data."""

import hashlib
import logging
import sys
import traceback
from io import TextIOBase
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRET = ("password", "token", "secret", "authorization", "email", "user_name", "holder", "address", "phone")


def configure(service: str, level: str = "INFO") -> None:
    """Sets up structlog and the standard library's logging for a process of `service`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redacted,
        structlog.processors.ExceptionRenderer(_traceback),
    ]
    logging.basicConfig(handlers=[_libraries(shared)], level=level)
    logging.captureWarnings(True)
    logging.getLogger("kafka").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # A line and its end in one write, for threads share it.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Output())),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


class _Output(TextIOBase):
    """Standard output as it is at the moment of writing: whoever replaces it gets the lines."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


def _libraries(shared: list[structlog.typing.Processor]) -> logging.Handler:
    """What libraries say through the standard library's logging, as the same JSON lines."""
    handler = logging.StreamHandler(_Output())
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        *shared,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    before: list[structlog.typing.Processor] = [structlog.stdlib.add_logger_name]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=before))
    return handler


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines carry `component: name`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(component=name)
    return logger


def hashed(identifier: str) -> str:
    """A short stand-in for an account or user id in logs."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:12]


def told(error: BaseException) -> str:
    """An error by its type and the state of the database: its message may hold what a person typed."""
    diagnosis = getattr(error, "diag", None)
    about = (getattr(error, "sqlstate", None), getattr(diagnosis, "constraint_name", None))
    return " ".join([type(error).__name__, *(part for part in about if part)])


def _traceback(exc_info: Any) -> str:
    """Where it happened, cause by cause, without any message."""
    error, parts = exc_info[1], []
    while error is not None:
        parts.append(f"{told(error)}\n{''.join(traceback.format_tb(error.__traceback__))}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "while handling\n".join(reversed(parts))


def _redacted(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    for key in event:
        if any(word in key.lower() for word in _SECRET):
            event[key] = "[redacted]"
    return event
