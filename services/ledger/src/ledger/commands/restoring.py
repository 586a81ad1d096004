"""`restore …`: what a lost database or a lost broker needs of the ledger."""

import typer

from common.env import BadSettings, load
from common.errors import Refusal
from common.restore import SEQUENCED_HEADS, Part
from common.restoring import Reason, commands, progress
from ledger.config import Config, Operator
from ledger.errors import BadOperatorKey
from ledger.handlers import operators, republish
from ledger.store import repair


def part() -> Part:
    """What the commands work on, by the environment's settings."""
    config = load(Config)
    address = (config.database_url, config.kafka_bootstrap_servers)
    return Part("ledger", *address, SEQUENCED_HEADS, reread=(repair.MOVE_PASSED_OVER,))


def _who() -> str:
    try:
        return operators.named(load(Config), load(Operator).operator_key)
    except (BadSettings, BadOperatorKey) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


restore = commands(part, _who)


@restore.command("republish")
def republish_everything(reason: Reason) -> None:
    """Say all statements and splits once more; for a broker that lost everything."""
    who = _who()
    try:
        with progress("accounts") as step:
            statements, splits = republish.everything(load(Config), step)
    except Refusal as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{statements} statements and {splits} splits said again by {who}: {reason}")
