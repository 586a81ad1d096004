"""Everything identity holds about one person, for the person to read (and for nobody else)."""

from typing import Any

from psycopg.rows import dict_row

from common.postgres import Connection

# One query per table; secrets are named as held, never shown. A test compares the list with the tables there are.
_HELD = {
    "cabinet": "SELECT id, version, language, confirmed, closed, created_at FROM users WHERE id = %s",
    "person": "SELECT user_name, email, holds_email, 'argon2id hash' AS password FROM people WHERE user_id = %s",
    "accounts": """SELECT account, nickname, linked_at, proof_kind, proof_day, masked_until FROM links
                   WHERE user_id = %s ORDER BY linked_at""",
    "accounts_waiting": "SELECT account, proof_kind, proof_day FROM proved_accounts WHERE user_id = %s",
    "sessions": """SELECT device, started_at, used_at, expires_at, ended_at, ended_why, 'hash of the address' AS source
                   FROM sessions WHERE user_id = %s ORDER BY started_at""",
    "second_factor": "SELECT confirmed_at, 'sealed' AS secret FROM second_factors WHERE user_id = %s",
    "recovery_codes": "SELECT count(*) AS kept, count(used_at) AS used FROM recovery_codes WHERE user_id = %s",
    "notices": "SELECT kind, wanted FROM notice_choices WHERE user_id = %s ORDER BY kind",
    "links_by_mail": "SELECT purpose, about, expires_at, used_at FROM mail_tokens WHERE user_id = %s",
    "letters": "SELECT recipient, queued_at, sent_at, given_up_at FROM mail WHERE user_id = %s ORDER BY queued_at",
    "questions": """SELECT account, linked_at, answer, answered_at FROM link_notices
                    WHERE holder = %s ORDER BY linked_at""",
    "activity": "SELECT at, kind, account FROM activity WHERE user_id = %s ORDER BY id",
    "operators_acts": """SELECT at, operator, act, account, reason FROM operator_acts
                         WHERE user_id = %s ORDER BY id""",
    "answers_kept": "SELECT key, created_at, status, body FROM idempotency_keys WHERE owner = %s ORDER BY created_at",
    "events": "SELECT version, type, occurred_at, data FROM events WHERE stream_id = %s ORDER BY version",
}


def of(conn: Connection, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Table by table, every row about the person."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return {name: cursor.execute(query.encode(), (user_id,)).fetchall() for name, query in _HELD.items()}
