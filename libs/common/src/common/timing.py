"""How long a Flask app takes to answer, by route and status."""

from time import perf_counter

from flask import Flask, Response, g, request

from common.telemetry import HTTP_SECONDS


def measured(app: Flask) -> None:
    """Every answer of the app counts in settlement_http_seconds; what no route takes is `none`. Call it first."""
    app.before_request(_begin)
    app.after_request(_measure)


def _begin() -> None:
    g.begun = perf_counter()


def _measure(answer: Response) -> Response:
    # The pattern, not the path: a path has account numbers in it.
    route = request.url_rule.rule if request.url_rule else "none"
    HTTP_SECONDS.labels(request.method, route, answer.status_code).observe(perf_counter() - g.begun)
    return answer
