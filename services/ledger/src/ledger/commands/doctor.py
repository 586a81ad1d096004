"""What the ledger finds out about itself."""

from typing import Annotated

import typer

from common.doctor import Patient, examine, report
from common.env import load
from ledger.config import Config
from ledger.migrations import SHARED


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Look at database, topics, and what stands still; exit status 4 when something is to be done now."""
    config = load(Config)
    report(examine(Patient("ledger", SHARED, config.database_url, config.kafka_bootstrap_servers, ())), as_json)
