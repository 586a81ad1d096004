"""What every handler stands on: the pool of its process, the names of topics, and who acts."""

from dataclasses import dataclass

from common.postgres import Pool


@dataclass(frozen=True)
class Base:
    """`topic_prefix` is empty except in tests."""

    pool: Pool
    topic_prefix: str = ""

    def topic(self, name: str) -> str:
        """The topic's full name."""
        return self.topic_prefix + name


@dataclass(frozen=True)
class Act:
    """Who does something, and why: `who` is `operator/<name>` (handlers/operators.py), kept in the audit with it."""

    who: str
    why: str = ""
