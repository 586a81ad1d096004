"""What other services say, batch by batch, in the transaction that also stores the offsets."""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from common.postgres import Connection
from common.streams import Record
from receipts.events import heard
from receipts.events.holder import Holder
from receipts.handlers.requests import ask_ledger, issued_document, link_document
from receipts.projections import DocumentKey, StatementRow, shown_holder, statement_row, walking_place
from receipts.render.version import template_version
from receipts.store import documents, receipts
from receipts.store import heard as store
from receipts.store.documents import NewDocument
from receipts.store.receipts import Receipt
from receipts.store.says import Says

_ASKS = 2
_SALES = ("sold", "inherited")


def take_statements(conn: Connection, records: Sequence[Record], says: Says) -> None:
    """Issued statements; who waited for a draft of such a month gets the final document instead."""
    rows = [statement_row(r.envelope.data) for r in records]
    store.add_statements(conn, rows)
    for waiting in receipts.waiting_for(conn, [(row.account, row.period) for row in rows]):
        _link_issued(conn, says, waiting)


def take_drafts(conn: Connection, records: Sequence[Record], says: Says) -> None:
    """Answers to our questions: a draft becomes a document, a refusal is asked once more and then told."""
    for record in records:
        if record.type == heard.DRAFTED:
            _take_draft(conn, says, record.envelope.data)
        else:
            _take_refusal(conn, says, msgspec.json.decode(record.envelope.data, type=heard.Refused))


def take_holders(conn: Connection, records: Sequence[Record]) -> None:
    """Names and addresses; a tombstone also takes the documents that show them."""
    stated = [msgspec.json.decode(r.envelope.data, type=Holder) for r in _newest(records) if r.value is not None]
    if stated:
        store.state_holders(conn, stated)
    forgotten = [r.key for r in _newest(records) if r.value is None]
    for account in forgotten:
        store.erase_holder(conn, account)
    if forgotten:
        documents.erase(conn, forgotten)


def take_users(conn: Connection, records: Sequence[Record]) -> None:
    """Who may see which account, fact by fact in the order of each user."""
    for record in records:
        if record.type == heard.LINKED:
            store.link(conn, msgspec.json.decode(record.envelope.data, type=heard.Link), record.envelope.recorded_at)
        else:
            _ACCESS[record.type](conn, record.envelope.data)


def take_directory(conn: Connection, records: Sequence[Record]) -> None:
    """Buildings, for the way a printed month is handed out; the rest of the directory stands in the statements."""
    for record in records:
        kind, _, ident = record.key.partition("/")
        if kind == "building" and record.value is not None:
            building = msgspec.json.decode(record.envelope.data, type=heard.Building)
            store.state_building(conn, ident, building, walking_place(building.address_ru))


def take_accounts(conn: Connection, records: Sequence[Record]) -> None:
    """One more number of an account; an account that changed hands is taken from those who saw it before."""
    for record in records:
        if record.type == heard.RENUMBERED:
            number = msgspec.json.decode(record.envelope.data, type=heard.Renumbered).number
            store.add_alias(conn, number, record.key)
        elif msgspec.json.decode(record.envelope.data, type=heard.HolderChanged).reason in _SALES:
            store.sell(conn, record.key, record.envelope.recorded_at)


def _newest(records: Sequence[Record]) -> Sequence[Record]:
    return list({r.key: r for r in records}.values())


def _take_draft(conn: Connection, says: Says, data: msgspec.Raw) -> None:
    waiting = _asked(conn, msgspec.json.decode(data, type=heard.Drafted).request)
    if waiting is None:
        return
    draft = statement_row(data)
    subject = receipts.subject(conn, waiting.user_id, waiting.account, waiting.period)
    if subject is None or (draft.account, draft.period) != (waiting.account, waiting.period):
        _fail(conn, says, waiting, "no-access")
        return
    link_document(conn, says, waiting.id, _drafted(draft, waiting, subject.holder))


def _drafted(draft: StatementRow, waiting: Receipt, holder: Holder | None) -> NewDocument:
    key = DocumentKey(
        draft.account,
        draft.period,
        waiting.language,
        waiting.masked,
        template_version(),
        0,
        draft.facts_hash,
        holder.version if holder else 0,
    )
    return NewDocument(key, shown_holder(holder, waiting.masked), draft.to_pay, draft.currency, draft.data)


def _take_refusal(conn: Connection, says: Says, refused: heard.Refused) -> None:
    waiting = _asked(conn, refused.request)
    if waiting is None or _link_issued(conn, says, waiting):
        return
    if waiting.asks < _ASKS:
        ask_ledger(conn, says, waiting.id, waiting.account, waiting.period, waiting.language, 0)
    else:
        _fail(conn, says, waiting, refused.reason)


def _asked(conn: Connection, request: str) -> Receipt | None:
    """The waiting request of a question's id `<receipt>.<number>`; other ids are not ours, or answered before."""
    ident, _, number = request.rpartition(".")
    try:
        return receipts.asked(conn, UUID(ident), int(number))
    except ValueError:
        return None


def _link_issued(conn: Connection, says: Says, waiting: Receipt) -> bool:
    subject = receipts.subject(conn, waiting.user_id, waiting.account, waiting.period)
    if subject is None or subject.statement_version is None:
        return False
    document = issued_document(subject, waiting.period, waiting.language, waiting.masked)
    link_document(conn, says, waiting.id, document)
    return True


def _fail(conn: Connection, says: Says, waiting: Receipt, reason: str) -> None:
    receipts.fail(conn, waiting.id, reason)
    says.failed(conn, [waiting], reason)


def _unlink(conn: Connection, data: msgspec.Raw) -> None:
    fact = msgspec.json.decode(data, type=heard.Link)
    store.unlink(conn, fact.user, fact.account)


def _unmask(conn: Connection, data: msgspec.Raw) -> None:
    fact = msgspec.json.decode(data, type=heard.Link)
    store.unmask(conn, fact.user, fact.account)


def _close(conn: Connection, data: msgspec.Raw) -> None:
    store.close_user(conn, msgspec.json.decode(data, type=heard.Closed).user)


_ACCESS: dict[str, Callable[[Connection, msgspec.Raw], None]] = {
    heard.UNMASKED: _unmask,
    heard.UNLINKED: _unlink,
    heard.REVOKED: _unlink,
    heard.CLOSED: _close,
}
