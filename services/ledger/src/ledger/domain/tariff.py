"""Which tariff of the directory holds for a service on a day."""

from collections.abc import Iterable

from ledger.events.heard import Tariff


def tariff_on(tariffs: Iterable[Tariff], service: str, group: str | None, day: str) -> Tariff | None:
    """The newest one of the service and group that is in force; None when the directory states none."""
    found = [t for t in tariffs if t.service == service and t.tariff_group == (group or "") and t.effective_from <= day]
    return max(found, key=lambda tariff: tariff.effective_from, default=None)
