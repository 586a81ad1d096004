"""`restore …`: what a lost database or a lost broker needs of provider-sync."""

from typing import LiteralString

import typer

from common import restore as common
from common.env import load
from common.restore import Part
from common.restoring import commands
from provider_sync.commands.printed import Reason, acting, progress, refusing
from provider_sync.config import ACCOUNTS_TOPIC, Config
from provider_sync.handlers import bring_back as bringing
from provider_sync.handlers import republish

HEADS: LiteralString = f"""
SELECT DISTINCT ON (stream_id) '{ACCOUNTS_TOPIC}' AS topic, stream_id AS key, version, id::text AS id
FROM events ORDER BY stream_id, version DESC
"""

# As handlers/periods.py names its markers.
_BARRIERS: LiteralString = """
SELECT 'period/' || period || '/' || partition FROM closed_periods CROSS JOIN generate_series(0, 11) AS partition
"""


def part() -> Part:
    """What the commands work on, by the environment's settings."""
    config = load(Config)
    address = (config.database_url, config.kafka_bootstrap_servers)
    return Part("provider-sync", *address, HEADS, config.topic_prefix + ACCOUNTS_TOPIC, _BARRIERS)


def _who() -> str:
    with acting() as (_, by):
        return by.who


restore = commands(part, _who, store=True)


@restore.command("republish")
@refusing
def republish_everything(reason: Reason = "") -> None:
    """Send the directory, the holders and all facts with the closes between them; for a broker that lost everything."""
    with acting(reason) as (base, by), progress() as step:
        sent = republish.everything(base, by, step)
    typer.echo(f"{sent} facts are in the outbox or sent")


@restore.command("bring-back")
@refusing
def bring_back(reason: Reason = "") -> None:
    """Store again what the topic has and this store lost, as its senders had said it."""
    with acting(reason) as (base, by), progress() as step:
        brought = bringing.bring_back(base, by, common.lost(part()), step)
    typer.echo(f"{brought} facts brought back")
