"""Which tariff of the directory holds for a service on a day."""

from collections.abc import Iterable

from ledger.events.heard import Tariff


def tariff_on(tariffs: Iterable[Tariff], service: str, group: str | None, day: str) -> Tariff | None:
    """The newest one in force of the service and group, else of all groups; None when the directory states none."""
    groups = (group or "", "")
    found = [t for t in tariffs if t.service == service and t.tariff_group in groups and t.effective_from <= day]
    return max(found, key=lambda tariff: (tariff.tariff_group == groups[0], tariff.effective_from), default=None)
