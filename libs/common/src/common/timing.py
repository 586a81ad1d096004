"""How long a Flask app takes to answer, by route and status."""

from collections.abc import Callable
from functools import lru_cache
from time import perf_counter

from flask import Flask, Response, g, request

from common.telemetry import HTTP_SECONDS

# In a request's environment: when common.shortcut began with it, on the clock of perf_counter.
BEGAN = "settlement.began"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def measured(app: Flask) -> None:
    """Every answer of the app counts in settlement_http_seconds; what no route takes is `none`. Call it first."""
    app.before_request(_begin)
    app.after_request(_measure)


def _begin() -> None:
    g.begun = request.environ.get(BEGAN) or perf_counter()


def _measure(answer: Response) -> Response:
    # The pattern, not the path: a path has account numbers in it.
    route = request.url_rule.rule if request.url_rule else "none"
    _seconds(request.method, route, answer.status_code)(perf_counter() - g.begun)
    return answer


@lru_cache(1024)
def _seconds(method: str, route: str, status: int) -> Callable[[float], None]:
    """Where an answer counts; finding it costs more than counting. A method that nobody made up here has no name."""
    named = method if method in _METHODS else "other"
    return HTTP_SECONDS.labels(named, route, status).observe
