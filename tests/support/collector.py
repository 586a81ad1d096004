"""A collector of traces: what a foreign program listens with where ours send their spans (OTLP over HTTP)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """One span as it arrived; ids are hexadecimal, times nanoseconds, `links` the traces that it names."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    start: int
    end: int
    links: tuple[str, ...]


@dataclass
class Collector:
    """All spans that arrived at `endpoint`, and the bytes they came in."""

    endpoint: str = ""
    raw: bytes = b""
    spans: list[Span] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        """A request's spans."""
        self.raw += body
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = next(a.value.string_value for a in group.resource.attributes if a.key == "service.name")
            self.spans += [
                Span(
                    service,
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    tuple(link.trace_id.hex() for link in span.links),
                )
                for scope in group.scope_spans
                for span in scope.spans
            ]

    def trace(self, ident: str) -> list[Span]:
        """A trace's spans in the order they began."""
        return sorted((span for span in self.spans if span.trace == ident), key=lambda span: span.start)

    def begun_by(self, name: str) -> list[list[Span]]:
        """The traces whose first span is called so, the oldest first."""
        firsts = sorted((s for s in self.spans if s.name == name and not s.parent), key=lambda span: span.start)
        return [self.trace(first.trace) for first in firsts]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port while the block runs."""
    collector = Collector()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                collector.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Every export is no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    collector.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def drawn(spans: list[Span]) -> str:
    """A trace as lines: when each span began and how long it took, in milliseconds."""
    begun = spans[0].start
    return "\n".join(
        f"{(s.start - begun) / 1e6:9.1f} ms {(s.end - s.start) / 1e6:8.1f} ms  {s.service:14} {s.name}"
        + (f"  → {', '.join(s.links)}" if s.links else "")
        for s in spans
    )
