"""How much disk each kind of row takes, over all parts of its table."""

from typing import NamedTuple

from common.postgres import Connection

# A partitioned table is the sum of its parts; an estimate of rows is what ANALYZE last counted.
_SIZES = """
WITH parts AS (
    SELECT coalesce(parent.relname, own.relname) AS name, own.oid, greatest(own.reltuples, 0)::bigint AS rows
    FROM pg_class AS own
    LEFT JOIN pg_inherits AS tree ON tree.inhrelid = own.oid LEFT JOIN pg_class AS parent ON parent.oid = tree.inhparent
    WHERE own.relkind = 'r' AND own.relnamespace = current_schema()::regnamespace)
SELECT name, count(*), sum(rows)::bigint, sum(pg_table_size(oid))::bigint, sum(pg_indexes_size(oid))::bigint
FROM parts GROUP BY name ORDER BY sum(pg_total_relation_size(oid)) DESC, name
"""


class Kind(NamedTuple):
    """A kind of row: parts it is kept in, rows, bytes of rows and of indexes."""

    name: str
    parts: int
    rows: int
    table_bytes: int
    index_bytes: int

    @property
    def bytes_per_row(self) -> int | None:
        """Bytes on disk a row, indexes included; None where there are no rows."""
        return round((self.table_bytes + self.index_bytes) / self.rows) if self.rows else None


def kinds(conn: Connection) -> list[Kind]:
    """Every kind of row, the largest first."""
    return [Kind(*row) for row in conn.execute(_SIZES).fetchall()]


def recount(conn: Connection) -> None:
    """Brings the estimates of rows up to date."""
    conn.execute("ANALYZE")
