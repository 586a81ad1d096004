"""What a running service may do in its own database: read and write rows; change no table, rewrite no history.

Given after each `migrate` by the role that owns the tables, when RUNNING_ROLE names another one.
"""

from psycopg import Connection, sql

_ROWS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM {role}",
)
# What only grows has this trigger; who steals a running service's password cannot even try to edit it.
_HISTORY = "SELECT relname FROM pg_trigger JOIN pg_class AS c ON c.oid = tgrelid WHERE tgname = 'append_only'"


def give(conn: Connection, role: str) -> None:
    """Gives the role its rights on every table there is now; repeated after each migration."""
    for statement in _ROWS:
        conn.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
    for (table,) in conn.execute(_HISTORY).fetchall():
        kept = sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}")
        conn.execute(kept.format(sql.Identifier(table), sql.Identifier(role)))
