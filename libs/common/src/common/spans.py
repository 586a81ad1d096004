"""The one user of OpenTelemetry's SDK: spans told after the fact, over OTLP and HTTP."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from threading import local

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

About = Mapping[str, str | int]
# A batch under load belongs to many traces; what one more costs is bounded.
_TRACES_OF_A_BATCH = 64


def context_of(correlation: str) -> SpanContext:
    """The trace, and the first span in it, of what came under this id (W3C trace context)."""
    found = hashlib.sha256(correlation.encode()).digest()
    trace, span = int.from_bytes(found[:16], "big"), int.from_bytes(found[16:24], "big")
    return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


class _Ids(RandomIdGenerator):
    """Random ids, but for a first span, which has those that follow from its correlation."""

    def __init__(self) -> None:
        self.given = local()

    def generate_trace_id(self) -> int:
        given: SpanContext = self.given.context
        return given.trace_id

    def generate_span_id(self) -> int:
        given: SpanContext | None = getattr(self.given, "context", None)
        return given.span_id if given is not None else super().generate_span_id()


class Teller:
    """Tells a process's spans to the collector at OTEL_EXPORTER_OTLP_ENDPOINT, from a thread of its own."""

    def __init__(self, service: str) -> None:
        self._ids = _Ids()
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("settlement")

    def close(self) -> None:
        """Sends what waits, and ends; a process does it by itself when it ends."""
        self._provider.shutdown()

    def first(self, what: str, correlation: str, since_ns: int, about: About) -> None:
        """The first span of a trace."""
        self._ids.given.context = context_of(correlation)
        try:
            span = self._tracer.start_span(what, Context(), SpanKind.SERVER, dict(about), start_time=since_ns)
        finally:
            self._ids.given.context = None
        span.end()

    def further(
        self, what: str, correlation: str, since_ns: int, about: About, kind: str = "INTERNAL", with_: str = ""
    ) -> None:
        """A span under the first one; `with_` is the correlation of another trace that is linked."""
        under = set_span_in_context(NonRecordingSpan(context_of(correlation)), Context())
        links = [Link(context_of(with_))] if with_ else []
        self._tracer.start_span(what, under, SpanKind[kind], dict(about), links, since_ns).end()

    def batch(self, step: str, kind: str, carried: Iterable[tuple[str, str]], since_ns: int) -> None:
        """A span in each trace that has records (topic, correlation) in the batch."""
        found = Counter((topic, correlation) for topic, correlation in carried if correlation)
        for (topic, correlation), count in found.most_common(_TRACES_OF_A_BATCH):
            about: dict[str, str | int] = {
                "messaging.system": "kafka",
                "messaging.destination.name": topic,
                "messaging.batch.message_count": count,
            }
            self.further(f"{step} {topic}", correlation, since_ns, about, kind)
