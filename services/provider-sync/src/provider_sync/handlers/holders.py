"""A holder's name and address taken back everywhere: here, in the ledger, in receipts and what they printed."""

from common.eventstore import OutboxRow, enqueue
from common.partitions import partition_of
from provider_sync import errors
from provider_sync.config import HOLDERS_TOPIC
from provider_sync.handlers.base import Act, Base, check_reason
from provider_sync.handlers.written import HOLDER_TYPE
from provider_sync.store import keys, state, streams


def forget(base: Base, by: Act, number: str) -> bool:
    """Erases who holds an account, by any of its numbers; False when nobody is held.

    The topic gets a tombstone, and compaction takes the records before it. The account, its money and the opaque holder
    id of its log stay. A provider may state a holder again. Raises ReasonMissing, UnknownAccount.
    """
    check_reason(by)
    with base.pool.connection() as conn:
        head = streams.head(conn, number)
        if head is None:
            raise errors.UnknownAccount(account=number)
        account = head[0]
        if not state.forget_holder(conn, account):
            return False
        enqueue(conn, [OutboxRow(base.topic(HOLDERS_TOPIC), partition_of(account), account, HOLDER_TYPE, None)])
        keys.audit(conn, by.who, "holders.forget", account, {}, by.why)
    return True
