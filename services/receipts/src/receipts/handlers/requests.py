"""A resident asks for a receipt, looks after it, fetches it; anybody checks a printed code."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common import traces
from common.ids import uuid7
from common.postgres import Connection, Pool
from receipts.errors import CannotBeMade, NotFound, NotReady, TooManyUnfinished, reason_texts
from receipts.events.said import DraftWanted, ReceiptRequested
from receipts.projections import DocumentKey, shown_holder, typed_code
from receipts.render.version import template_version
from receipts.store import documents, heard, receipts
from receipts.store.documents import NewDocument, Verified
from receipts.store.receipts import NewReceipt, Receipt, Subject
from receipts.store.says import Says

UNFINISHED_LIMIT = 50


@dataclass(frozen=True)
class Order:
    """A request as it came in; `digest` is what its Idempotency-Key is bound to."""

    user: str
    account: str
    period: str
    language: str
    key: str
    digest: str
    after: Sequence[str] = ()


def request_receipt(pool: Pool, says: Says, order: Order, draft_deadline_s: int) -> Receipt:
    """Stores the request and, in the same transaction, the document row or the question to the ledger."""
    begun = traces.now_ns()
    with pool.connection() as conn, conn.transaction():
        known = receipts.by_key(conn, order.user, order.key)
        if known is not None:
            return known
        account = heard.account_of(conn, order.account)
        subject = receipts.subject(conn, order.user, account, order.period)
        if subject is None:
            raise NotFound
        if receipts.unfinished(conn, order.user) >= UNFINISHED_LIMIT:
            raise TooManyUnfinished(retry_after_s=5)
        after = [position for position in order.after if position.startswith(f"account/{account}@")]
        new = NewReceipt(uuid7(), order.user, account, order.period, order.language, order.key, order.digest, after)
        if receipts.insert(conn, new, subject.masked):
            _start(conn, says, new, subject, draft_deadline_s)
        stored = receipts.by_key(conn, order.user, order.key)
    if stored is None:
        raise NotFound
    if stored.id == new.id:
        traces.began("receipt", str(new.id), begun, period=order.period, language=order.language)
    return stored


def receipt(pool: Pool, user: str, ident: UUID) -> Receipt:
    """The user's request; raises NotFound for a missing or a foreign one alike."""
    with pool.connection() as conn:
        found = receipts.seen(conn, user, ident)
    if found is None:
        raise NotFound
    return found


def ready_receipt(pool: Pool, user: str, ident: UUID) -> Receipt:
    """The user's request whose document stands; raises NotFound, NotReady or CannotBeMade."""
    found = receipt(pool, user, ident)
    if found.failure is not None:
        raise CannotBeMade(None, None, **reason_texts(found.failure))
    if found.progress != "ready":
        raise NotReady(retry_after_s=1)
    return found


def ready_receipts(pool: Pool, user: str, idents: Sequence[UUID]) -> list[Receipt]:
    """Several of the user's requests whose documents stand, in the order asked; raises what `ready_receipt` does."""
    return [ready_receipt(pool, user, ident) for ident in dict.fromkeys(idents)]


def verified(pool: Pool, code: str) -> Verified:
    """What may be said of a printed code; raises NotFound."""
    with pool.connection() as conn:
        found = documents.verify(conn, typed_code(code))
    if found is None:
        raise NotFound
    return found


def _start(conn: Connection, says: Says, new: NewReceipt, subject: Subject, draft_deadline_s: int) -> None:
    draft = subject.statement_version is None
    if draft:
        ask_ledger(conn, says, new.id, new.account, new.period, new.language, draft_deadline_s)
        return
    says.requested(conn, ReceiptRequested(new.id, new.account, new.period, new.language))
    link_document(conn, says, new.id, _issued(subject, new.period, new.language))


def ask_ledger(
    conn: Connection, says: Says, ident: UUID, account: str, period: str, language: str, deadline_s: int
) -> None:
    """Asks for the draft of an open month; each question has a number, so that only its own answer counts."""
    number, after = receipts.ask(conn, ident, deadline_s)
    wanted = DraftWanted(f"{ident}.{number}", tuple(after))
    says.requested(conn, ReceiptRequested(ident, account, period, language, wanted))


def link_document(conn: Connection, says: Says, ident: UUID, new: NewDocument) -> None:
    """Gives the request its document; one that stands already is told as rendered at once."""
    state = documents.ensure(conn, new)
    receipts.link(conn, ident, new.key.code)
    if state == "ready":
        says.rendered(conn, [r for r in receipts.linked_to(conn, [new.key.code]) if r.id == ident])


def issued_document(subject: Subject, period: str, language: str, masked: bool) -> NewDocument:
    """The document of a closed month."""
    holder = subject.holder
    key = DocumentKey(
        subject.account,
        period,
        language,
        masked,
        template_version(),
        subject.statement_version or 0,
        subject.facts_hash or "",
        holder.version if holder else 0,
    )
    return NewDocument(key, shown_holder(holder, masked), subject.to_pay or 0, subject.currency or "")


def _issued(subject: Subject, period: str, language: str) -> NewDocument:
    return issued_document(subject, period, language, subject.masked)
