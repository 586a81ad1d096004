"""What the demo sent, in order: the oracle reads this and the files, never an answer of the centre."""

import json
from collections.abc import Iterable, Iterator
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
        self._read: dict[str, list[Said]] = {}

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

    def closed(self) -> list[str]:
        """The months that are closed, in order."""
        return [entry.close for entry in self.entries() if entry.close]

    def sent(self) -> Iterator[Said | Close]:
        """The rows of all files and the closes, in order."""
        for entry in self.entries():
            if entry.close:
                yield Close(entry.close)
            else:
                yield from self._rows(entry)

    def books(self, *accounts: str) -> Books:
        """What every statement must say; of some accounts, when they are named."""
        sent = list(self.sent())
        services = [one.row for one in sent if isinstance(one, Said) and one.row["kind"] == "directory.service"]
        ordered = sorted(services, key=lambda row: int(row["order"]))
        return Books(row["id"] for row in ordered).replay(_of(sent, set(accounts)) if accounts else sent)

    def _rows(self, entry: Sent) -> list[Said]:
        # A file never changes once it was sent, and a walk asks for the same rows many times.
        if entry.file not in self._read:
            rows = rows_of(self._folder / entry.file, entry.format)
            self._read[entry.file] = [Said(entry.sender, row) for number, row in rows if number not in entry.broken]
        return self._read[entry.file]


def _of(sent: Iterable[Said | Close], numbers: set[str]) -> Iterator[Said | Close]:
    """Only rows of these accounts, also under numbers they were given later."""
    for one in sent:
        if isinstance(one, Said):
            if one.row.get("account") not in numbers:
                continue
            if one.row["kind"] == "account.renumbered":
                numbers.add(one.row["number"])
        yield one
