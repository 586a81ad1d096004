"""The register of event types: a service's classes, the names on the wire, their schemas and samples."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from common.envelope import full_type

Data = TypeVar("Data", bound=type[msgspec.Struct])


class EventType(msgspec.Struct, frozen=True):
    """One version of one event a service says: its short name, class of `data`, topic and canonical example."""

    service: str
    name: str
    version: int
    data: type[msgspec.Struct]
    topic: str
    example: msgspec.Struct

    @property
    def full(self) -> str:
        """The CloudEvents `type`."""
        return full_type(self.service, self.name, self.version)

    def schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of `data`."""
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": self.full} | msgspec.json.schema(
            self.data
        )


class Register:
    """All event types one service says; filled by its events.py, read by `make contracts`."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.types: dict[str, EventType] = {}

    def says(
        self, name: str, topic: str, example: Callable[[type[Any]], msgspec.Struct], version: int = 1
    ) -> Callable[[Data], Data]:
        """Class decorator: this struct is the data of `name`; `example` makes the canonical sample from the class."""

        def register(cls: Data) -> Data:
            kind = EventType(self.service, name, version, cls, topic, example(cls))
            if kind.full in self.types:
                raise ValueError(f"{kind.full} is registered twice")
            self.types[kind.full] = kind
            return cls

        return register
