"""What the clients were told, row by row: acked, rejected for good, or unknown."""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from tests.faults.city import Fact

Told = Literal["acked", "rejected", "unknown"]
TOLD: tuple[Told, ...] = ("acked", "rejected", "unknown")
Row = tuple[str, str]  # provider and reference

ACCEPTING = {"accepted", "duplicate"}
# A conflict says that the reference stands with other content: this content will never come.
REFUSING = {"rejected", "conflict"}


class Said(NamedTuple):
    """One fact and the last that its sender was told of it."""

    provider: str
    fact: Fact
    told: Told
    position: str


@dataclass
class History:
    """The record of a run; thread-safe. `faults` lists answers that are wrong in themselves."""

    file: Path
    said: dict[Row, Said] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    answered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def tell(self, provider: str, facts: Iterable[Fact], told: Told) -> None:
        """The same was told of all these facts."""
        self.answer(provider, [(fact, {"status": told}) for fact in facts])

    def answer(self, provider: str, answers: Iterable[tuple[Fact, dict[str, str]]]) -> None:
        """Writes down the answer to each fact."""
        with self._lock, self.file.open("a", encoding="utf-8") as out:
            for fact, answer in answers:
                self._one(provider, fact, answer)
                out.write(json.dumps([provider, fact["reference"], answer], ensure_ascii=False) + "\n")
                self.answered += 1

    def _one(self, provider: str, fact: Fact, answer: dict[str, str]) -> None:
        row, told = (provider, fact["reference"]), _told(answer["status"])
        before = self.said.get(row)
        if before is not None and before.told != "unknown":
            if before.told != told and told != "unknown":
                self.faults.append(f"{row} was {before.told}, then {told}: {answer}")
            if answer["status"] == "accepted" and before.told == "acked":
                self.faults.append(f"{row} was accepted twice")
            if told == "unknown" or not answer.get("position"):
                return
        self.said[row] = Said(provider, fact, told, answer.get("position", ""))

    def unknown(self) -> dict[str, list[Fact]]:
        """What must be sent again, by provider, in the order it was made."""
        found: dict[str, list[Fact]] = {}
        for one in sorted(self.said.values(), key=lambda s: str(s.fact["reference"])[-6:]):
            if one.told == "unknown":
                found.setdefault(one.provider, []).append(one.fact)
        return found

    def told(self, what: Told) -> set[Row]:
        """The rows of which this was told last."""
        return {row for row, one in self.said.items() if one.told == what}


def _told(status: str) -> Told:
    if status in ACCEPTING or status == "acked":
        return "acked"
    return "rejected" if status in REFUSING else "unknown"
