"""What P16 compares: refusals that must look alike, and the town in which each of them happens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.clock import now
from common.ids import uuid7
from common.postgres import Connection
from identity.events import AccountOpened, PaymentReceived
from identity.handlers import facts, operators
from identity.handlers.desk import Desk
from identity.projections import Fact
from identity.store import keys, people, users
from identity.store.acts import By
from tests.benchmarks.identity import PASSWORD
from tests.benchmarks.light_identity import LIGHT

TRIES, ITSELF = 4, "itself"
ACCOUNTS = ("wrong amount", ITSELF, "never paid", "too small", "frozen", "no tries left")
_LIGHT_HASH = LIGHT.hash(PASSWORD)
_ALL_SPENT = """
INSERT INTO budgets (kind, key, spent_at) SELECT 'account', n, array_fill(now(), ARRAY[%s]) FROM unnest(%s::text[]) AS n
"""
# What is sent in a turn.
Body = Callable[[int], Mapping[str, Any]]


@dataclass(frozen=True)
class Family:
    """Outcomes that must look alike; the first is what the others are compared with, ITSELF the control."""

    name: str
    path: str
    outcomes: Mapping[str, Body]
    status: int
    authorizations: Sequence[str] = ()


def settle(desk: Desk, turns: int) -> None:
    """Accounts of every kind, enough that none is tried more than TRIES times."""
    by = By("bench", "refusals")
    for kind in ACCOUNTS:
        numbers = [_number(kind, turn) for turn in range(0, turns, TRIES)]
        with desk.pool.connection() as conn, conn.transaction():
            facts.hear(desk, conn, [fact for number in numbers for fact in _life(kind, number)])
        if kind == "frozen":
            for number in numbers:
                operators.freeze(desk, by, number)
        if kind == "no tries left":
            with desk.pool.connection() as conn:
                spent = "INSERT INTO budgets (kind, key, spent_at) SELECT 'account', n, array_fill(now(), ARRAY[%s])"
                conn.execute(
                    f"{spent} FROM unnest(%s::text[]) AS n".encode(), (desk.config.proofs_per_account, numbers)
                )


def _life(kind: str, number: str) -> list[Fact]:
    """What was heard of an account of a kind."""
    said: list[Any] = [AccountOpened()]
    if kind != "never paid":
        tiyn = 100 if kind == "too small" else 1_234_500
        said.append(PaymentReceived("bank", f"P-{number}", "2026-11-08T07:00:00Z", tiyn))
    return [Fact(number, sequence, now(), fact) for sequence, fact in enumerate(said, 1)]


def _number(kind: str, turn: int) -> str:
    return f"{kind.replace(' ', '-')}-{turn // TRIES}"


_SESSION = """
INSERT INTO sessions (id, user_id, device, source, started_at, used_at, expires_at)
VALUES (%s, %s, 'bench', '', %s, %s, %s)
"""


def residents(desk: Desk, turns: int) -> list[str]:
    """A confirmed cabinet with an open session for each turn; the headers of their tokens."""
    with desk.pool.connection() as conn, conn.transaction():
        ((kid, sealed),) = conn.execute(keys.ACTIVE).fetchall()
        return [_resident(desk, conn, (kid, bytes(sealed)), number) for number in range(turns + 1)]


def _resident(desk: Desk, conn: Connection, key: tuple[str, bytes], number: int) -> str:
    user_id, at = str(uuid7()), now()
    users.create(conn, user_id, at)
    people.add(conn, user_id, f"resident{number}", f"resident{number}@example.kz", _LIGHT_HASH)
    people.hold_email(conn, user_id)
    conn.execute("UPDATE users SET confirmed = true WHERE id = %s", (user_id,))
    session = str(uuid7())
    conn.execute(_SESSION, (session, user_id, at, at, at.replace(year=at.year + 1)))
    return f"Bearer {desk.signer.token(key, user_id, session, 'kk', at)}"


def rehash(desk: Desk, stored: str) -> None:
    with desk.pool.connection() as conn:
        conn.execute("UPDATE people SET password_hash = %s", (stored,))


def sign_in(name: str = "signing in") -> Family:
    def tries(login: str) -> Body:
        return lambda turn: {"login": f"{login}{turn}", "password": "wrong password"}

    # The control asks for another resident of the same kind: none is tried often enough to have to wait.
    other = lambda turn: {"login": f"resident{turn + 1}", "password": "wrong password"}  # noqa: E731  # one of three
    return Family(
        name, "/v1/sessions", {"wrong password": tries("resident"), ITSELF: other, "unknown user": tries("nobody")}, 401
    )


def reset() -> Family:
    def asks(name: str) -> Body:
        return lambda turn: {"email": f"{name}{turn}@example.kz"}

    outcomes = {"unknown e-mail": asks("nobody"), ITSELF: asks("nobody-else"), "known e-mail": asks("resident")}
    return Family("reset", "/v1/password-resets", outcomes, 202)


def register() -> Family:
    def form(kind: str) -> Body:
        def body(turn: int) -> Mapping[str, Any]:
            name = f"new{turn}{kind.replace(' ', '')}"
            return {
                "user_name": name, "email": f"{name}@example.kz", "password": PASSWORD, "password_again": PASSWORD,
                "language": "kk", "account": _number(kind, turn), "last_payment_amount": "1 111,00",
            }  # fmt: skip

        return body

    return Family(
        "registration", "/v1/registrations", {kind: form(kind) for kind in (*ACCOUNTS, "unknown number")}, 422
    )


def link(who: list[str]) -> Family:
    def adds(kind: str) -> Body:
        return lambda turn: {"account": f"{_number(kind, turn)}", "last_payment_amount": "1 111,00"}

    outcomes = {kind: adds(kind) for kind in (*ACCOUNTS, "unknown number")}
    return Family("adding", "/v1/me/accounts", outcomes, 422, who)
