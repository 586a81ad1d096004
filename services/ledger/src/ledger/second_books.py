"""`ledger verify --log`: the log folded once more by code that shares nothing with the projection, account by account.

Everything is compared as of one moment: the offsets that the tables stand at. Accounts that stand still are counted and
left out, for their tables rightly end before their log.
"""

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from common import kafka
from common.consumer import PassedOver
from common.kafka import Raw
from common.postgres import connect
from ledger import fold
from ledger.config import Config
from ledger.events.heard import ACCOUNTS
from ledger.handlers.audit import canonical_line
from ledger.store import audit, entries, repair, shadow

Event = Mapping[str, Any]
Digests = dict[str, dict[str, str]]

CLOSED = ".period.closed.v1"


class Verdict(NamedTuple):
    """How many accounts were compared, which of them differ and in what, how many stand still and were left out."""

    accounts: int
    different: dict[str, list[str]]
    parked: int


@dataclass
class _Account:
    """An account's facts by sequence, and each close with the last sequence that stood before it."""

    facts: dict[int, Event] = field(default_factory=dict)
    closes: list[tuple[int, Event]] = field(default_factory=list)

    def in_order(self) -> Iterator[Event]:
        """Facts in their sequence, however often and in whatever order they came, each close at its place."""
        closes = iter([*self.closes, (0, None)])
        after, close = next(closes)
        for sequence in sorted(self.facts):
            while close is not None and after < sequence:
                yield close
                after, close = next(closes)
            yield self.facts[sequence]
        while close is not None:
            yield close
            after, close = next(closes)


def check(config: Config, one_in: int = 1) -> Verdict:
    """Folds the whole log, or of every so many accounts one (by a hash of the number), and compares with the tables."""
    topic = config.topic(ACCOUNTS)
    with connect(config.database_url, "ledger-verify", statement_s=3600) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        ends = shadow.offsets(conn, shadow.LIVE, topic)
        states = shadow.states(conn, shadow.LIVE, topic)
        over = repair.passed_over(conn, topic)
        rule = max(entries.rules(conn), key=lambda one: one.version)
        ours = {section: _digests(audit.canonical_rows(conn, section), section, one_in) for section in audit.CANONICAL}
    parked = {account for account, state in states.items() if state.reason is not None}
    theirs: Digests = defaultdict(dict)
    for (_, partition), end in ends.items():
        for account, facts in _read(config, topic, partition, end, over, one_in).items():
            if account not in parked:
                for section, digest in _folded(facts, rule.order).items():
                    theirs[section][account] = digest
    compared = {account for account in states if account not in parked and _chosen(account, one_in)}
    different: dict[str, list[str]] = defaultdict(list)
    for section, of_accounts in ours.items():
        for account in compared:
            if of_accounts.get(account) != theirs[section].get(account):
                different[account].append(section)
    return Verdict(len(compared), dict(different), len(parked))


def _digests(rows: Iterator[tuple[Any, ...]], section: str, one_in: int) -> dict[str, str]:
    seen: dict[str, Any] = {}
    for row in rows:
        if _chosen(row[0], one_in):
            seen.setdefault(row[0], hashlib.sha256()).update(canonical_line(section, row))
    return {account: digest.hexdigest() for account, digest in seen.items()}


def _folded(account: _Account, order: Mapping[str, int]) -> dict[str, str]:
    seen: dict[str, Any] = {}
    for line in fold.canonical(fold.fold(account.in_order(), order)):
        section = line[2 : line.index(b'"', 2)].decode()
        seen.setdefault(section, hashlib.sha256()).update(line)
    return {section: digest.hexdigest() for section, digest in seen.items()}


def _read(config: Config, topic: str, partition: int, end: int, over: PassedOver, one_in: int) -> dict[str, _Account]:
    """The accounts of a partition with their facts up to an offset, without what operators passed over."""
    accounts: dict[str, _Account] = defaultdict(_Account)
    for raw in _records(config, topic, partition, end):
        if (raw.partition, raw.offset) in over or raw.value is None:
            continue
        if raw.type.endswith(CLOSED):
            close = json.loads(raw.value)
            for account in accounts.values():
                account.closes.append((max(account.facts), close))
        elif _chosen(raw.key, one_in):
            event = json.loads(raw.value)
            if (raw.key, event["sequence"]) not in over:
                accounts[raw.key].facts.setdefault(event["sequence"], event)
    return accounts


def _records(config: Config, topic: str, partition: int, end: int) -> Iterator[Raw]:
    consumer = kafka.consumer(config.kafka_bootstrap_servers, config.topic("ledger.verify"))
    kafka.read_raw(consumer)
    place = kafka.Partition(topic, partition)
    try:
        consumer.assign([place])
        consumer.seek(place, 0)
        at = 0
        while at < end:
            for raw in consumer.poll(timeout_ms=500, max_records=10_000).get(place, []):
                at = raw.offset + 1
                if raw.offset < end:
                    yield raw
    finally:
        consumer.close(autocommit=False)


def _chosen(account: str, one_in: int) -> bool:
    return one_in == 1 or zlib.crc32(account.encode()) % one_in == 0
