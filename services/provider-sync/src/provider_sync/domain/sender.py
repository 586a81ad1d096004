"""Who sends: the provider behind an API key and what its scopes allow."""

from collections.abc import Iterable
from dataclasses import dataclass

KINDS = frozenset(
    {"accounts", "meters", "charges", "payments", "holders", "master-data", "take-over", "unnamed-adjustment"}
)
# The scope of an operator's key: it is issued by the centre to its own people and opens no HTTP call.
OPERATOR = "operator"


@dataclass(frozen=True)
class Sender:
    """A provider with its scopes; `services` None means all."""

    provider: str
    scopes: frozenset[str]
    services: frozenset[str] | None

    @classmethod
    def of(cls, provider: str, scopes: Iterable[str]) -> "Sender":
        """From scopes as a key holds them: `charges`, `services:heating`, `services:*`."""
        given = frozenset(scopes)
        named = frozenset(s.removeprefix("services:") for s in given if s.startswith("services:"))
        return cls(provider, given & KINDS, None if "*" in named else named)

    def stated(self) -> list[str]:
        """The scopes as a key holds them; `of` makes the same sender of them."""
        services = ["*"] if self.services is None else sorted(self.services)
        return [*sorted(self.scopes), *(f"services:{service}" for service in services)]

    def serves(self, service: str) -> bool:
        """Whether the key is for this service."""
        return self.services is None or service in self.services


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes nobody knows; `due` belongs to payment agents and is read by the ledger."""
    return [s for s in scopes if s not in KINDS and s != "due" and not s.startswith("services:")]
