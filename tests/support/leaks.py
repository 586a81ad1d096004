"""P20 over a whole run: nothing that a log of a service must not hold stands in one of them.

Known by their shape, so that no test has to tell what it typed: names, addresses and passwords of this suite have
letters that our log lines, which are English, do not; account numbers have nine digits.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SHAPES = {
    # Residents of the demonstration and of the towns of the tests; any other with an address is found by that.
    "a user name": re.compile(r"(?i)\b(?:aigerim|viktor|arman|aigul|daniyar)\b"),
    "a name, address or password": re.compile(r"[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]+"),
    "an escaped name, address or password": re.compile(r"(?:\\+u04[0-9a-fA-F]{2})+"),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "an account number": re.compile(r"(?<![\w.:+-])\d{9}(?![\w.:-])"),
    "a token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}"),
    "a key": re.compile(r"\b[Bb]earer [\w.~+/-]{8,}"),
    "a password's hash": re.compile(r"\$argon2\w*\$"),
    "a password in an address": re.compile(r"\w://[^\s/:@\"]*:[^\s/@\"*][^\s/@\"]*@"),
}
# These are the servers' own: what they tell of rows is for whoever runs them (docs/operations.md).
SERVERS = frozenset({"postgres.log", "kafka.log", "redis.log"})


def leaks(text: str) -> Iterator[str]:
    """What stands in a text that should not, each with its kind."""
    for kind, shape in SHAPES.items():
        yield from (f"{kind}: {hit}" for hit in sorted(set(shape.findall(text))))


def logs(folders: Iterable[Path]) -> Iterator[Path]:
    """Every log of a service under the folders; files of Kafka's topics are called like logs, by a number."""
    for folder in folders:
        yield from (p for p in sorted(folder.rglob("*.log")) if p.name not in SERVERS and not p.stem.isdigit())


def searched(folders: Iterable[Path]) -> tuple[int, list[str]]:
    """How many logs there are under the folders, and what stands in them, each with its file."""
    files = list(logs(folders))
    found = [f"{path}: {leak}" for path in files for leak in leaks(path.read_text(encoding="utf-8", errors="replace"))]
    return len(files), found


def none_in(folder: Path) -> None:
    """For a set that takes its folder away at its end. Raises AssertionError with what stands in its logs."""
    _, found = searched([folder])
    assert not found, "\n".join(found)


def of_processes(said: str) -> str:
    """What processes that inherited a test's output wrote to it: their lines of JSON, among others' words."""
    return "\n".join(line for line in said.splitlines() if line.startswith("{") and '"timestamp": "' in line)
