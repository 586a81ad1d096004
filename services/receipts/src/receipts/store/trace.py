"""An account's way through receipts: the statements heard, the documents made of them."""

from typing import Any

from psycopg.rows import dict_row

from common.postgres import Connection

_STATEMENTS = "SELECT period, version, to_pay FROM statements WHERE account = %s ORDER BY period, version"
_DOCUMENTS = """
SELECT code, period, language, statement_version, state, attempts, pages, size_bytes, ready_at, last_error
FROM documents WHERE account = %s ORDER BY created_at
"""


def trace(conn: Connection, account: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of both tables as they are; amounts in tiyn, no personal data."""
    with conn.cursor(row_factory=dict_row) as cursor:
        statements = cursor.execute(_STATEMENTS, (account,)).fetchall()
        documents = cursor.execute(_DOCUMENTS, (account,)).fetchall()
    return {"statements": statements, "documents": documents}
