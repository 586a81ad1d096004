"""What operators of the centre may do. Each act is kept with who and why; residents see what concerns them."""

import unicodedata
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from common.clock import now as clock
from common.period import day_at
from common.postgres import Connection
from identity.domain import names, user
from identity.domain.codes import new_code
from identity.domain.proof import Proof
from identity.errors import BadAct, NoSuchAccount, NoSuchCabinet
from identity.handlers import closing, notices
from identity.handlers.desk import Desk
from identity.store import accounts, activity, acts, codes, holdings, people, second_factors, users
from identity.store.acts import Act, By
from identity.store.users import Cabinet

_LONGEST = 300


def checked(operator: str, reason: str) -> By:
    """Who acts and why, each in one line; raises BadAct."""
    by = By(operator.strip(), reason.strip())
    for text in by:
        if not 0 < len(text) <= _LONGEST or any(unicodedata.category(c)[0] == "C" for c in text):
            raise BadAct
    return by


def find(desk: Desk, by: By, number: str) -> list[Cabinet]:
    """The cabinets that hold an account; each of their owners sees that an operator looked. Raises NoSuchAccount."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        account = _account(conn, number)
        act = acts.add(conn, by, "find", now, account=account)
        found = users.cabinets(conn, account)
        for cabinet in found:
            activity.note(conn, cabinet.user, now, "operator-looked", account, act)
        return found


def freeze(desk: Desk, by: By, number: str) -> bool:
    """No new links to the account; False when it was frozen already. Raises NoSuchAccount."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        account = _account(conn, number)
        changed = accounts.freeze(conn, account, now)
        _tell_holders(conn, account, "account-frozen", acts.add(conn, by, "freeze", now, account=account), now)
        return changed


def unfreeze(desk: Desk, by: By, number: str) -> bool:
    """New links again; False when it was not frozen. Raises NoSuchAccount."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        account = _account(conn, number)
        changed = accounts.unfreeze(conn, account)
        _tell_holders(conn, account, "account-unfrozen", acts.add(conn, by, "unfreeze", now, account=account), now)
        return changed


def revoke(desk: Desk, by: By, number: str, user_id: str) -> None:
    """Ends one cabinet's access to the account; a letter tells. Raises NoSuchAccount, NoSuchCabinet."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        account = _account(conn, number)
        accounts.hold(conn, account)
        resident = users.lock(conn, user_id)
        said = user.revoke(resident, account, "operator") if resident else []
        if resident is None or not said:
            raise NoSuchCabinet
        act = acts.add(conn, by, "revoke", now, account=account, user_id=user_id)
        notices.tell_of_revocation(desk, conn, user_id, account, "operator", now, act)
        desk.append(conn, resident, said, now)


class Issued(NamedTuple):
    """A one-time code, shown this once, and until when it is good."""

    code: str
    until: datetime


def issue_code(desk: Desk, by: By, number: str) -> Issued:
    """A code that links the account once instead of a payment; earlier unused ones are void. Raises NoSuchAccount."""
    now = clock()
    made = Issued(new_code(), now + timedelta(days=desk.config.one_time_code_days))
    with desk.pool.connection() as conn, conn.transaction():
        account = _account(conn, number)
        accounts.hold(conn, account)
        proof = Proof(accounts.newest_sequence(conn, account) or 1, day_at(now), "one-time-code")
        codes.add(conn, made.code, account, proof, now, made.until)
        act = acts.add(conn, by, "one-time-code", now, account=account)
        _tell_holders(conn, account, "one-time-code-issued", act, now)
    return made


def remove_second_factor(desk: Desk, by: By, user_id: str) -> None:
    """For who lost telephone and recovery codes and was recognised in person; a letter tells. Raises NoSuchCabinet."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        person = people.by_id(conn, user_id)
        if person is None or not second_factors.remove(conn, user_id):
            raise NoSuchCabinet
        act = acts.add(conn, by, "remove-second-factor", now, user_id=user_id)
        activity.note(conn, user_id, now, "second-factor-off", act=act)
        desk.write(conn, person, "second-factor-off", now)


def close(desk: Desk, by: By, user_id: str) -> None:
    """Closes a cabinet and erases the person, who asked for it and cannot sign in. Raises NoSuchCabinet."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        resident, person = users.lock(conn, user_id), people.by_id(conn, user_id)
        if resident is None or person is None:
            raise NoSuchCabinet
        acts.add(conn, by, "close", now, user_id=user_id)
        closing.end(desk, conn, resident, now)
        desk.write(conn, person, "cabinet-closed", now, forget=True)


def export(desk: Desk, by: By, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Everything held about a person, the note of this very look included. Raises NoSuchCabinet."""
    now = clock()
    with desk.pool.connection() as conn, conn.transaction():
        if users.lock(conn, user_id) is None:
            raise NoSuchCabinet
        act = acts.add(conn, by, "export", now, user_id=user_id)
        if people.by_id(conn, user_id) is not None:
            activity.note(conn, user_id, now, "operator-exported", act=act)
        return holdings.of(conn, user_id)


def frozen(desk: Desk) -> list[tuple[str, datetime]]:
    """Accounts that wait for an operator."""
    with desk.pool.connection() as conn:
        return accounts.frozen(conn)


def newest_acts(desk: Desk, number: str | None, limit: int) -> list[Act]:
    """What operators did lately, with one account or at all. Raises NoSuchAccount."""
    with desk.pool.connection() as conn:
        return acts.newest(conn, _account(conn, number) if number else None, limit)


def _account(conn: Connection, number: str) -> str:
    account = accounts.id_of(conn, names.clean_account_number(number))
    if account is None:
        raise NoSuchAccount
    return account


def _tell_holders(conn: Connection, account: str, kind: activity.Kind, act: int, now: datetime) -> None:
    for cabinet in users.cabinets(conn, account):
        activity.note(conn, cabinet.user, now, kind, account, act)
