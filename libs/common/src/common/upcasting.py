"""Older versions of events read as the newest: pure steps from dict to dict, one version each.

Stored events and records of a topic are never rewritten. Each reader lifts what it meets to the newest version before
decoding it, so that nothing behind the door knows that there ever was another one.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from common.envelope import full_type

Data = TypeVar("Data")
Step = Callable[[dict[str, Any]], dict[str, Any]]


class Upcasts:
    """The steps of one reader."""

    def __init__(self) -> None:
        self._steps: dict[str, tuple[str, Step]] = {}

    def away_from(self, service: str, name: str, version: int) -> Callable[[Step], Step]:
        """Decorator: this makes of the data of that version the data of the next one."""

        def register(step: Step) -> Step:
            self._steps[full_type(service, name, version)] = (full_type(service, name, version + 1), step)
            return step

        return register

    def read_as(self, newest: str) -> frozenset[str]:
        """All types that are read as this one, itself included."""
        found = {newest}
        while more := {old for old, (following, _) in self._steps.items() if following in found} - found:
            found |= more
        return frozenset(found)

    def decode(self, stated: str, data: bytes, cls: type[Data]) -> Data:
        """The data of an event of the stated type as the class of the newest; raises msgspec.ValidationError."""
        if stated not in self._steps:
            return msgspec.json.decode(data, type=cls)
        lifted: dict[str, Any] = msgspec.json.decode(data, type=dict[str, Any])
        while stated in self._steps:
            stated, step = self._steps[stated]
            lifted = step(lifted)
        return msgspec.convert(lifted, type=cls)
