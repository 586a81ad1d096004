"""What every handler stands on: the pool of its process and the names of topics."""

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
