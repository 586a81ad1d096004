"""What readiness asks of every process."""

from common.postgres import connect
from receipts.config import Config


def database_problem(config: Config) -> str | None:
    """What keeps the database from answering, or None."""
    try:
        connect(config.database_url, "receipts-health").close()
    except Exception as error:  # noqa: BLE001  # any failure means the same to a probe
        return f"PostgreSQL: {error}"
    return None
