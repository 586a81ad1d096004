"""Traces by OpenTelemetry, from who brings a fact to who shows it; off unless OTEL_EXPORTER_OTLP_ENDPOINT is set.

Every event carries the id of what it came with, its `correlationid`. The trace and its first span have ids derived from
it, so whoever handles the event goes on with the trace, and no record needs a header for it. Work is told when it is
done; a batch once in each trace that it belongs to. `since_ns` is `time.time_ns()` at its beginning.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from common.env import load

if TYPE_CHECKING:
    from common.spans import Teller

now_ns = time.time_ns
_service = "settlement"


@dataclass(frozen=True)
class Exported:
    """Where traces go; the exporter's other settings are OpenTelemetry's own OTEL_… variables."""

    otel_exporter_otlp_endpoint: str = ""


def configure(service: str) -> None:
    """Under which name a process tells its spans."""
    global _service  # noqa: PLW0603  # one name for the process, as its logs have
    _service = service


@cache
def _teller() -> "Teller | None":
    if not load(Exported).otel_exporter_otlp_endpoint:
        return None
    # The library costs a fifth of a second at every start: only those pay who have an endpoint.
    from common.spans import Teller

    return Teller(_service)


def on() -> bool:
    """Whether traces are told at all."""
    return _teller() is not None


def began(what: str, correlation: str, since_ns: int, **about: str | int) -> None:
    """The first work of a trace; it is the parent of all that its events cause."""
    teller = _teller()
    if teller is not None:
        teller.first(what, correlation, since_ns, about)


def went_on(what: str, correlation: str, since_ns: int, with_: str = "", **about: str | int) -> None:
    """Further work; `with_` links the trace of another event that it used."""
    teller = _teller()
    if teller is not None and correlation:
        teller.further(what, correlation, since_ns, about, with_=with_)


def sent(carried: Iterable[tuple[str, str]], since_ns: int) -> None:
    """Records (topic, correlation) were sent and acknowledged."""
    teller = _teller()
    if teller is not None:
        teller.batch("send", "PRODUCER", carried, since_ns)


def applied(carried: Iterable[tuple[str, str]], since_ns: int) -> None:
    """Records (topic, correlation) were applied, and that is committed."""
    teller = _teller()
    if teller is not None:
        teller.batch("apply", "CONSUMER", carried, since_ns)


@dataclass
class Newest:
    """With what each stream's newest event came, of the `most` streams heard of last; for links between traces."""

    most: int = 10_000
    _known: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def note(self, stream: str, correlation: str) -> None:
        """An event of a stream."""
        self._known[stream] = correlation
        self._known.move_to_end(stream)
        while len(self._known) > self.most:
            self._known.popitem(last=False)

    def of(self, stream: str) -> str:
        """The correlation of its newest event; empty when it is not remembered."""
        return self._known.get(stream, "")
