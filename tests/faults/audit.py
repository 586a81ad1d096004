"""The audit: what the clients were told against what the event store, the topics and the ledger hold."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from common import kafka
from ledger import fold
from tests.faults.centre import Centre, number, rows
from tests.faults.city import SERVICES
from tests.faults.history import TOLD, History, Row

ACCOUNTS = "provider-sync.accounts.v1"
STATEMENTS = "ledger.statements.v1"
_SIGNED = {"charge.posted": 1, "charge.adjusted": 1, "charge.reversed": -1, "benefit.granted": -1,
           "penalty.accrued": 1, "payment.received": -1, "payment.reversed": 1}  # fmt: skip

_EVENTS = """
SELECT stream_id, version, type, data::json, to_char(occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), recorded_at
FROM events ORDER BY stream_id COLLATE "C", version
"""
_OFFSETS = "SELECT topic, partition, max(next_offset) FROM consumer_offsets GROUP BY topic, partition"
_APPLIED = """
SELECT account, sequence FROM entries WHERE sequence > 0 AND line = 0
UNION ALL SELECT account, sequence FROM changes UNION ALL SELECT account, sequence FROM readings
"""
_BALANCES = """
SELECT account, sum(CASE WHEN part IN ('benefit', 'paid') THEN -amount ELSE amount END)::bigint
FROM entries GROUP BY account
"""


@dataclass
class Verdict:
    """What was found; `wrong` lists every broken promise, empty when all hold."""

    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list)

    def check(self, holds: bool, what: str) -> None:
        """Notes `what` unless it holds."""
        if not holds:
            self.wrong.append(what)


@dataclass(frozen=True)
class Store:
    """The event store as read at the end; `rows` gives (account, version) of each (provider, reference)."""

    events: list[dict[str, Any]]
    rows: dict[Row, list[tuple[str, int]]]
    cut_offs: list[tuple[str, Any]]


def read_store(url: str) -> Store:
    """All events, and where each fact stands."""
    events, places = [], defaultdict(list)
    for account, version, type_, data, occurred, recorded in rows(url, _EVENTS):
        said: Any = data
        events.append({"subject": account, "sequence": version, "type": type_, "data": said, "time": occurred,
                       "recorded": recorded})  # fmt: skip
        places[said["provider"], said["reference"]].append((str(account), int(str(version))))
    cut_offs = [(str(p), at) for p, at in rows(url, "SELECT period, cut_off FROM closed_periods ORDER BY period")]
    return Store(events, dict(places), cut_offs)


def oracle(history: History, centre: Centre, ledger_url: str) -> Verdict:
    """acked ⊆ ledger, ledger ∩ rejected = ∅, ledger ⊆ acked + unknown, and nothing twice."""
    verdict = Verdict(wrong=list(history.faults))
    store = read_store(centre.database("provider-sync-web"))
    applied = Counter((str(a), int(str(n))) for a, n in rows(ledger_url, _APPLIED))
    visible = {row for row, places in store.rows.items() if any(place in applied for place in places)}
    acked, rejected, unknown = (history.told(what) for what in TOLD)
    stored_twice = [row for row, places in store.rows.items() if len(places) > 1]
    applied_twice = [place for place, times in applied.items() if times > 1]
    verdict.lost, verdict.doubled = len(acked - visible), len(stored_twice) + len(applied_twice)
    verdict.check(not acked - visible, f"lost: {_some(acked - visible)}")
    verdict.check(not stored_twice, f"stored twice: {_some(stored_twice)}")
    verdict.check(not applied_twice, f"applied twice: {_some(applied_twice)}")
    verdict.check(not visible & rejected, f"rejected, yet in the ledger: {_some(visible & rejected)}")
    invented = visible - acked - unknown
    verdict.check(not invented, f"in the ledger, yet never sent or never taken: {_some(invented)}")
    _versions(store, applied, verdict)
    _positions(history, store, verdict)
    return verdict


def books(history: History, centre: Centre, ledger_url: str) -> Verdict:
    """After the unknown ones were sent again: equal to the tiyn to what was said, and to the fold of the log."""
    verdict = oracle(history, centre, ledger_url)
    store = read_store(centre.database("provider-sync-web"))
    verdict.check(not history.told("unknown"), f"still unknown: {_some(history.told('unknown'))}")
    missing = set(store.rows) ^ history.told("acked")
    verdict.check(not missing, f"the store is not exactly what was acked: {_some(missing)}")
    _balances(history, ledger_url, verdict)
    _folded(store, centre, ledger_url, verdict)
    _statements(store, centre, ledger_url, verdict)
    for table in ("dead_letters", "parked_records", "stream_heads WHERE reason IS NOT NULL", "queued_closes"):
        left = number(ledger_url, f"SELECT count(*) FROM {table}")
        verdict.check(left == 0, f"{left} rows in {table}")
    return verdict


def _versions(store: Store, applied: Counter[tuple[str, int]], verdict: Verdict) -> None:
    """Versions 1 … n without a gap, in the store and in what the ledger applied."""
    for name, places in (
        ("store", Counter((e["subject"], e["sequence"]) for e in store.events)),
        ("ledger", applied),
    ):
        heads: dict[str, set[int]] = defaultdict(set)
        for account, version in places:
            heads[account].add(version)
        holes = {a for a, versions in heads.items() if versions != set(range(1, len(versions) + 1))}
        verdict.check(not holes, f"gaps in the {name}: {_some(holes)}")


def _positions(history: History, store: Store, verdict: Verdict) -> None:
    """The position that a sender was given is where its fact stands."""
    told = {row: one.position for row, one in history.said.items() if one.told == "acked" and one.position}
    moved = [row for row, at in told.items() if [at] != [f"account/{a}@{n}" for a, n in store.rows.get(row, [])]]
    verdict.check(not moved, f"elsewhere than their senders were told: {_some(moved)}")


def _balances(history: History, ledger_url: str, verdict: Verdict) -> None:
    """Each account's balance is the sum of what was acknowledged, computed from the senders' own rows."""
    wanted: Counter[str] = Counter()
    for one in history.said.values():
        fact = one.fact
        if one.told == "acked" and fact["kind"] in _SIGNED:
            named = fact.get("reverses")
            money = history.said[one.provider, named["reference"]].fact if named else fact
            wanted[fact["account"]] += _SIGNED[fact["kind"]] * _tiyn(money["amount"])
    found = {str(a): int(str(n)) for a, n in rows(ledger_url, _BALANCES)}
    wrong = {a for a in wanted | found if wanted.get(a, 0) != found.get(a, 0)}
    verdict.check(not wrong, f"balances differ: {_some((a, wanted.get(a), found.get(a)) for a in wrong)}")


def _folded(store: Store, centre: Centre, ledger_url: str, verdict: Verdict) -> None:
    """The ledger's digest is that of an independent fold, and its own sums agree."""
    wanted = fold.digest(fold.fold(in_order(store), SERVICES))
    verdict.check(command(centre, ledger_url, "digest")["digest"] == wanted, "the digest is not that of the fold")
    verified = command(centre, ledger_url, "verify")
    verdict.check(verified["agrees"], f"the books disagree: {str(verified)[:1000]}")


def in_order(store: Store) -> list[dict[str, Any]]:
    """The log as the fold reads it: a close stands behind what was recorded before its cut-off."""
    ordered: list[dict[str, Any]] = []
    left = store.events
    for period, cut_off in store.cut_offs:
        ordered += [event for event in left if event["recorded"] <= cut_off]
        left = [event for event in left if event["recorded"] > cut_off]
        type_ = "kz.settlement.provider-sync.period.closed.v1"
        ordered += [{"type": type_, "data": {"period": period, "partition": n}} for n in range(kafka.PARTITIONS)]
    return ordered + left


def _statements(store: Store, centre: Centre, ledger_url: str, verdict: Verdict) -> None:
    """Every account has its statement of each closed month, under its stable id, and each was published."""
    issued = {str(i) for (i,) in rows(ledger_url, "SELECT id FROM statements")}
    accounts = {e["subject"] for e in store.events}
    for period, _ in store.cut_offs:
        having = {a for (a,) in rows(ledger_url, "SELECT account FROM statements WHERE period = %s", (period,))}
        verdict.check(having == accounts, f"statements of {period} are missing: {_some(accounts ^ having)}")
    published = ids_on(centre.kafka, STATEMENTS)
    verdict.check(issued == published, f"statements not on their topic: {_some(issued ^ published)}")


def ids_on(address: str, topic: str) -> set[str]:
    """The ids of all events of a topic."""
    reader = kafka.consumer(address, "audit")
    places = [kafka.Partition(topic, n) for n in range(kafka.PARTITIONS)]
    reader.assign(places)
    reader.seek_to_beginning(*places)
    ends, found = reader.end_offsets(places), set()
    try:
        while any(reader.position(place) < ends[place] for place in places):
            for messages in reader.poll(timeout_ms=500).values():
                found |= {json.loads(message.value)["id"] for message in messages}
    finally:
        reader.close(autocommit=False)
    return found


def behind(address: str, url: str) -> int:
    """How many records of the topics it reads a database has not applied."""
    at = {(str(t), int(str(p))): int(str(n)) for t, p, n in rows(url, _OFFSETS)}
    ends = kafka.end_offsets(address, {topic for topic, _ in at})
    return sum(max(0, end - at.get(place, 0)) for place, end in ends.items())


def command(centre: Centre, ledger_url: str, name: str) -> dict[str, Any]:
    """What `python -m ledger <name>` prints."""
    environment = {**centre.environment("ledger-project"), "DATABASE_URL": ledger_url}
    ended = subprocess.run([sys.executable, "-m", "ledger", name], env=environment, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def _tiyn(amount: str) -> int:
    whole, _, cents = amount.partition(".")
    return (-1 if amount.startswith("-") else 1) * (abs(int(whole)) * 100 + int(cents))


def _some(found: Iterable[object]) -> str:
    several = sorted(found, key=str)
    return f"{len(several)}, such as {several[:5]}"
