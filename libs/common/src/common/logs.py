"""JSON lines on standard output: fields from an allow-list of habits, never bodies, secrets or personal data."""

import hashlib
import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRET = ("password", "token", "secret", "authorization", "email", "user_name", "holder", "address", "phone")


def configure(service: str, level: str = "INFO") -> None:
    """Sets up structlog and the standard library's logging for a process of `service`."""
    logging.basicConfig(stream=sys.stdout, level=level, format="%(message)s")
    logging.getLogger("kafka").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redacted,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines carry `component: name`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(component=name)
    return logger


def hashed(identifier: str) -> str:
    """A short stand-in for an account or user id in logs."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:12]


def _redacted(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    for key in event:
        if any(word in key.lower() for word in _SECRET):
            event[key] = "[redacted]"
    return event
