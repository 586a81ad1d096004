"""What the ledger says, as outbox rows."""

from collections.abc import Iterable, Mapping

import msgspec

from common.clock import now, to_wire
from common.envelope import full_type, render
from common.eventstore import OutboxRow
from common.ids import named_id, named_text, uuid7
from common.partitions import partition_of
from ledger.config import Config
from ledger.events import said
from ledger.projections import Allocation

ISSUED = full_type("ledger", "statement.issued")
DRAFTED = full_type("ledger", "statement.drafted")
REFUSED = full_type("ledger", "statement.draft-refused")
ALLOCATED = full_type("ledger", "payment.allocated")
PARKED = full_type("ledger", "account.parked")
RESUMED = full_type("ledger", "account.resumed")


def statements(issued: Iterable[said.StatementIssued], config: Config) -> list[OutboxRow]:
    """statement.issued of each statement, under the statement's own id."""
    return [_row(config, said.STATEMENTS, ISSUED, s.account, str(s.statement), s.cut_off, s) for s in issued]


def statements_again(issued: Iterable[tuple[said.StatementIssued, str]], config: Config) -> list[OutboxRow]:
    """The same once more, as recorded when it was first: what is old is no news."""
    return [
        _row(config, said.STATEMENTS, ISSUED, s.account, str(s.statement), s.cut_off, s, recorded)
        for s, recorded in issued
    ]


def draft(drafted: said.StatementDrafted, config: Config, came_with: str = "") -> OutboxRow:
    """statement.drafted; `came_with` is the correlation of who asked."""
    at, ident = drafted.cut_off, str(uuid7())
    return _row(config, said.DRAFTS, DRAFTED, drafted.account, ident, at, drafted, came_with=came_with)


def refusal(refused: said.StatementDraftRefused, config: Config, came_with: str = "") -> OutboxRow:
    """statement.draft-refused; `came_with` as above."""
    at, ident = to_wire(now()), str(uuid7())
    return _row(config, said.DRAFTS, REFUSED, refused.account, ident, at, refused, came_with=came_with)


def allocations(found: Iterable[Allocation], utilities: Mapping[str, str], config: Config) -> list[OutboxRow]:
    """payment.allocated; the same payment gets the same event id on every replay."""
    at = to_wire(now())
    return [_allocated(allocation, utilities, at, config) for allocation in found]


def parked(found: Iterable[said.AccountParked], config: Config) -> list[OutboxRow]:
    """account.parked of each."""
    return [
        _row(config, said.ALLOCATIONS, PARKED, p.account, str(named_id(f"parked/{p.account}/{p.since}")), p.since, p)
        for p in found
    ]


def resumed(found: Iterable[said.AccountResumed], config: Config) -> list[OutboxRow]:
    """account.resumed of each."""
    at = to_wire(now())
    return [
        _row(config, said.ALLOCATIONS, RESUMED, r.account, str(named_id(f"resumed/{r.account}/{r.since}")), at, r)
        for r in found
    ]


def _allocated(a: Allocation, utilities: Mapping[str, str], at: str, config: Config) -> OutboxRow:
    split = [said.Allocated(service, amount, utilities.get(service, "")) for service, amount in a.shares.items()]
    data = said.PaymentAllocated(said.PaymentRef(a.provider, a.reference), a.account, split, a.rule, a.day)
    ident = named_text(f"allocation/{a.account}/{a.sequence}/{a.reference}")
    return _row(config, said.ALLOCATIONS, ALLOCATED, a.account, ident, at, data, at)


def _row(
    config: Config,
    topic: str,
    type_: str,
    key: str,
    ident: str,
    at: str,
    data: msgspec.Struct,
    recorded: str = "",
    came_with: str = "",
) -> OutboxRow:
    body = render(
        ident=ident,
        source="/ledger",
        type=type_,
        key=key,
        time=at,
        recorded=recorded or to_wire(now()),
        data=msgspec.json.encode(data).decode(),
        sequence=None,
        correlation=came_with,
    )
    return OutboxRow(config.topic(topic), partition_of(key), key, type_, body.decode())
