"""What each service says and serves, found in its code: the source of every generated contract."""

import importlib
import logging
import os
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Flask
from psycopg_pool import ConnectionPool

from common import keys
from common.env import load
from common.envelope import render
from common.eventtypes import EventType, Register
from common.postgres import Pool

SERVICES = {
    "provider-sync": "provider_sync",
    "ledger": "ledger",
    "identity": "identity",
    "receipts": "receipts",
}
_NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SPOOL_DIR": "spool",
    "FILES_DIR": "files",
    "IDENTITY_KEY_SECRET": "only-to-describe-the-interface-never-to-run",
}
_WEB = {
    "provider-sync": ("app", "flask_app"),
    "ledger": ("app", "flask_app"),
    "identity": ("app.web", "build_web"),
    "receipts": ("app.web", "web_app"),
}
_AT = "2026-11-01T05:12:07.123456Z"
_PLACES = {
    "provider-sync.accounts.v1": "100000123",
    "ledger.statements.v1": "100000123",
    "ledger.drafts.v1": "100000123",
    "ledger.allocations.v1": "100000123",
    "receipts.receipts.v1": "100000123",
    "identity.users.v1": "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f",
}
SEQUENCED = ("provider-sync.accounts.v1", "identity.users.v1")


@dataclass(frozen=True)
class Service:
    """One service by its name in topics, with its Python package."""

    name: str
    package: str

    def register(self) -> Register:
        """The register of what it says."""
        for module in (f"{self.package}.events.said", f"{self.package}.events"):
            try:
                found = importlib.import_module(module)
            except ModuleNotFoundError:
                continue
            for value in vars(found).values():
                if isinstance(value, Register):
                    return value
        raise LookupError(f"{self.package}.events registers nothing")

    def web(self) -> Flask:
        """Its HTTP app, described without any server: nothing is asked of the database until a request comes."""
        os.environ.update(_NOWHERE)
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
        module, builder = _WEB[self.name]
        config = load(importlib.import_module(f"{self.package}.config").Config)
        build = getattr(importlib.import_module(f"{self.package}.{module}"), builder)
        made: Flask = build(config, _nowhere()) if self.name == "receipts" else build(config)
        return made


def _nowhere() -> Pool:
    """A pool that is never opened."""
    return ConnectionPool(_NOWHERE["DATABASE_URL"], open=False)


def services() -> list[Service]:
    """All services that are there."""
    return [Service(name, package) for name, package in SERVICES.items()]


def key_of(kind: EventType) -> str:
    """The key a sample of this type has on its topic."""
    example: Any = kind.example
    if kind.topic == keys.TOPIC:
        return str(example.kid)
    return _PLACES.get(kind.topic, getattr(example, "account", None) or "sample")


def sample(kind: EventType) -> bytes:
    """The golden sample: a whole event as it stands on the topic."""
    return render(
        ident="0192f0c1-0000-7000-8000-000000000001",
        source=f"/{kind.service}",
        type=kind.full,
        key=key_of(kind),
        time=_AT,
        recorded=_AT,
        data=msgspec.json.encode(kind.example).decode(),
        sequence=_sequence(kind),
    )


def _sequence(kind: EventType) -> int | None:
    """Streams begin with what opens them; barriers and compacted values have no number."""
    if kind.topic not in SEQUENCED or kind.name.startswith("period."):
        return None
    return 1 if kind.name in ("account.opened", "user.registered") else 2
