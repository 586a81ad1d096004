"""`restore …`: what a lost broker needs of receipts."""

from common.env import load
from common.restore import SEQUENCED_HEADS, Part
from common.restoring import commands
from receipts.config import Operator, from_environment


def part() -> Part:
    """What the commands work on, by the environment's settings."""
    config = from_environment()
    return Part("receipts", config.database_url, config.kafka_bootstrap_servers, SEQUENCED_HEADS)


restore = commands(part, lambda: load(Operator).operator)
