"""Says once more what the ledger has said, for a broker that lost everything; readers know it by its ids."""

from collections.abc import Callable, Sequence

from common.eventstore import enqueue
from common.postgres import connect
from common.restore import let_drain
from ledger.config import Config
from ledger.domain.split import SplitRule, rule_for
from ledger.handlers import publish
from ledger.handlers.close import CENTRE
from ledger.projections import Allocation
from ledger.store import entries, heard, said

_ACCOUNTS = 500

Step = Callable[[int, int], None]


def everything(config: Config, step: Step) -> tuple[int, int]:
    """All statements and how each payment was split, account by account; returns how many of both.

    Drafts are answers of a moment, they are asked for again. How money went that was taken back is not said again: only
    the log knows it, and provider-sync has it from the first time.
    """
    after, statements, allocations = "", 0, 0
    with connect(config.database_url, "ledger-republish", statement_s=120) as conn:
        step(0, said.accounts(conn))
        while page := said.accounts_behind(conn, after, _ACCOUNTS):
            issued = said.statements(conn, page)
            rules = entries.rules(conn)
            split = [_allocation(payment, rules) for payment in said.payments(conn, page)]
            enqueue(conn, publish.statements_again(issued, config))
            enqueue(conn, publish.allocations(split, heard.utilities(conn), config))
            conn.commit()
            statements, allocations, after = statements + len(issued), allocations + len(split), page[-1]
            step(len(page), said.accounts(conn))
            let_drain(conn)
    return statements, allocations


def _allocation(p: said.Payment, rules: Sequence[SplitRule]) -> Allocation:
    """Which rule had split it is told by its month; an entry does not keep whether the payer had."""
    rule = rule_for(rules, p.period).version
    return Allocation(p.account, p.provider or CENTRE, p.reference, p.shares, rule, p.day, p.sequence)
