"""What a service finds out about itself: `python -m <service> doctor`. `settlement doctor` asks all of them.

Nobody looks into another's database: each looks at its own, and at the topics it reads.
"""

import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, LiteralString, NamedTuple, TypeVar

import typer
from psycopg import OperationalError

from common import brokers, clock, heads, kafka
from common.migrations import EditedMigration, pending
from common.postgres import Connection, connect

ILL = 4
_PATIENCE_S, _STEP_S = 5.0, 0.5
_DRIFT_S = 2.0
T = TypeVar("T")
State = Literal["well", "watch", "ill"]
_OFFSETS = "SELECT topic, topic_id, partition, next_offset FROM consumer_offsets"
_SENT = "SELECT count(*), min(position) FROM outbox"


class Finding(NamedTuple):
    """One thing looked at: `well`, `watch` (in working hours) or `ill` (now); what it is and what to type."""

    check: str
    state: State
    says: str


class Question(NamedTuple):
    """What should be nought: the query answers how many there are and since when.

    `says` has places for {count} and {since}. It is ill as soon as the oldest is `ill_after_s` old; never, when None.
    """

    check: str
    query: LiteralString
    says: str
    ill_after_s: float | None = None


class Patient(NamedTuple):
    """A service: its package, the shared tables it has, its database, its broker, and what is asked of it alone.

    `own` is the topic that its event store is published on, `table` where that has its rows.
    """

    package: str
    shared: Sequence[str]
    database_url: str
    kafka: str
    questions: Sequence[Question]
    own: str | None = None
    table: str = "events"


def examine(patient: Patient) -> list[Finding]:
    """Everything that is to be known; a server that does not answer is a finding, too."""
    try:
        with connect(patient.database_url, f"{patient.package}-doctor", autocommit=True) as conn:
            return [finding for look in _LOOKS for finding in look(conn, patient)]
    except OperationalError as error:
        return [Finding("database", "ill", f"PostgreSQL does not answer ({type(error).__name__}): is it running?")]


def report(findings: Sequence[Finding], as_json: bool) -> None:
    """Prints them; exit status 4 when something is ill."""
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            typer.echo(line(finding))
    if any(finding.state == "ill" for finding in findings):
        raise typer.Exit(ILL)


def line(finding: Finding) -> str:
    """A finding for people."""
    return f"{ {'well': '✓', 'watch': '!', 'ill': '✗'}[finding.state] } {finding.check:14} {finding.says}"


def _versions(conn: Connection, patient: Patient) -> Iterator[Finding]:
    row = conn.execute("SELECT current_setting('server_version'), clock_timestamp()").fetchone()
    version, there = row or ("?", clock.now())
    drift = abs((clock.now() - there).total_seconds())
    yield Finding("versions", "well", f"PostgreSQL {version}, Python {platform.python_version()}")
    if drift > _DRIFT_S:
        yield Finding("clock", "ill", f"PostgreSQL's clock is {drift:.0f} s away from this machine's: look at NTP")
    else:
        yield Finding("clock", "well", "PostgreSQL's clock is this machine's")


def _migrations(conn: Connection, patient: Patient) -> Iterator[Finding]:
    try:
        waiting = [migration.name for migration in pending(conn, patient.package, patient.shared)]
    except EditedMigration as error:
        yield Finding("migrations", "ill", str(error))
        return
    if waiting:
        todo = f"run `python -m {patient.package} migrate`"
        yield Finding("migrations", "ill", f"{len(waiting)} wait, {waiting[0]} first: {todo}")
    else:
        yield Finding("migrations", "well", "all applied")


def _outbox(conn: Connection, patient: Patient) -> Iterator[Finding]:
    if "outbox" not in patient.shared:
        return

    def unsent() -> tuple[int, int]:
        row = conn.execute(_SENT).fetchone()
        return (row[0], row[1]) if row and row[0] else (0, 0)

    (first, oldest), (left, still) = _twice(unsent, lambda before, now: not now[0] or now[1] > before[1])
    if not left:
        yield Finding("outbox", "well", "everything is published")
    elif still == oldest:
        yield Finding(
            "outbox", "ill", f"{left} rows wait and none was sent for {_PATIENCE_S:.0f} s: is the relay running?"
        )
    else:
        yield Finding("outbox", "watch", f"{left} rows wait ({first} a moment ago); the relay is at work")


def _lag(conn: Connection, patient: Patient) -> Iterator[Finding]:
    """Of every topic that was ever read, as it is now: one that was made anew has another id."""
    offsets = conn.execute(_OFFSETS).fetchall()
    topics = sorted({topic for topic, *_ in offsets})
    try:
        ids = kafka.topic_ids(patient.kafka, topics) if topics else {}
        gone = [topic for topic in topics if topic not in ids]
        yield from (Finding("topics", "ill", f"{topic} does not exist any more: see `Kafka lost`") for topic in gone)
        known = sorted(ids)

        def behind() -> dict[str, int]:
            now = {(t, i, p): at for t, i, p, at in conn.execute(_OFFSETS).fetchall()}
            ends = kafka.end_offsets(patient.kafka, known) if known else {}
            missing = dict.fromkeys(known, 0)
            for (topic, partition), end in ends.items():
                missing[topic] += max(0, end - now.get((topic, ids[topic], partition), 0))
            return missing

        before, now = _twice(behind, lambda before, now: all(not now[t] or now[t] < before[t] for t in now))
    except kafka.KafkaError as error:
        yield _silent("kafka", patient, error)
        return
    for topic, count in now.items():
        if not count:
            yield Finding("lag", "well", f"{topic} is read to its end")
        elif count >= before[topic]:
            yield Finding(
                "lag", "ill", f"{count} records of {topic} are unread and get no fewer: is the projector running?"
            )
        else:
            yield Finding("lag", "watch", f"{count} records of {topic} are unread and get fewer")


def _silent(check: str, patient: Patient, error: kafka.KafkaError) -> Finding:
    says = f"{brokers.shown(patient.kafka)} does not answer ({type(error).__name__}): is it running?"
    return Finding(check, "ill", says)


def _heads(conn: Connection, patient: Patient) -> Iterator[Finding]:
    """Kafka acknowledges before it syncs: what it lost is found here, and sent again from the store."""
    if patient.own is None:
        return
    try:
        found = heads.compare(conn, patient.kafka, patient.own, patient.table)
    except kafka.KafkaError as error:
        yield _silent("heads", patient, error)
        return
    if found.short and found.whole:
        which = ", ".join(sorted(found.short)[:3])
        todo = f"{patient.own} lost their newest records ({which}): `republish`, see `Kafka lost`"
        yield Finding("heads", "ill", f"{len(found.short)} of {found.streams} streams: {todo}")
    elif found.short:
        yield Finding("heads", "watch", f"{len(found.short)} of {found.streams} newest streams not reached in time")
    else:
        yield Finding("heads", "well", f"{patient.own} has the newest of {found.streams} streams")


def _questions(conn: Connection, patient: Patient) -> Iterator[Finding]:
    for question in (*_SHARED_QUESTIONS, *patient.questions):
        row = conn.execute(question.query).fetchone()
        count, since = row or (0, None)
        if not count:
            yield Finding(question.check, "well", "none")
            continue
        old = (clock.now() - since).total_seconds() if since else 0.0
        ill = question.ill_after_s is not None and old >= question.ill_after_s
        when = clock.to_wire(since)[:16].replace("T", " ") + " UTC" if since else "?"
        yield Finding(question.check, "ill" if ill else "watch", question.says.format(count=count, since=when))


def _twice(measure: Callable[[], T], settled: Callable[[T, T], bool]) -> tuple[T, T]:
    """A measure, and another one as soon as it has settled or patience is over."""
    before = now = measure()
    until = time.monotonic() + _PATIENCE_S
    while not settled(before, now) and time.monotonic() < until:
        time.sleep(_STEP_S)
        now = measure()
    return before, now


_SHARED_QUESTIONS = (
    Question(
        "dead letters",
        "SELECT count(*), min(recorded_at) FROM dead_letters WHERE dismissed_at IS NULL",
        "{count} records could not be heard, the first at {since}: `dead-letters list`, or the log",
        0,
    ),
    Question(
        "parked",
        "SELECT count(*), min(parked_at) FROM stream_heads WHERE parked_at IS NOT NULL",
        "{count} streams stand still, the first since {since}: `parked list`, the cause, then `parked retry`",
        0,
    ),
)
_LOOKS: tuple[Callable[[Connection, Patient], Iterator[Finding]], ...] = (
    _versions, _migrations, _outbox, _lag, _heads, _questions,
)  # fmt: skip
