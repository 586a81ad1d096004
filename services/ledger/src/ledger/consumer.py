"""The Kafka door: what the ledger reacts to, on one page."""

from collections.abc import Sequence
from datetime import datetime

from common import keys
from common.arrivals import announce
from common.consumer import Projection, Safeguards, Subscription
from common.envelope import full_type
from common.postgres import Connection
from common.streams import Record
from ledger.config import Config
from ledger.events import heard
from ledger.events.heard import accounts_type, receipts_type
from ledger.handlers import close, draft, hear, parked, project
from ledger.projections import PROJECT
from ledger.store import heard as store
from ledger.store import repair

GROUP = "ledger.projection"

_BARRIER = accounts_type("period.closed")
_RECEIPTS_SKIPPED = ("receipt.rendered", "receipt.failed")


def subscriptions(config: Config, *, says: bool = True) -> list[Subscription]:
    """Every topic with what is applied, what is known and skipped, and the barrier of a month's close.

    Without `says` nothing is published and requests for drafts are passed over: a replay.
    """
    requested = heard.UPCASTS.read_as(heard.RECEIPT_REQUESTED)
    receipts_skipped = frozenset(map(receipts_type, _RECEIPTS_SKIPPED))
    return [
        Subscription(
            config.topic(heard.ACCOUNTS),
            lambda conn, records: _facts(conn, records, config, says),
            frozenset(PROJECT),
            sequenced=True,
            barriers=frozenset([_BARRIER]),
            on_barrier=lambda conn, record: close.close_chunk(conn, record, config, says=says),
            passed_over=repair.passed_over,
        ),
        Subscription(
            config.topic(heard.HOLDERS),
            hear.hear_holders,
            frozenset([full_type("provider-sync", "holder.stated")]),
            holes=True,
        ),
        Subscription(
            config.topic(heard.DIRECTORY),
            hear.hear_directory,
            frozenset([full_type("provider-sync", "directory.stated")]),
            holes=True,
        ),
        Subscription(
            config.topic(heard.USERS),
            _users,
            frozenset(hear.LINKS),
            heard.USERS_SKIPPED,
            sequenced=True,
            passed_over=repair.passed_over,
        ),
        Subscription(
            config.topic(heard.RECEIPTS),
            lambda conn, records: draft.hear_requests(conn, records, config),
            requested if says else frozenset(),
            receipts_skipped if says else receipts_skipped | requested,
        ),
        keys.subscription(config.topic_prefix),
    ]


def _facts(conn: Connection, records: Sequence[Record], config: Config, says: bool) -> None:
    project.apply_facts(conn, records, config, says=says)
    if says:
        announce(conn, {record.key for record in records})
        draft.note_newest(records)
        draft.answer_waiting(conn, config)
        parked.announce(conn, config)


def _users(conn: Connection, records: Sequence[Record]) -> None:
    hear.hear_users(conn, records)
    announce(conn, {record.key for record in records})


def _idle(conn: Connection, config: Config) -> None:
    with conn.transaction():
        draft.answer_waiting(conn, config)
        parked.announce(conn, config)


def _fresh(conn: Connection, topic: str, read: Sequence[int], at: datetime, config: Config) -> None:
    """Agents' keys are checked by the copy of the directory, so its age is kept; nobody asks for the others'."""
    if topic == config.topic(heard.DIRECTORY):
        store.put_fresh(conn, topic, read, at)


def projection(config: Config, safeguards: Safeguards | None = None) -> Projection:
    """The consuming process; only tests give safeguards."""
    return Projection(
        url=config.database_url,
        bootstrap=config.kafka_bootstrap_servers,
        group=config.topic(GROUP),
        subscriptions=subscriptions(config),
        member=config.consumer_member or None,
        safeguards=safeguards or Safeguards(),
        idle=lambda conn: _idle(conn, config),
        fresh=lambda conn, topic, read, at: _fresh(conn, topic, read, at, config),
    )
