"""The admin port of every process: liveness, readiness and metrics, apart from the public port."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

from common.env import load

OUTBOX_SENT = Counter("settlement_outbox_sent", "Records sent and acknowledged by the relay", ["type"])
APPLIED = Counter("settlement_events_applied", "Events applied to projections", ["topic"])
DUPLICATES = Counter("settlement_events_duplicate", "Events skipped because they were applied before", ["topic"])
PARKED = Counter("settlement_streams_parked", "Streams parked", ["topic", "reason"])
BATCH_SECONDS = Histogram("settlement_batch_seconds", "Time to apply one batch with its offsets", ["topic"])
LAG = Gauge("settlement_consumer_lag", "Records behind the end of the topic", ["topic"], multiprocess_mode="livesum")
FRESH = Gauge(
    "settlement_fresh_seconds",
    "Seconds since a topic was known to be read to its end",
    ["topic"],
    multiprocess_mode="max",
)
STANDING = Gauge(
    "settlement_streams_standing", "Streams that stand still", ["topic", "reason"], multiprocess_mode="max"
)
STANDING_SECONDS = Gauge(
    "settlement_streams_standing_seconds",
    "How long the oldest of them does",
    ["topic", "reason"],
    multiprocess_mode="max",
)
VISIBLE_SECONDS = Histogram(
    "settlement_visible_seconds",
    "From being recorded to being applied, of the oldest event of each partition in a batch",
    ["topic"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300),
)
HTTP_SECONDS = Histogram(
    "settlement_http_seconds",
    "Time to answer a request, by the pattern of its path",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
PROOFS_DAY = Gauge(
    "settlement_proofs_day", "Proofs of the last day, by how they ended", ["outcome"], multiprocess_mode="max"
)
BREAKER_OPEN = Gauge(
    "settlement_breaker_open", "1 while a proof asks for the payment's date too", multiprocess_mode="max"
)
BUDGETS_SPENT = Gauge("settlement_budgets_spent", "Budgets with no try left for now", ["kind"], multiprocess_mode="max")
OUTBOX_WAITING = Gauge(
    "settlement_outbox_waiting", "Records that wait in the outbox, counted up to 10,000", multiprocess_mode="max"
)
OUTBOX_OLDEST_SECONDS = Gauge(
    "settlement_outbox_oldest_seconds", "How long the oldest row of the outbox has been seen", multiprocess_mode="max"
)
TOPICS_MISSING = Gauge(
    "settlement_topics_missing", "Topics that rows of the outbox are for and that do not exist", multiprocess_mode="max"
)
WAITING = Gauge(
    "settlement_waiting", "Rows that wait for someone, counted up to 10,000", ["kind"], multiprocess_mode="max"
)
BACKLOG_MEASURED = Gauge(
    "settlement_backlog_measured_timestamp_seconds", "When what waits was last counted", multiprocess_mode="max"
)
STALLS = Counter("settlement_stalls", "Partitions and brokers that stood still until a restart", ["kind"])
for _kind in ("partition", "broker"):
    STALLS.labels(_kind)  # Prometheus sees no increase in a series that begins with 1

Ready = Callable[[], str | None]
SUMMED = values.ValueClass.__name__ == "MmapedValue"  # true when PROMETHEUS_MULTIPROC_DIR was set at start


@dataclass(frozen=True)
class Reach:
    """Who may ask: this machine alone, unless ADMIN_HOST lets others in, as a cluster's probes need it."""

    admin_host: str = "127.0.0.1"


class AdminServer:
    """Serves /health/live, /health/ready and /metrics from a thread; without a port there is none.

    `ready` answers None, or what is wrong in words.
    """

    def __init__(self, port: int | None, ready: Ready = lambda: None) -> None:
        self._server = ThreadingHTTPServer((load(Reach).admin_host, port), _handler(ready)) if port else None

    def __enter__(self) -> Self:
        if self._server:
            threading.Thread(target=self._server.serve_forever, daemon=True, name="admin").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()


def _handler(ready: Ready) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health/live":
                self._answer(200, b'{"status":"live"}')
            elif self.path == "/health/ready":
                problem = ready()
                body = {"status": "ready"} if problem is None else {"status": "not ready", "problem": problem}
                self._answer(200 if problem is None else 503, json.dumps(body).encode())
            elif self.path == "/metrics":
                self._answer(200, _metrics(), CONTENT_TYPE_LATEST)
            else:
                self._answer(404, b'{"status":"not found"}')

        def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes every few seconds are no news."""

    return Handler


def _metrics() -> bytes:
    if SUMMED:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it unannotated
        return generate_latest(registry)
    return generate_latest()
