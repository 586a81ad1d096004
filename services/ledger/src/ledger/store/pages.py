"""Pages of money facts, newest first: each fact once, with its shares."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from common.parts import part_of, parted
from common.reading import Reading
from common.repeating import filled
from ledger.store.reads import REFERENCE_STAMP, by_number

# $1 user, $2 account; $3, $4 the place the page stands before, $5 how many; $6 month, $7 kinds, $8 service, or nothing
# for any. One row without an entry when there is none.
_PAGE = parted(f"""
SELECT {REFERENCE_STAMP}, f.period, f.sequence, e.* FROM seen AS l
LEFT JOIN LATERAL (
    SELECT period, sequence FROM postings@ AS p
    WHERE account = $2 AND line = 0 AND (period, sequence) < ($3, $4::int)
      AND ($6 = '' OR period = $6) AND ($7 = '' OR kind::text = ANY(string_to_array($7, ' ')))
      AND ($8 = '' OR EXISTS (SELECT FROM postings@ AS of_all WHERE of_all.account = $2 AND of_all.period = p.period
                                AND of_all.sequence = p.sequence AND of_all.service = $8))
    ORDER BY period DESC, sequence DESC LIMIT $5::int) AS f ON true
LEFT JOIN LATERAL (
    SELECT min(kind::text), min(part::text), min(coalesce(p.provider, d.provider)), min(reference), min(for_period),
           min(coalesce(happened_at, d.recorded_at)), min(coalesce(p.recorded_at, d.recorded_at)),
           min(detail) FILTER (WHERE line = 0), min(d.data) FILTER (WHERE line = 0), sum(amount)::bigint,
           array_agg(service ORDER BY line), array_agg(amount ORDER BY line)
    FROM postings@ AS p LEFT JOIN details AS d ON d.no = p.shown
    WHERE account = $2 AND p.period = f.period AND p.sequence = f.sequence) AS e ON true
WHERE l.user_id = $1 AND l.account = $2 AND @has($2)
ORDER BY f.period DESC, f.sequence DESC
""")


class Posting(NamedTuple):
    """A fact about money with its shares [service, amount]."""

    period: str
    sequence: int
    kind: str
    part: str
    provider: str
    reference: str
    for_period: str | None
    happened_at: datetime
    recorded_at: datetime
    detail: str
    amount: int
    shares: list[tuple[str, int]]


class Page(NamedTuple):
    """Money facts of an account, and what changes with the directory and the split rule."""

    reference_stamp: int
    postings: list[Posting]


def page(
    reading: Reading,
    user: str,
    number: str,
    *,
    before: tuple[str, int],
    limit: int,
    period: str | None = None,
    kinds: Sequence[str] = (),
    service: str | None = None,
) -> Page | None:
    """A page of money facts, newest first; None when the user may see no such account."""
    place = before[0], str(before[1]), str(limit)
    wanted = period or "", " ".join(kinds), service or ""

    def ask(account: str) -> Page | None:
        found = reading.rows(_PAGE[part_of(account)], user, account, *place, *wanted)
        return Page(found[0][0], [_posting(*row[1:]) for row in found if row[1] is not None]) if found else None

    return by_number(reading, user, number, ask)


def _posting(*row: Any) -> Posting:
    *said, own, data, amount, services, amounts = row
    shares = list(zip(services, amounts, strict=True))
    return Posting._make((*said, own if data is None else filled(data, own), amount, shares))
