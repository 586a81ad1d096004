"""Account number and last payment: tries are spent and committed first, then the claim is judged."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from common.postgres import Connection
from identity.domain.codes import typed_code
from identity.domain.proof import Claim, Proof, is_void, prove
from identity.errors import PaymentDateRequired, ProofFailed
from identity.handlers.desk import Caller, Desk
from identity.store import accounts, budgets, codes
from identity.store.budgets import Budget

_NOBODY = ""


class Case(NamedTuple):
    """A claim whose tries are spent and which may be judged now."""

    account: str
    claim: Claim
    spent_at: datetime


def admit(desk: Desk, caller: Caller, person: str, claim: Claim, now: datetime) -> Claim:
    """Spends the caller's and the person's tries; returns the claim with what the state of the city asks for.

    Raises PaymentDateRequired, which costs nothing, and ProofFailed when no try is left.
    """
    limits = desk.config
    own = (
        Budget("source", key_of(caller.source), limits.proofs_per_source),
        Budget("person", key_of(person), limits.proofs_per_user),
    )
    with desk.pool.connection() as conn, conn.transaction():
        needed = budgets.city_failures(conn, now) >= limits.proof_failures_in_city
        if needed and claim.day is None and claim.code is None:
            raise PaymentDateRequired(field="/last_payment_date")
        spent = all(budgets.spend(conn, budget, now) for budget in own)
    if not spent:
        raise ProofFailed
    return replace(claim, day_needed=needed)


def open_case(desk: Desk, number: str, claim: Claim, now: datetime) -> Case:
    """Spends one of the account's tries and one of the city's; raises ProofFailed when the account has none left.

    A code costs neither: strangers who spent the account's tries cannot keep out whom an operator let in, and nobody
    guesses sixty bits.
    """
    with desk.pool.connection() as conn, conn.transaction():
        account = accounts.id_of(conn, number) or number
        if claim.code is not None:
            return Case(account, claim, now)
        spent = budgets.spend(conn, Budget("account", account, desk.config.proofs_per_account), now)
        if spent:
            budgets.city_spend(conn, now)
    if not spent:
        _look_at_nobody(desk)
        raise ProofFailed
    return Case(account, claim, now)


def _look_at_nobody(desk: Desk) -> None:
    """What `judge` asks, of no account: the time would tell that the tries of this one are spent."""
    with desk.pool.connection() as conn, conn.transaction():
        accounts.hold(conn, _NOBODY)
        accounts.payments(conn, _NOBODY)


def judge(desk: Desk, conn: Connection, case: Case) -> Proof:
    """The proof the claim makes; keeps handovers and other links away until the end. Raises ProofFailed."""
    standing = accounts.hold(conn, case.account)
    if case.claim.code is not None:
        proof = codes.spend(conn, typed_code(case.claim.code), case.account, case.spent_at)
        proof = None if proof is None or is_void(proof, standing.handover) else proof
    else:
        paid = accounts.payments(conn, case.account)
        proof = prove(case.claim, paid, standing.handover, desk.config.minimum, case.spent_at)
    if proof is None or standing.frozen:
        raise ProofFailed
    if case.claim.code is None:
        budgets.city_succeed(conn, case.spent_at)
    return proof


def key_of(text: str) -> str:
    """What a budget is kept under: no address of a person or machine stands in the table."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
