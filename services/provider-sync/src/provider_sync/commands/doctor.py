"""What provider-sync finds out about itself."""

from common.doctor import Patient, examine, report
from common.env import load
from provider_sync.commands.printed import AsJson
from provider_sync.config import ACCOUNTS_TOPIC, Config
from provider_sync.migrations import SHARED
from provider_sync.store.doctor import QUESTIONS


def doctor(as_json: AsJson = False) -> None:
    """Look at database, topics, what waits and what stands still; exit status 4 when something is to be done now."""
    config = load(Config)
    own = config.topic_prefix + ACCOUNTS_TOPIC
    patient = Patient(
        "provider_sync", SHARED, config.database_url, config.kafka_bootstrap_servers, QUESTIONS, own, "facts"
    )
    report(examine(patient), as_json)
