"""What the demo sent, in order: the oracle reads this and the files, never an answer of the centre."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from demo.oracle import Books, Close, Said
from demo.records import rows_of


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was sent (its path in the demo's folder), or the close of a month.

    `broken` are the lines that were made to be refused.
    """

    file: str = ""
    sender: str = ""
    format: str = ""
    batch: str = ""
    broken: tuple[int, ...] = ()
    close: str = ""


class Journal:
    """An append-only file next to the state of the demo."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "journal.ndjson"

    def entries(self) -> list[Sent]:
        """Everything so far."""
        if not self._path.exists():
            return []
        lines = self._path.read_text("utf-8").splitlines()
        return [Sent(**{**entry, "broken": tuple(entry["broken"])}) for entry in map(json.loads, lines)]

    def append(self, entry: Sent) -> None:
        """Remember one more."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")

    def sent(self) -> Iterator[Said | Close]:
        """The rows of all files and the closes, in order."""
        for entry in self.entries():
            if entry.close:
                yield Close(entry.close)
                continue
            for number, row in rows_of(self._folder / entry.file, entry.format):
                if number not in entry.broken:
                    yield Said(entry.sender, row)

    def books(self) -> Books:
        """What every statement must say."""
        sent = list(self.sent())
        services = [one.row for one in sent if isinstance(one, Said) and one.row["kind"] == "directory.service"]
        ordered = sorted(services, key=lambda row: int(row["order"]))
        return Books(row["id"] for row in ordered).replay(sent)
