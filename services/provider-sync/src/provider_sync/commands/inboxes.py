"""Inboxes: who pushes facts by Kafka."""

from typing import Annotated

import typer

from common import topics
from common.env import load
from provider_sync.commands.printed import AsJson, Reason, acting, centre, refusing, show, tell
from provider_sync.config import INBOX_TOPICS, Config
from provider_sync.handlers import inbox as handlers
from provider_sync.store import inboxes as store

inboxes = typer.Typer(help="Senders that push facts by Kafka.", no_args_is_help=True)

_Provider = Annotated[str, typer.Argument(help="The sender.")]


@inboxes.command("open")
@refusing
def open_inbox(
    provider: _Provider,
    scopes: Annotated[str, typer.Option(help="Comma-separated: charges,services:heating,…")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Make the two topics of a sender and begin to read; repeated, it states the scopes anew."""
    config = load(Config)
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    with acting(reason) as (base, act):
        handlers.open_inbox(base, provider, wanted, act)
    named = {name.format(provider=provider): topic for name, topic in INBOX_TOPICS.items()}
    made = topics.create(config.kafka_bootstrap_servers, named, config.topic_prefix)
    fields = {"provider": provider, "inbox": handlers.inbox_topic(provider), "outbox": handlers.outbox_topic(provider)}
    tell(fields | {"made": made}, as_json, f"{fields['inbox']} is read, answers come on {fields['outbox']}")


@inboxes.command("close")
@refusing
def close_inbox(provider: _Provider, reason: Reason) -> None:
    """Read no more; the topics stay, and opened again reading goes on where it stopped."""
    with acting(reason) as (base, act):
        handlers.close_inbox(base, provider, act)
    typer.echo(f"{handlers.inbox_topic(provider)} is no longer read")


@inboxes.command("list")
@refusing
def list_inboxes(as_json: AsJson = False) -> None:
    """All inboxes."""
    with centre() as base, base.pool.connection() as conn:
        rows = store.every(conn)
    show(rows, as_json)
