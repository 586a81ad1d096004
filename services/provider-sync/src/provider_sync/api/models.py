"""Shapes of requests and answers; amounts are decimal strings, instants RFC 3339 in UTC."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from common.web import Model

Mode = Literal["continue", "atomic", "dry-run"]
Status = Literal["accepted", "duplicate", "conflict", "rejected", "unmatched", "held", "retry"]
Amount = Annotated[str, StringConstraints(pattern=r"^-?\d{1,16}\.\d{2}$")]


class FactsBody(Model):
    """Up to 1,000 facts; each is an object as documented under the schema `Fact`."""

    mode: Mode = "continue"
    count: int | None = None
    sum: Amount | None = None
    facts: list[Any]


class Result(Model):
    """What came of one fact; `position` can be waited for with `Read-After`."""

    reference: str | None
    status: Status
    position: str | None = None
    code: str | None = None
    detail: str | None = None
    field: str | None = None


class Results(Model):
    """One result per fact, in their order; `batch` names the acknowledgement, null after a dry run."""

    batch: str | None
    results: list[Result]


class FactPath(Model):
    """A reference of one's own."""

    reference: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class FactState(Model):
    """What became of a fact.

    `accepted`: stored, not yet sent on. `published`: sent on to the ledger. `parked`: sent on, but its account stands
    still there since `parked_since` for `reason`. `unmatched`: a payment that waits for its account; `returned`: given
    back to its payer. `held`: waits for a decision, for `code` and `detail`; `refused`: by an operator, for `reason`.
    """

    reference: str
    status: Literal["accepted", "published", "parked", "unmatched", "returned", "held", "refused"]
    position: str | None
    kind: str | None
    recorded_at: str | None
    reversed: bool
    code: str | None = None
    detail: str | None = None
    reason: str | None = None
    parked_since: str | None = None


class UploadQuery(Model):
    """How to read the file, and what must be true of it."""

    format: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="`ndjson` (a fact a line), `csv` (a header of field names), or the name of a declared format."
    )
    mode: str = Field(
        "continue", description="`continue`: each row by itself; `atomic`: all or none; `dry-run`: answers only."
    )
    batch: str | None = Field(
        None,
        description="What the batch is, by your register: a number and date. With another content it needs a word.",
    )
    count: str | None = Field(None, description="How many rows the file must have; else it is refused whole.")
    sum: str | None = Field(None, description="The sum of its amounts, `1234.00`; else the file is refused whole.")
    supersedes: UUID | None = Field(
        None, description="The upload whose place this corrected file takes as a whole: the newest one of its batch."
    )
    confirm: UUID | None = Field(
        None, description="The earlier upload of the same batch key beside which this one is meant as it is."
    )


class UploadPath(Model):
    """An upload of one's own."""

    upload: UUID


class UploadReceived(Model):
    """The file is on the spool; `location` answers how far it is."""

    id: str
    state: Literal["received"]
    location: str


class Rows(Model):
    """How many rows had which answer when they were loaded; what becomes of held ones, `/v1/facts/{reference}` says."""

    total: int | None
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    unmatched: int
    held: int
    retry: int


class UploadProblem(Model):
    """Something about the file as a whole: why it was refused, or a remark that refuses nothing."""

    code: str
    detail: str


class Changed(Model):
    """How many rows of a file sent again differ in this way, and by how much they change the sum."""

    rows: int
    sum: Amount


class Differences(Model):
    """What a file changes beside the batch that came before.

    Rows that are new, rows whose charge is adjusted, rows that are undone and said anew, rows missing in the file.
    """

    new: Changed
    adjusted: Changed
    replaced: Changed
    missing: Changed


class UploadState(Model):
    """How far an upload is.

    `unconfirmed`: the batch key came before with another content, and nothing is taken until somebody confirms or
    dismisses the file; `GET …/differences` tells what differs. `sum_accepted` of a file that supersedes another is by
    how much it changed the batch.
    """

    id: str
    state: Literal["received", "checking", "unconfirmed", "appending", "done", "refused"]
    format: str
    mode: Mode
    batch: str | None
    repeat_of: str | None
    supersedes: str | None
    confirms: str | None
    reverted_at: str | None
    differences: Differences | None
    bytes: int
    digest: str
    rows: Rows
    sum_accepted: Amount
    problems: list[UploadProblem]
    received_at: str
    started_at: str | None
    finished_at: str | None


class PeriodPath(Model):
    """A month, `2026-10`."""

    period: Annotated[str, StringConstraints(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")]


class Total(Model):
    """How many facts, and the sum of their amounts."""

    count: Annotated[int, Field(ge=-10_000_000_000, le=10_000_000_000)]
    sum: Amount


class ServiceTotal(Total):
    """The charges of a service that stand: reversed ones are not counted, adjustments belong to the sum."""

    service: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class SubmissionBody(Model):
    """All that was sent of the month; a utility states `services`, a payment agent `payments`."""

    services: Annotated[list[ServiceTotal], Field(max_length=100, default_factory=list)]
    payments: Total | None = None


class Stated(Total):
    """What the sender stated last; `agreed` is whether it was so when it was stated."""

    agreed: bool
    at: str


class ReconciledLine(Model):
    """A service of the month, or the payments (`service` is null).

    `ours` is what was taken: charges less reversed ones with their adjustments, or payments less reversed ones with
    those that wait for their account (`waiting`). `held` waits for a decision of the centre. `returned` are payments
    that the centre gave back to their payers: they count no more. `different` is theirs less ours and held: null while
    nothing is stated. `parts` are our facts by kind.
    """

    service: str | None
    theirs: Stated | None
    ours: Total
    held: Total
    waiting: Total
    returned: Total
    different: Total | None
    parts: dict[str, Total]


class Reconciliation(Model):
    """Theirs and ours of a month, service by service."""

    period: str
    agrees: bool
    lines: list[ReconciledLine]


class AckPath(Model):
    """An upload's id, the `batch` of a push, or a number of the sender's own chain."""

    name: Annotated[str, StringConstraints(pattern=r"^(\d{1,9}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$")]


class AckPage(Model):
    """Which part of the chain: behind the number `after`."""

    after: Annotated[int, Field(ge=0, le=2_000_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AckLink(Model):
    """An acknowledgement: its number, the SHA-256 of what is signed (the next one names it), its batches."""

    number: int
    at: str
    sha256: str
    batches: list[str]


class AckList(Model):
    """A part of the chain; ask again with `after` = `next` until it is null."""

    acknowledgements: list[AckLink]
    next: int | None


class JsonWebKeySet(Model):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, str]]


class AccountsQuery(Model):
    """One of the sender's own services, and which part of its accounts."""

    service: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    after: Annotated[str, StringConstraints(max_length=20)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class ServedAccount(Model):
    """An account that the service is connected to; a closed one takes no charges any more."""

    account: str
    other_numbers: list[str]
    closed: bool
    connected_since: str | None


class AccountList(Model):
    """A part of the accounts; ask again with `after` = `next` until it is null."""

    accounts: list[ServedAccount]
    next: str | None


class AllocationsQuery(Model):
    """A day, and which part of it; `format` is json or csv."""

    date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    format: Literal["json", "csv"] | None = None
    after: Annotated[str, StringConstraints(max_length=64)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class AllocatedService(Model):
    """The day's money for a service, and of how many parts of payments it is the sum."""

    service: str
    amount: Amount
    parts: int


class AllocatedAccount(AllocatedService):
    """The day's money of an account for a service."""

    account: str


class Allocations(Model):
    """What was paid to the sender on a day; `total` and `services` are those of the whole day."""

    date: str
    total: Amount
    services: list[AllocatedService]
    accounts: list[AllocatedAccount]
    next: str | None
