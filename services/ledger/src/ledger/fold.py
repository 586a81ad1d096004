"""The ledger's books, folded a second time from the log alone: plain Python that imports nothing of the centre.

`fold(events, order)` takes the events of the accounts topic as dictionaries, each account's in the order of its
sequences and each close (`period.closed`, with its partition) after the facts that stood before it; `order` gives each
service its place in the split rule. `canonical` answers the rows that `python -m ledger digest` hashes, `digest` their
SHA-256.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

Event = Mapping[str, Any]
Row = list[Any]

ALMATY = timezone(timedelta(hours=5))
SIGNS = {"opening": 1, "charged": 1, "adjusted": 1, "benefit": -1, "penalty": 1, "paid": -1}
COLUMNS = {
    "balance.carried-in": ("opening", 1),
    "charge.posted": ("charged", 1),
    "charge.adjusted": ("adjusted", 1),
    "charge.reversed": ("adjusted", -1),
    "benefit.granted": ("benefit", 1),
    "benefit.reversed": ("benefit", -1),
    "penalty.accrued": ("penalty", 1),
    "penalty.reversed": ("penalty", -1),
}
DETAIL = (
    "from", "to", "volume", "unit", "tariff", "tiers", "basis", "reading_previous", "reading_current", "formula_ru",
    "formula_kk", "warnings", "reason_code", "reason", "debt", "rate", "days", "paid_at", "channel", "corrects",
    "reverses",
)  # fmt: skip
BASE = (
    "provider", "reference", "effective_from", "building", "flat", "premises", "residents", "area_total", "area_heated",
    "number", "holder", "reason", "document", "service", "service_provider", "tariff_group", "meter", "digits",
    "coefficient", "verified_until", "replacement_planned", "planned_for",
)  # fmt: skip


@dataclass
class Books:
    """One account: its rows so far, what each service owes by month, and how its payments were split."""

    account: str
    entries: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    readings: list[Row] = field(default_factory=list)
    openings: list[Row] = field(default_factory=list)
    statements: list[Row] = field(default_factory=list)
    splits: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    closed: str = ""

    def debts(self, through: str = "9999-12") -> list[tuple[str, str, int]]:
        """(month, service, amount) still owed: the whole history, every credit on the oldest debt."""
        owed: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        credit: dict[str, int] = defaultdict(int)
        for (service, month, paid), amount in self._sums(through).items():
            effect = -amount if paid else amount
            if effect > 0:
                owed[service][month] += effect
            else:
                credit[service] -= effect
        found = []
        for service, months in owed.items():
            left = credit[service]
            for month in sorted(months):
                covered = min(left, months[month])
                left -= covered
                if months[month] > covered:
                    found.append((month, service, months[month] - covered))
        return found

    def _sums(self, through: str) -> dict[tuple[str, str, bool], int]:
        sums: dict[tuple[str, str, bool], int] = defaultdict(int)
        for row in self.entries:
            month, part, service, amount = row[1], row[5], row[6], row[7]
            if month <= through:
                sums[service, month, part == "paid"] += amount if part == "paid" else SIGNS[part] * amount
        return sums

    def balances(self, through: str) -> dict[str, int]:
        """Each service's balance at the end of a month."""
        found: dict[str, int] = defaultdict(int)
        for row in self.entries:
            if row[1] <= through:
                found[row[6]] += SIGNS[row[5]] * row[7]
        return found


def fold(events: Iterable[Event], order: Mapping[str, int]) -> dict[str, Books]:
    """The books of every account."""
    books: dict[str, Books] = {}
    partitions: dict[str, int] = {}
    for event in events:
        kind = event["type"].split(".", 3)[3].removesuffix(".v1")
        if kind == "period.closed":
            for account in sorted(a for a, p in partitions.items() if p == event["data"]["partition"]):
                _close(books[account], event["data"]["period"], order)
            continue
        account = event["subject"]
        if account not in books:
            books[account] = Books(account)
            partitions[account] = partition_of(account)
        _apply(books[account], kind, event, order)
    return books


def canonical(books: Mapping[str, Books]) -> Iterator[bytes]:
    """The lines of the digest, section by section."""
    accounts = [books[name] for name in sorted(books)]
    sections = (
        ("entry", [row for b in accounts for row in sorted(b.entries, key=lambda r: r[1:4])]),
        ("opening", [row for b in accounts for row in sorted(b.openings, key=lambda r: r[1:3])]),
        ("statement", [row for b in accounts for row in sorted(b.statements, key=lambda r: (r[1], r[2], r[3] or ""))]),
        ("change", [row for b in accounts for row in b.changes]),
        ("reading", [row for b in accounts for row in sorted(b.readings, key=lambda r: r[1:4])]),
    )
    for section, rows in sections:
        for row in rows:
            text = json.dumps([section, *row], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            yield f"{text}\n".encode()


def digest(books: Mapping[str, Books]) -> str:
    """What `python -m ledger digest` must answer."""
    seen = hashlib.sha256()
    for line in canonical(books):
        seen.update(line)
    return seen.hexdigest()


def _apply(books: Books, kind: str, event: Event, order: Mapping[str, int]) -> None:
    data, sequence = event["data"], event["sequence"]
    if kind in COLUMNS:
        column, sign = COLUMNS[kind]
        amount, late = sign * data["amount"], data.get("late_for")
        if late:
            column, amount = "adjusted", SIGNS[column] * amount
        period = data.get("period") or data["posting_period"]
        named = late or (period if period != data["posting_period"] else None)
        _post(books, data, sequence, 0, kind, column, data["service"], amount, named)
    elif kind == "payment.received":
        shares = _shares(books, data, order)
        books.splits[data["provider"], data["reference"]] = shares
        _post_shares(books, data, sequence, kind, shares)
    elif kind == "payment.reversed":
        taken = books.splits[data["reverses"]["provider"], data["reverses"]["reference"]]
        _post_shares(books, data, sequence, kind, {service: -amount for service, amount in taken.items()})
    elif kind == "meter.read":
        reading = [data["meter"], data["taken_on"], sequence, data["value"], data["source"]]
        books.readings.append([books.account, *reading])
    elif kind == "statement.reissue-requested":
        _reissue(books, data["period"], data.get("version", 2))
    else:
        day = datetime.fromisoformat(event["time"]).astimezone(ALMATY).date().isoformat()
        said = {name: data[name] for name in BASE if data.get(name) is not None}
        books.changes.append([books.account, sequence, kind, data.get("effective_from") or day, said])


def _shares(books: Books, data: Event, order: Mapping[str, int]) -> dict[str, int]:
    if data.get("split"):
        given: dict[str, int] = defaultdict(int)
        for part in data["split"]:
            given[part["service"]] += part["amount"]
        return dict(given)
    return _spread(data["amount"], books.debts(), order)


def _spread(amount: int, debts: list[tuple[str, str, int]], order: Mapping[str, int]) -> dict[str, int]:
    """Oldest month first, then the order of services, only what is owed; the rest is advance."""
    shares: dict[str, int] = defaultdict(int)
    owing = [debt for debt in debts if debt[1] != "advance"]
    for _, service, owed in sorted(owing, key=lambda d: (d[0], order.get(d[1], 1 << 30), d[1])):
        part = min(owed, amount)
        amount -= part
        if part:
            shares[service] += part
    if amount:
        shares["advance"] += amount
    return dict(shares)


def _post_shares(books: Books, data: Event, sequence: int, kind: str, shares: Mapping[str, int]) -> None:
    for line, (service, amount) in enumerate(shares.items()):
        _post(books, data, sequence, line, kind, "paid", service, amount, data.get("late_for"))


def _post(
    books: Books,
    data: Event,
    sequence: int,
    line: int,
    kind: str,
    column: str,
    service: str,
    amount: int,
    for_period: str | None,
) -> None:
    shown = {name: data[name] for name in DETAIL if data.get(name) not in (None, [])} if line == 0 else {}
    money = [column, service, amount, data["provider"], data["reference"], for_period]
    books.entries.append([books.account, data["posting_period"], sequence, line, kind, *money, _named(shown)])


def _named(shown: dict[str, Any]) -> dict[str, Any]:
    """A named fact is its provider and reference, whatever else stood beside them."""
    for name in ("corrects", "reverses"):
        if name in shown:
            shown[name] = {"provider": shown[name]["provider"], "reference": shown[name]["reference"]}
    return shown


def _close(books: Books, period: str, order: Mapping[str, int]) -> None:
    if period <= books.closed:
        return
    oldest = min((row[1] for row in books.entries if row[1] < period), default=period)
    month = _after(books.closed) if books.closed else oldest
    while month <= period:
        _close_month(books, month, order)
        month = _after(month)


def _close_month(books: Books, month: str, order: Mapping[str, int]) -> None:
    before = books.balances(_before(month)) if books.closed else {}
    kept = -books.balances(month)["advance"]
    if kept > 0:
        moved = _spread(kept, books.debts(month), order)
        moved.pop("advance", None)
        if moved:
            data = {"posting_period": month, "provider": "", "reference": f"close/{month}"}
            _post_shares(books, data, 0, "advance.applied", moved | {"advance": -sum(moved.values())})
    _issue(books, month, {service: amount for service, amount in before.items() if amount})
    owed: dict[str, dict[str, int]] = defaultdict(dict)
    for aged, service, amount in books.debts(month):
        owed[service][aged] = amount
    for service, amount in books.balances(month).items():
        if amount:
            books.openings.append([books.account, _after(month), service, amount, owed.get(service, {})])
    books.closed = month


def _issue(books: Books, month: str, before: Mapping[str, int]) -> None:
    rows: dict[str, dict[str, int]] = {service: dict.fromkeys(SIGNS, 0) for service in before}
    for service, amount in before.items():
        rows[service]["opening"] = amount
    for entry in books.entries:
        if entry[1] == month:
            rows.setdefault(entry[6], dict.fromkeys(SIGNS, 0))[entry[5]] += entry[7]
    for service, sums in rows.items():
        closing = sum(SIGNS[part] * amount for part, amount in sums.items())
        books.statements.append([books.account, month, 1, service, *(sums[part] for part in SIGNS), closing])
    if not rows:
        books.statements.append([books.account, month, 1, None, *([None] * (len(SIGNS) + 1))])


def _reissue(books: Books, month: str, version: int) -> None:
    """The next version repeats the money of the one before."""
    newest = max((row[2] for row in books.statements if row[1] == month), default=version)
    if version > newest:
        shown = [row for row in books.statements if row[1] == month and row[2] == newest]
        books.statements += [[*row[:2], version, *row[3:]] for row in shown]


def _after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def _before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - (number == 1):04d}-{(number - 2) % 12 + 1:02d}"


def partition_of(key: str, partitions: int = 12) -> int:
    """Kafka's partition of a key: murmur2, written down a second time."""
    data, mask, m = key.encode(), 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if len(data) > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions
