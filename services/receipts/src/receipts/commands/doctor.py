"""What receipts finds out about itself."""

from common.doctor import Patient, examine, report
from receipts.config import Config
from receipts.migrations import SHARED
from receipts.store.doctor import QUESTIONS


def doctor(config: Config, as_json: bool) -> None:
    """Prints the findings; exit status 4 when something is to be done now."""
    report(
        examine(Patient("receipts", SHARED, config.database_url, config.kafka_bootstrap_servers, QUESTIONS)), as_json
    )
