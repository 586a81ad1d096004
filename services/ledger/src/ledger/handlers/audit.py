"""Looking at the ledger from outside: its digest, its sums, one account's way. Reads only."""

import hashlib
import json
from typing import Any

from common import storage as sizes
from common.postgres import connect
from ledger.config import Config
from ledger.events.heard import ACCOUNTS
from ledger.store import audit


def digest(config: Config) -> dict[str, Any]:
    """SHA-256 over the canonical rows as of the stored offsets, in one snapshot."""
    seen, counts = hashlib.sha256(), {}
    with connect(config.database_url, "ledger-digest", statement_s=3600) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for section in audit.CANONICAL:
            counts[section] = 0
            for row in audit.canonical_rows(conn, section):
                seen.update(canonical_line(section, row))
                counts[section] += 1
        return {"digest": seen.hexdigest(), "rows": counts, "offsets": audit.offsets(conn)}


def canonical_line(section: str, row: tuple[Any, ...]) -> bytes:
    """A canonical row as its line: JSON without blanks, keys sorted."""
    line = json.dumps([section, *row], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"{line}\n".encode()


def verify(config: Config) -> dict[str, Any]:
    """Where two ways to the same sum differ; `agrees` when nowhere."""
    with connect(config.database_url, "ledger-verify", statement_s=3600) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = audit.disagreements(conn)
    return {"agrees": not found, "disagreements": found}


def trace(config: Config, number: str) -> dict[str, Any] | None:
    """An account's way through the ledger; None when nobody knows the number."""
    with connect(config.database_url, "ledger-trace") as conn:
        account = audit.account_of(conn, number)
        return audit.trace(conn, config.topic(ACCOUNTS), account) if account else None


def storage(config: Config) -> list[sizes.Kind]:
    """The kinds of rows with their bytes, counted anew."""
    with connect(config.database_url, "ledger-storage", statement_s=3600, autocommit=True) as conn:
        sizes.recount(conn)
        return sizes.kinds(conn)
