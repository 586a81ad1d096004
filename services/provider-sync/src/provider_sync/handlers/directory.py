"""Reference data by the operator's hand: providers, agents, services, tariffs, buildings, stated and published."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.written import body_of, state_entities
from provider_sync.store import desk, keys, state

Fields = Mapping[str, Any]


def add(base: Base, by: Act, kind: str, ident: str, fields: Fields) -> bool:
    """States an entry, new or known; False when it stood like that already.

    `kind`: provider, service, tariff, building. A field that is None stays as it was. Raises BadField, UnknownProvider,
    UnknownService.
    """
    return _state(base, by, kind, ident, fields, f"{kind}s.add")


def change(base: Base, by: Act, kind: str, ident: str, fields: Fields) -> bool:
    """Changes fields of a known entry; raises NotFound besides what `add` raises."""
    show(base, kind, ident)
    return _state(base, by, kind, ident, fields, f"{kind}s.change")


def add_agent(base: Base, by: Act, ident: str, fields: Fields) -> bool:
    """A sender that only takes payments; otherwise like any provider."""
    new = _state(base, by, "provider", ident, fields, "agents.add")
    with base.pool.connection() as conn:
        return state.mark_agent(conn, ident) or new


def show(base: Base, kind: str, ident: str) -> dict[str, Any]:
    """An entry as stated last; raises NotFound."""
    with base.pool.connection() as conn:
        found = state.entity(conn, f"{kind}/{ident}")
    if found is None:
        raise errors.NotFound
    return found


def entries(base: Base, kind: str) -> list[dict[str, Any]]:
    """All entries of a kind with their fields."""
    with base.pool.connection() as conn:
        return desk.directory(conn, kind)


def _state(base: Base, by: Act, kind: str, ident: str, fields: Fields, act: str) -> bool:
    entity = f"{kind}/{ident}"
    with base.pool.connection() as conn:
        version = state.lock_directory(conn, [entity]).get(entity, 0)
        known = state.entity(conn, entity)
        given = {name: value for name, value in fields.items() if value is not None}
        stated = _checked(kind, (known or {}) | given | {"id": ident})
        if stated == known:
            return False
        if kind in _NEEDS:
            _NEEDS[kind](conn, stated)
        state_entities(conn, base, [(entity, version + 1, stated)])
        keys.audit(conn, by.who, act, ident, given, by.why)
    return True


def _checked(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The entry in the form that facts of the same kind give it; raises BadField."""
    try:
        fact = msgspec.convert({"kind": f"directory.{kind}", "reference": "-", **body}, facts.AnyFact, strict=False)
    except msgspec.ValidationError as error:
        raise errors.BadField(reason=str(error)) from error
    return body_of(fact)


def _needs_provider(conn: Connection, body: Mapping[str, Any]) -> None:
    if body["provider"] not in state.providers(conn):
        raise errors.UnknownProvider(provider=body["provider"])


def _needs_service(conn: Connection, body: Mapping[str, Any]) -> None:
    if body["service"] not in state.services(conn):
        raise errors.UnknownService(service=body["service"])


_NEEDS: dict[str, Callable[[Connection, Mapping[str, Any]], None]] = {
    "service": _needs_provider,
    "tariff": _needs_service,
}
