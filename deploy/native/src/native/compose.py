"""docker-compose.yml as the native runner reads it: what runs, with which environment, after what."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from native.paths import ROOT
from native.trouble import Trouble

COMPOSE_FILE = ROOT / "docker-compose.yml"
SERVERS = ("postgres", "kafka", "redis")
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_PORT = re.compile(r"(?<![\d.])1[5-9]\d{3}(?!\d)")
MOST_OF_A_KIND = 12


class NotANumber(Trouble):
    """How many processes of a kind are wanted is no number from 1 to 12."""


@dataclass(frozen=True)
class Process:
    """One command of ours, one-shot or lasting, and the names of what must be there before it starts.

    `number` counts the processes of one kind; those after the first are called `ledger-project-2` and so on.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    needs: frozenset[str]
    once: bool
    number: int = 1

    @property
    def public_url(self) -> str | None:
        """Where it serves others, if it does."""
        port = self.environment.get("HTTP_PORT")
        return f"http://127.0.0.1:{port}" if port else None

    def setting(self, name: str) -> str:
        """A setting's value, from the file that `<name>_FILE` says where there is one."""
        file = self.environment.get(f"{name}_FILE")
        return Path(file).read_text() if file else self.environment[name]


@dataclass(frozen=True)
class Plan:
    """All processes in the file's order, and where the servers listen."""

    processes: tuple[Process, ...]
    ports: Mapping[str, int]

    def lasting(self) -> list[Process]:
        """What runs until it is stopped."""
        return [process for process in self.processes if not process.once]

    def steps(self) -> list[Process]:
        """What runs once, before the rest."""
        return [process for process in self.processes if process.once]

    def named(self, name: str) -> Process:
        """The process of that name."""
        return next(process for process in self.processes if process.name == name)


def read_plan(folder: Path, port_base: int, file: Path) -> Plan:
    """The plan for a data folder and a shift of all ports."""
    document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    native = {key: shifted(placed(str(value), folder), port_base) for key, value in document["x-native"].items()}
    known = {**os.environ, **native}
    processes = tuple(
        process
        for name, service in document["services"].items()
        if name not in SERVERS
        for process in _alike(name, service, known, port_base)
    )
    listening = {key: int(value.rpartition(":")[2]) for key, value in native.items() if ":" in value}
    return Plan(processes, listening)


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with `${NAME:-default}` replaced, as compose does it."""
    return _VARIABLE.sub(lambda match: known.get(match[1]) or match[2] or "", text)


def shifted(text: str, port_base: int) -> str:
    """The text with our ports, the numbers from 15000 to 19999, moved up."""
    return _PORT.sub(lambda match: str(int(match[0]) + port_base), text)


def placed(text: str, folder: Path) -> str:
    """The text with a leading `.run` replaced by the data folder."""
    return str(folder.absolute()) + text.removeprefix(".run") if text.startswith(".run") else text


def _alike(name: str, service: Mapping[str, Any], known: Mapping[str, str], port_base: int) -> Iterator[Process]:
    """The processes of a kind, as many as the environment says."""
    wanted = filled(str(service.get("deploy", {}).get("replicas", 1)), known)
    if not wanted.isdecimal() or not 1 <= int(wanted) <= MOST_OF_A_KIND:
        raise NotANumber(f"{name}: {wanted!r} processes are wanted; give a number from 1 to {MOST_OF_A_KIND}")
    for number in range(1, int(wanted) + 1):
        own = {"MEMBER": f"{name}-{number}", "SHARED": "yes" if int(wanted) > 1 else "no"}
        yield _process(name, number, service, {**known, **own}, port_base)


def _process(name: str, number: int, service: Mapping[str, Any], known: Mapping[str, str], port_base: int) -> Process:
    environment = {key: _setting(str(value), known, port_base) for key, value in service["environment"].items()}
    if number > 1:
        environment["ADMIN_PORT"] = str(int(environment["ADMIN_PORT"]) + 250 + 50 * number)
    return Process(
        name=name if number == 1 else f"{name}-{number}",
        command=tuple(str(word) for word in service["command"]),
        environment=environment,
        needs=frozenset(service.get("depends_on", {})),
        once=service.get("restart") == "no",
        number=number,
    )


def _setting(value: str, known: Mapping[str, str], port_base: int) -> str:
    """A setting's value; what was put in for a variable is not shifted a second time."""
    parts = _VARIABLE.split(shifted(value, port_base))
    texts, names, defaults = parts[0::3], parts[1::3], parts[2::3]
    values = [known.get(name) or default or "" for name, default in zip(names, defaults, strict=True)]
    return "".join(text + put for text, put in zip(texts, [*values, ""], strict=True))
