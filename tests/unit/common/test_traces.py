"""Traces: off unless asked for, and joined by nothing but the id that every event carries."""

import subprocess
import sys
import time

import pytest

from common import traces
from common.spans import Teller, context_of
from tests.support.collector import collecting

CAME_WITH = "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


def test_without_an_endpoint_nothing_is_told_and_the_library_is_not_even_loaded() -> None:
    """Every process starts without its fifth of a second."""
    asked = "import sys; from common import relay, traces; print(traces.on(), 'opentelemetry' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "False"]


def test_trace_and_first_span_follow_from_the_correlation() -> None:
    """As any process finds it, of any release: these numbers are for ever."""
    context = context_of(CAME_WITH)
    assert f"{context.trace_id:032x}-{context.span_id:016x}" == "12ae2df02a190f5b27149be33ba52b5a-8c0aa2c2a403d3c4"
    assert context_of("x").trace_id != context.trace_id


def test_two_processes_tell_one_trace_by_the_correlation_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first span is the parent of what others tell; a batch is told once in each trace; a link names another."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        begun = time.time_ns()
        door, reader = Teller("door"), Teller("reader")
        door.first("push", CAME_WITH, begun, {"facts": 2})
        reader.batch("apply", "CONSUMER", [("t", CAME_WITH), ("t", CAME_WITH), ("t", "other"), ("t", "")], begun)
        reader.further("draft", "third", begun, {}, with_=CAME_WITH)
        door.close()
        reader.close()
    (trace,) = collector.begun_by("push")
    assert sorted((span.service, span.name) for span in trace) == [("door", "push"), ("reader", "apply t")]
    push, apply = sorted(trace, key=lambda span: span.service)
    assert apply.parent == push.id
    assert len(collector.spans) == 4
    assert [span.links for span in collector.spans if span.name == "draft"] == [(push.trace,)]


def test_only_the_newest_streams_are_remembered_for_links() -> None:
    """A process's memory is bounded."""
    newest = traces.Newest(most=2)
    for stream, correlation in (("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")):
        newest.note(stream, correlation)
    assert [newest.of(stream) for stream in "abc"] == ["3", "", "4"]
