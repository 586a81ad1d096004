"""The one place that reads the clock."""

from datetime import UTC, datetime
from functools import lru_cache


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def to_wire(instant: datetime) -> str:
    """RFC 3339 in UTC with `Z`, as it stands in events: `2026-11-01T05:12:07.123456Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_wire(text: str) -> datetime:
    """The instant of an event's time; raises ValueError."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=10_000)
def in_short(text: str) -> str:
    """An instant as `from_wire` reads it, or as PostgreSQL says it, without idle digits: `2026-11-01T05:12:07.12Z`."""
    whole, dot, fraction = from_wire(text).astimezone(UTC).isoformat().removesuffix("+00:00").partition(".")
    return f"{whole}{dot}{fraction.rstrip('0')}Z"
