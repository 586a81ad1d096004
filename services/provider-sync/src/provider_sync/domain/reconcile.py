"""Theirs beside ours: what a sender says it sent of a month, and what stands here. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from provider_sync.domain.tally import Counted

NOTHING = Counted(0, 0)
PAYMENTS = ""
# A corrected file turns changed rows into adjustments, so they belong to the sum of the charges that stand.
_COUNT = {"charge.posted": 1, "charge.reversed": -1, "payment.received": 1, "payment.reversed": -1}
_SUM = _COUNT | {"charge.adjusted": 1}


@dataclass(frozen=True)
class Ours:
    """One service of a month as it stands here; `service` is empty for payments, `parts` are by kind of fact.

    `held` are facts that came and wait for a decision: they are the sender's, too. `returned` are payments that the
    centre gave back to their payers: they stand nowhere.
    """

    service: str
    parts: Mapping[str, Counted]
    held: Counted = NOTHING
    waiting: Counted = NOTHING
    returned: Counted = NOTHING

    @property
    def standing(self) -> Counted:
        """Charges less reversed ones, with their adjustments; payments less reversed ones, with those that wait."""
        count = sum(found.facts * _COUNT.get(kind, 0) for kind, found in self.parts.items())
        total = sum(found.total * _SUM.get(kind, 0) for kind, found in self.parts.items())
        return plus(Counted(count, total), self.waiting)


def different(theirs: Counted, ours: Ours) -> Counted:
    """What theirs has more than ours, held facts counted as come; nothing when they agree."""
    come = plus(ours.standing, ours.held)
    return Counted(theirs.facts - come.facts, theirs.total - come.total)


def plus(a: Counted, b: Counted) -> Counted:
    """Both together."""
    return Counted(a.facts + b.facts, a.total + b.total)
