"""What has been sent so far, kept so that later files can name it."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from demo.city.facts import Fact


@dataclass(slots=True)
class Posted:
    """Charges by account, service and bill period; other facts by a word of their own."""

    charges: defaultdict[tuple[str, str, str], list[Fact]] = field(default_factory=lambda: defaultdict(list))
    others: dict[tuple[str, str], Fact] = field(default_factory=dict)

    def remember(self, charge: Fact) -> None:
        """Keep a charge."""
        self.charges[charge["account"], charge["service"], charge["period"]].append(charge)

    def first(self, account: str, service: str, period: str) -> Fact | None:
        """The first charge of a service in a bill."""
        return next(iter(self.charges.get((account, service, period), [])), None)

    def billed(self, account: str, services: tuple[str, ...], period: str) -> dict[str, Decimal]:
        """What was charged per service in a bill."""
        return {
            service: sum((Decimal(row["amount"]) for row in rows), Decimal(0))
            for service in services
            if (rows := self.charges.get((account, service, period)))
        }
