"""What receipts says goes into the outbox, in the transaction that makes it true."""

from collections.abc import Iterable

from common.clock import now, to_wire
from common.eventstore import OutboxRow, enqueue
from common.ids import uuid7
from common.partitions import partition_of
from common.postgres import Connection
from receipts.events.said import TOPIC, ReceiptFailed, ReceiptRendered, ReceiptRequested, Said, record, type_of
from receipts.store.receipts import Receipt


class Says:
    """Queues events for the topic; the prefix is for tests that share a broker."""

    def __init__(self, topic_prefix: str = "") -> None:
        self._topic = topic_prefix + TOPIC

    def requested(self, conn: Connection, event: ReceiptRequested) -> None:
        """A receipt was asked for."""
        self._say(conn, [event])

    def rendered(self, conn: Connection, receipts: Iterable[Receipt]) -> None:
        """Their documents stand ready."""
        self._say(
            conn,
            [ReceiptRendered(r.id, r.account, r.period, r.language, r.digest or "", r.pages or 0) for r in receipts],
        )

    def failed(self, conn: Connection, receipts: Iterable[Receipt], reason: str) -> None:
        """There will be no documents for them."""
        self._say(conn, [ReceiptFailed(r.id, r.account, r.period, r.language, reason) for r in receipts])

    def _say(self, conn: Connection, events: Iterable[Said]) -> None:
        at = to_wire(now())
        enqueue(
            conn,
            [
                OutboxRow(self._topic, partition_of(e.account), e.account, type_of(e), record(e, str(uuid7()), at))
                for e in events
            ],
        )
