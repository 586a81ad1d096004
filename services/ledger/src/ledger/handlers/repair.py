"""What an operator does with a stream that stands still: look, try again (after new code), pass a fact over for good.

Everything happens in one transaction under the lock of the offset row, so the consumer of that partition waits and then
goes on from what it finds. Bytes are never edited.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from common import streams
from common.envelope import decode
from common.postgres import Connection, connect
from common.streams import GAP, Head, Record
from ledger.config import Config
from ledger.errors import GapIsNoFact, NotParked
from ledger.events.heard import ACCOUNTS, USERS, USERS_SKIPPED
from ledger.handlers import hear, project
from ledger.handlers.parked import culprit_of
from ledger.projections import PROJECT
from ledger.store import audit, repair
from ledger.store.repair import Letter, Standing

Apply = Callable[[Connection, Sequence[Record]], None]


class Outcome(NamedTuple):
    """How many facts were applied, where the stream stands now, and why it still stands still, if it does."""

    applied: int
    version: int
    reason: str | None
    detail: str | None


@dataclass
class _Stream:
    """A stream under repair: its head, the letters still open, and what can be applied, by sequence."""

    topic: str
    key: str
    head: Head
    letters: list[Letter]
    records: dict[int, tuple[Record, Letter | None]] = field(default_factory=dict)
    replayed: list[Letter] = field(default_factory=list)


def listing(config: Config) -> list[Standing]:
    """Everything that stands still, the oldest first."""
    with connect(config.database_url, "ledger-operator") as conn:
        return repair.standing(conn)


def look(config: Config, number: str) -> tuple[Standing, list[Letter]]:
    """An account (by any of its numbers) or a user that stands still, with its dead letters; raises NotParked."""
    with connect(config.database_url, "ledger-operator") as conn:
        found = _find(conn, number)
        return found, repair.letters(conn, found.topic, found.key)


def retry(config: Config, number: str, who: str, why: str) -> Outcome:
    """Applies what stood still and everything behind it, in order, as far as it goes; raises NotParked."""
    with connect(config.database_url, "ledger-operator") as conn:
        found = _find(conn, number)
        repair.fence(conn, found.topic, found.key)
        outcome = _go_on(conn, _load(conn, found.topic, found.key), _apply(config, found.topic), config)
        repair.note_retry(conn, found.topic, found.key, who, why, outcome.applied, outcome.reason)
        return outcome


def dismiss(config: Config, number: str, who: str, why: str, sequence: int | None = None) -> Outcome:
    """Passes over the first dead letter of a stream for good and goes on behind it.

    `sequence` says which number of the log an unreadable record had, where it had one. Raises NotParked, and
    GapIsNoFact where nothing came that could be passed over.
    """
    with connect(config.database_url, "ledger-operator") as conn:
        found = _find(conn, number)
        repair.fence(conn, found.topic, found.key)
        stream = _load(conn, found.topic, found.key)
        if not stream.letters:
            raise GapIsNoFact(key=found.key, sequence=found.version + 1)
        letter = stream.letters.pop(0)
        # What diverged has the number of a fact that counts: only the record is passed over, not the number.
        passed = None if letter.reason == "diverged" else sequence or _sequence(letter) or _hole(stream.head)
        repair.pass_over(conn, found.topic, found.key, letter, passed, who, why)
        if passed == stream.head.version + 1:
            stream.head.version, stream.head.last_id = passed, ""
            stream.records.pop(passed, None)
        return _go_on(conn, stream, _apply(config, found.topic), config)


def _find(conn: Connection, number: str) -> Standing:
    key = audit.account_of(conn, number) or number
    found = next((one for one in repair.standing(conn) if one.key == key), None)
    if found is None:
        raise NotParked(key=number)
    return found


def _load(conn: Connection, topic: str, key: str) -> _Stream:
    head = streams.load(conn, topic, [key])[key]
    stream = _Stream(topic, key, head, repair.letters(conn, topic, key))
    stream.records = {sequence: (record, None) for sequence, record in head.waiting.items()}
    for letter in stream.letters:
        record = _record(topic, key, letter)
        waits = stream.records.get(record.sequence) if record else None
        # A record that waited and failed when it was tried stands in both tables, at one place of the topic.
        if record is not None and (waits is None or _place(waits[0]) == _place(record)):
            stream.records[record.sequence] = (record, letter)
    return stream


def _place(record: Record) -> tuple[int, int]:
    return record.partition, record.offset


def _record(topic: str, key: str, letter: Letter) -> Record | None:
    """The letter as a record, when it can be read."""
    try:
        envelope = decode(letter.value or b"")
    except (msgspec.MsgspecError, ValueError):
        return None
    if envelope.subject != key or not envelope.sequence:
        return None
    return Record(topic, letter.partition, letter.offset, key, envelope.type, letter.value, envelope)


def _sequence(letter: Letter) -> int | None:
    return culprit_of(letter.value).sequence if letter.value else None


def _hole(head: Head) -> int | None:
    """The number that is missing right behind the head when what waits begins one later."""
    following = min(head.waiting, default=0)
    return head.version + 1 if following == head.version + 2 else None


def _apply(config: Config, topic: str) -> tuple[Apply, frozenset[str], frozenset[str]]:
    """How the facts of a topic are applied, which types are, and which are known and skipped."""
    if topic == config.topic(USERS):
        return hear.hear_users, frozenset(hear.LINKS), USERS_SKIPPED
    return (lambda conn, records: project.apply_facts(conn, records, config)), frozenset(PROJECT), frozenset()


def _go_on(
    conn: Connection, stream: _Stream, how: tuple[Apply, frozenset[str], frozenset[str]], config: Config
) -> Outcome:
    """Applies record after record until one is missing or fails; the last one that fails keeps its stream parked."""
    head, begin, failed = stream.head, stream.head.version, None
    while failed is None and head.version + 1 in stream.records:
        record, letter = stream.records.pop(head.version + 1)
        failed = _one(conn, stream, record, how)
        if failed is not None:
            place = (record.partition, record.offset)
            repair.bury(conn, stream.topic, stream.key, place, record.type, record.value, failed)
        else:
            head.version, head.last_id = record.sequence, record.envelope.id
            stream.replayed += [letter] if letter else []
    repair.applied(conn, stream.topic, stream.key, head.version, stream.replayed)
    reason = _reason(conn, stream, failed)
    repair.put_head(conn, stream.topic, stream.key, head.version, head.last_id, reason)
    if stream.topic == config.topic(ACCOUNTS):
        how[0](conn, [])  # a close that waited for what was passed over comes by no fact
    open_letters = repair.letters(conn, stream.topic, stream.key)
    return Outcome(
        head.version - begin, head.version, reason, failed or (open_letters[0].detail if open_letters else None)
    )


def _one(
    conn: Connection, stream: _Stream, record: Record, how: tuple[Apply, frozenset[str], frozenset[str]]
) -> str | None:
    """Applies one record; what went wrong, or None."""
    apply, applies, skips = how
    if record.type not in applies | skips:
        return f"unknown type {record.type}"
    try:
        with conn.transaction():
            repair.put_head(conn, stream.topic, stream.key, record.sequence, record.envelope.id, stream.head.reason)
            if record.type in applies:
                apply(conn, [record])
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the operator's to read
        return f"{type(error).__name__}: {error}"
    return None


def _reason(conn: Connection, stream: _Stream, failed: str | None) -> str | None:
    """Why the stream stands still after all: an open letter, a gap before what waits, or nothing."""
    left = repair.letters(conn, stream.topic, stream.key)
    if left:
        return "unappliable" if failed else left[0].reason
    return GAP if any(sequence > stream.head.version for sequence in stream.records) else None
