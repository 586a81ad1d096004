"""The end of a sender's month: "that was all", and what is theirs and ours (control totals of a month)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from common.money import format_amount
from common.period import Period
from common.postgres import Connection
from provider_sync import errors
from provider_sync.domain.reconcile import NOTHING, PAYMENTS, Ours, different
from provider_sync.domain.sender import Sender
from provider_sync.domain.tally import Counted
from provider_sync.handlers.base import Base
from provider_sync.store import held, state, submissions, tallies
from provider_sync.store.keys import Key
from provider_sync.store.submissions import Submission


@dataclass(frozen=True)
class Line:
    """A service of a month, or the payments: `theirs` is the newest statement, None while there is none."""

    ours: Ours
    theirs: Submission | None

    @property
    def different(self) -> Counted | None:
        """What theirs has more; None while nothing is stated."""
        return different(self.theirs.counted, self.ours) if self.theirs else None


def submit(base: Base, key: Key, period: Period, said: Mapping[str, Counted]) -> list[Line]:
    """Takes a statement: service → count and sum, payments under the empty name.

    It is kept in any case. Raises SubmissionDiffers with a line for each difference; ScopeMissing, ForeignService and
    UnknownService before anything is kept.
    """
    with base.pool.connection() as conn:
        _may(conn, key, said)
        ours = _ours(conn, key, period)
        gaps = {service: different(theirs, ours.get(service, Ours(service, {}))) for service, theirs in said.items()}
        rows = [(service, *theirs, gaps[service] == NOTHING) for service, theirs in said.items()]
        submissions.add(conn, key.owner, period, key.id, rows)
        conn.commit()
        lines = _lines(conn, key, period)
    if any(gap != NOTHING for gap in gaps.values()):
        raise errors.SubmissionDiffers(period=period, lines=_differences(lines, gaps))
    return [line for line in lines if line.ours.service in said]


def reconciliation(base: Base, key: Key, period: Period) -> list[Line]:
    """All of the sender's services of a month that anything is known of, the payments last."""
    with base.pool.connection() as conn:
        return _lines(conn, key, period)


def _lines(conn: Connection, key: Key, period: Period) -> list[Line]:
    ours = _ours(conn, key, period)
    theirs = {s.service: s for s in submissions.latest(conn, period, key.owner) if _serves(key, s.service)}
    order = sorted(ours.keys() | theirs.keys(), key=lambda service: (service == PAYMENTS, service))
    return [Line(ours.get(service, Ours(service, {})), theirs.get(service)) for service in order]


def _ours(conn: Connection, key: Key, period: Period) -> dict[str, Ours]:
    parts: dict[str, dict[str, Counted]] = {}
    for kind, counted in tallies.of_month(conn, key.owner, period).items():
        if _serves(key, kind.service):
            parts.setdefault(kind.service, {})[kind.kind] = counted
    aside = {s: c for s, c in held.of_month(conn, key.owner, period).items() if _serves(key, s)}
    found = {
        service: Ours(service, parts.get(service, {}), held=aside.get(service, NOTHING))
        for service in parts.keys() | aside.keys()
    }
    waiting, returned = tallies.unmatched(conn, key.owner, period)
    if waiting != NOTHING or returned != NOTHING:
        found[PAYMENTS] = replace(found.get(PAYMENTS, Ours(PAYMENTS, {})), waiting=waiting, returned=returned)
    return found


def _serves(key: Key, service: str) -> bool:
    return service == PAYMENTS or Sender.of(key.owner, key.scopes).serves(service)


def _may(conn: Connection, key: Key, said: Mapping[str, Counted]) -> None:
    sender, owners = Sender.of(key.owner, key.scopes), state.services(conn)
    for index, service in enumerate(said):
        scope, pointer = ("payments", "/payments") if service == PAYMENTS else ("charges", f"/services/{index}/service")
        if scope not in sender.scopes:
            raise errors.ScopeMissing(pointer, scope=scope)
        if service == PAYMENTS:
            continue
        if service not in owners:
            raise errors.UnknownService(pointer, service=service[:40])
        if owners[service] != key.owner or not sender.serves(service):
            raise errors.ForeignService(pointer, service=service)


def _differences(lines: list[Line], gaps: Mapping[str, Counted]) -> list[dict[str, str]]:
    """For each difference what is stated, what is here, and the difference, all as texts."""
    found = []
    for line in lines:
        gap = gaps.get(line.ours.service, NOTHING)
        if gap == NOTHING or line.theirs is None:
            continue
        texts = {"service": line.ours.service}
        sides = {"stated": line.theirs.counted, "here": line.ours.standing, "held": line.ours.held, "difference": gap}
        for name, side in sides.items():
            texts |= {f"{name}_count": str(side.facts), f"{name}_sum": format_amount(side.total)}
        found.append(texts)
    return found
