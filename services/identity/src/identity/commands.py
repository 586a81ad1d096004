"""Operators' commands: parse, call one handler, print a table or JSON."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, LiteralString, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from common import restore, restoring
from common.env import load
from common.errors import Refusal
from identity.config import Operator as OperatorSetting
from identity.config import from_environment
from identity.events import USERS
from identity.handlers import keyring, operators, rebuilding
from identity.handlers import restoring as handlers
from identity.handlers.desk import Desk

Operator = Annotated[str, typer.Option("--operator", envvar="OPERATOR", help="Your name; kept and shown.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept, and shown to the residents it concerns.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Number = Annotated[str, typer.Argument(help="Any number of the account.")]
UserId = Annotated[str, typer.Argument(help="The cabinet's user id, as `residents find` shows it.")]

Result = TypeVar("Result")


def build(desk_of: Callable[[], Desk]) -> typer.Typer:
    """The operators' part of the command line; the desk is opened by the command that needs it."""
    app = typer.Typer(no_args_is_help=True)
    for add in (_add_residents, _add_accounts, _add_keys, _add_upkeep, _add_restore):
        add(app, desk_of)
    return app


def _add_residents(app: typer.Typer, desk_of: Callable[[], Desk]) -> None:
    group = typer.Typer(help="Cabinets and the people behind them.", no_args_is_help=True)
    app.add_typer(group, name="residents")

    @group.command("find")
    def find(account: Number, operator: Operator, reason: Reason, as_json: AsJson = False) -> None:
        """Cabinets that hold an account. Their owners see that you looked."""
        with _work(desk_of) as desk:
            found = operators.find(desk, operators.checked(operator, reason), account)
        _show(found, as_json=as_json)

    @group.command("export")
    def export(user: UserId, operator: Operator, reason: Reason) -> None:
        """Everything held about a person, as JSON. Its owner sees that you took it."""
        with _work(desk_of) as desk:
            held = operators.export(desk, operators.checked(operator, reason), user)
        typer.echo(json.dumps(held, ensure_ascii=False, indent=1, default=_plain))

    @group.command("remove-second-factor")
    def remove_second_factor(user: UserId, operator: Operator, reason: Reason) -> None:
        """For who lost telephone and recovery codes and was recognised in person."""
        with _work(desk_of) as desk:
            operators.remove_second_factor(desk, operators.checked(operator, reason), user)
        typer.echo("signing in asks for no code any more; a letter tells the owner")

    @group.command("close")
    def close(user: UserId, operator: Operator, reason: Reason) -> None:
        """Close a cabinet and erase its person, who asked for it and cannot sign in."""
        with _work(desk_of) as desk:
            operators.close(desk, operators.checked(operator, reason), user)
        typer.echo("closed and erased; a last letter tells the owner")


def _add_accounts(app: typer.Typer, desk_of: Callable[[], Desk]) -> None:
    group = typer.Typer(help="Who may link and see an account.", no_args_is_help=True)
    app.add_typer(group, name="accounts")

    @group.command("freeze")
    def freeze(account: Number, operator: Operator, reason: Reason) -> None:
        """No new links to the account."""
        with _work(desk_of) as desk:
            changed = operators.freeze(desk, operators.checked(operator, reason), account)
        typer.echo("frozen: no new links" if changed else "was frozen already")

    @group.command("unfreeze")
    def unfreeze(account: Number, operator: Operator, reason: Reason) -> None:
        """New links to the account again."""
        with _work(desk_of) as desk:
            changed = operators.unfreeze(desk, operators.checked(operator, reason), account)
        typer.echo("new links are possible again" if changed else "was not frozen")

    @group.command("frozen")
    def frozen(as_json: AsJson = False) -> None:
        """Accounts whose holders said "not me", and those that operators froze."""
        with _work(desk_of) as desk:
            waiting = operators.frozen(desk)
        _print([{"account": account, "since": at} for account, at in waiting], as_json=as_json)

    @group.command("revoke")
    def revoke(account: Number, user: UserId, operator: Operator, reason: Reason) -> None:
        """End one cabinet's access to the account."""
        with _work(desk_of) as desk:
            operators.revoke(desk, operators.checked(operator, reason), account, user)
        typer.echo("access ended; a letter tells the owner of the cabinet")

    @group.command("code")
    def code(account: Number, operator: Operator, reason: Reason, as_json: AsJson = False) -> None:
        """A one-time code for a holder who has no payment to prove by. It is shown this once."""
        with _work(desk_of) as desk:
            made = operators.issue_code(desk, operators.checked(operator, reason), account)
        _print([{"code": made.code, "good until": made.until}], as_json=as_json)

    @group.command("acts")
    def acts(
        account: Annotated[str | None, typer.Argument(help="Any number of the account; all when left out.")] = None,
        limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
        as_json: AsJson = False,
    ) -> None:
        """What operators did, newest first."""
        with _work(desk_of) as desk:
            found = operators.newest_acts(desk, account, limit)
        _show(found, as_json=as_json)


def _add_keys(app: typer.Typer, desk_of: Callable[[], Desk]) -> None:
    group = typer.Typer(help="Keys that sign access tokens.", no_args_is_help=True)
    app.add_typer(group, name="keys")

    @group.command("rotate")
    def rotate(
        operator: Operator,
        reason: Reason,
        now: Annotated[bool, typer.Option("--now", help="Even though services may not know the next key yet.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Let the next key sign, retire the present one."""
        with _work(desk_of) as desk:
            keys = keyring.rotate(desk, operators.checked(operator, reason), at_once=now)
        _print([{"kid": key.kid, "state": key.state, "since": key.changed_at} for key in keys], as_json=as_json)

    @group.command("list")
    def listed(as_json: AsJson = False) -> None:
        """All keys and their states."""
        with _work(desk_of) as desk:
            keys = keyring.published(desk)
        _print([{"kid": key.kid, "state": key.state, "since": key.changed_at} for key in keys], as_json=as_json)


def _add_upkeep(app: typer.Typer, desk_of: Callable[[], Desk]) -> None:
    @app.command("verify")
    def verify() -> None:
        """Compare what queries read with the fold of every user's events; ends with 1 when something differs."""
        with _work(desk_of) as desk:
            found = rebuilding.verify(desk)
        typer.echo(json.dumps({"users": found.users, "different": found.different}))
        raise typer.Exit(1 if found.different else 0)

    @app.command("rebuild")
    def rebuild() -> None:
        """Make the tables users and links anew from the events, user by user, beside the running service."""
        with _work(desk_of) as desk:
            found = rebuilding.rebuild(desk)
        typer.echo(json.dumps({"users": found.users, "mended": found.different}))


_HEADS: LiteralString = """
SELECT * FROM (
    SELECT DISTINCT ON (stream_id) 'identity.users.v1' AS topic, stream_id AS key, version, id::text AS id
    FROM events ORDER BY stream_id, version DESC) AS own
UNION ALL
SELECT 'provider-sync.accounts.v1', account, max(sequence), '' FROM (
    SELECT account, sequence FROM account_numbers UNION ALL SELECT account, sequence FROM payments
    UNION ALL SELECT account, sequence FROM handovers) AS heard GROUP BY account
"""


def _part() -> restore.Part:
    """What the commands of a restore work on."""
    config = from_environment()
    address = (config.database_url, config.kafka_bootstrap_servers)
    return restore.Part("identity", *address, _HEADS, config.topic_prefix + USERS)


def _who() -> str:
    return operators.checked(load(OperatorSetting).operator, "-").operator


def _add_restore(app: typer.Typer, desk_of: Callable[[], Desk]) -> None:
    group = restoring.commands(_part, _who, store=True)
    app.add_typer(group, name="restore")

    @group.command("republish")
    def republish(operator: Operator, reason: Reason) -> None:
        """Send all users' events and the keys once more; for a broker that lost everything."""
        with _work(desk_of) as desk, restoring.progress("users") as step:
            sent = handlers.republish(desk, operators.checked(operator, reason), step)
        typer.echo(f"{sent} users are in the outbox or sent")

    @group.command("bring-back")
    def bring_back(operator: Operator, reason: Reason) -> None:
        """Store again what the topic has and this store lost."""
        with _work(desk_of) as desk, restoring.progress("events") as step:
            brought = handlers.bring_back(desk, operators.checked(operator, reason), restore.lost(_part()), step)
        typer.echo(f"{brought} events brought back")


@contextmanager
def _work(desk_of: Callable[[], Desk]) -> Iterator[Desk]:
    """One command's desk; a refusal is said in one line."""
    desk = desk_of()
    try:
        yield desk
    except Refusal as refusal:
        typer.echo(refusal.text("en"), err=True)
        raise typer.Exit(1) from None
    finally:
        desk.close()


def _show(found: Sequence[Any], *, as_json: bool) -> None:
    """Named tuples as rows."""
    _print([row._asdict() for row in found], as_json=as_json)


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=_plain))
        return
    if not rows:
        typer.echo("nothing")
        return
    table = Table(*(str(name).replace("_", " ") for name in rows[0]), box=None)
    for row in rows:
        table.add_row(*("" if value is None else _plain(value) for value in row.values()))
    Console(soft_wrap=True).print(table)


def _plain(value: Any) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
