"""SQL in the open; functions take a connection whose transaction a handler owns."""

from collections.abc import Collection, Iterable


def texts(values: Collection[str]) -> str:
    """A text[] literal: an array of ten thousand is written twenty times faster than the driver adapts it."""
    together = "".join(values)
    if '"' in together or "\\" in together:
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}' if values else "{}"


def ints(values: Iterable[int]) -> str:
    """An int[] literal."""
    return "{" + ",".join(map(str, values)) + "}"
