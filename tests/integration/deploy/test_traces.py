"""A fact's way from its sender over Kafka to the ledger and the receipt, as a foreign collector of traces sees it."""

from collections.abc import Iterator

import pytest

from demo.memory import Memory
from tests.e2e import city
from tests.faults.keeper import poll_until
from tests.support.collector import Collector, Span, collecting, drawn

FACT = {
    ("provider-sync", "send provider-sync.accounts.v1"),
    ("ledger", "apply provider-sync.accounts.v1"),
}
RECEIPT = {
    ("receipts", "send receipts.receipts.v1"),
    ("ledger", "apply receipts.receipts.v1"),
    ("ledger", "draft"),
    ("ledger", "send ledger.drafts.v1"),
    ("receipts", "apply ledger.drafts.v1"),
    ("receipts", "render"),
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """What a whole centre told of a walk through the city; no account's number is in it."""
    with collecting() as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.endpoint)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        with city.running(tmp_path_factory.mktemp("traces") / "run", accounts=20) as running:
            walked = running.command("demo", "walk")
            assert walked.returncode == 0, walked.stdout + walked.stderr
            settled(found)
            memory = Memory.read(running.folder / "demo" / "state.json")
        assert not [a for resident in memory.residents for a in resident.accounts if a.encode() in found.raw]
        yield found


def settled(collector: Collector) -> None:
    """Returns when the walk's last push has reached the ledger and its receipt the paper, as told."""
    for _ in poll_until(30):
        pushed = collector.begun_by("push")
        if pushed and parts(pushed[-1]) >= FACT and drafted(collector):
            return
    raise AssertionError(f"told were {sorted({(s.service, s.name) for s in collector.spans})}")


def parts(trace: list[Span]) -> set[tuple[str, str]]:
    """Service and name of each span."""
    return {(span.service, span.name) for span in trace}


def drafted(collector: Collector) -> list[list[Span]]:
    """The traces of receipts of an open month."""
    return [trace for trace in collector.begun_by("receipt") if parts(trace) >= RECEIPT]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_push_is_one_trace_to_the_ledger(collector: Collector) -> None:
    """Each span is under the push, whichever process told it."""
    trace = collector.begun_by("push")[-1]
    print(f"\n{drawn(trace)}")
    assert parts(trace) >= {("provider-sync", "push"), *FACT}
    assert {span.parent for span in trace[1:]} == {trace[0].id}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_receipt_is_one_trace_that_names_the_one_of_its_newest_fact(collector: Collector) -> None:
    """From the request by the ledger's draft to the PDF; the draft is linked to the upload whose charge it shows."""
    trace = drafted(collector)[-1]
    print(f"\n{drawn(trace)}")
    assert {span.parent for span in trace if span.name != "receipt"} == {trace[0].id}
    (draft,) = [span for span in trace if span.name == "draft"]
    (linked,) = draft.links
    source = collector.trace(linked)
    print(f"\n{drawn(source)}")
    assert source[0].name in ("upload", "push")
    assert parts(source) >= FACT
