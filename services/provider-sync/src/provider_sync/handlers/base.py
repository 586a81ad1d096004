"""What every handler stands on: the pool of its process, the names of topics, the gate's rules, and who acts."""

from dataclasses import dataclass, field

from common.postgres import Pool
from provider_sync import errors
from provider_sync.domain.plausible import Rules
from provider_sync.gateways import own_rules
from provider_sync.store.keys import Key


@dataclass(frozen=True)
class Base:
    """`topic_prefix` is empty except in tests; `keys` are those looked up last, each with when to ask again."""

    pool: Pool
    topic_prefix: str = ""
    gate: Rules = field(default_factory=own_rules)
    keys: dict[str, tuple[Key, float]] = field(default_factory=dict, repr=False, compare=False)

    def topic(self, name: str) -> str:
        """The topic's full name."""
        return self.topic_prefix + name


@dataclass(frozen=True)
class Act:
    """Who does something, and why: `who` is `operator/<name>` (handlers/operators.py), kept in the audit with it."""

    who: str
    why: str = ""


REASON_LIMIT = 500


def check_reason(act: Act) -> None:
    """Raises ReasonMissing: an act is recorded with why."""
    if not 1 <= len(act.why.strip()) <= REASON_LIMIT:
        raise errors.ReasonMissing(limit=REASON_LIMIT)
