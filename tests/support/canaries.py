"""Texts that occur nowhere else, and every form in which one may hide: P19 and P20 look for them."""

import base64
import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import psycopg
from psycopg import sql

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2
"""


def forms(canary: str) -> set[bytes]:
    """Bytes: plain, folded, JSON-escaped once and twice, in an address, UTF-16, hexadecimal, base64 at any offset."""
    escaped = json.dumps(canary)[1:-1]
    texts = {canary, canary.casefold(), escaped, escaped.replace("\\", "\\\\"), quote(canary), quote(canary).lower()}
    coded = {canary.encode(), canary.encode("utf-16-le"), canary.encode("utf-16-be")}
    return {
        *(text.encode() for text in texts),
        *coded,
        *(code.hex().encode() for code in coded),
        *(letters for code in coded for offset in range(3) for letters in _base64(code, offset)),
    }


def _base64(code: bytes, offset: int) -> tuple[bytes, bytes]:
    """The letters that the code alone decides, wherever it begins in what was encoded; in both alphabets."""
    letters = base64.b64encode(b"\0" * offset + code).rstrip(b"=")
    unsure = len(b"\0" * offset + code) % 3
    sure = letters[(0, 2, 3)[offset] : -1 if unsure else None]
    return sure, sure.translate(bytes.maketrans(b"+/", b"-_"))


def hidden_in(content: bytes, canaries: Mapping[str, str]) -> set[str]:
    """The names of the canaries that stand in the content in some form."""
    return {name for name, canary in canaries.items() if any(form in content for form in forms(canary))}


def tables(url: str) -> Iterator[tuple[str, bytes]]:
    """Every table of a database with all its rows as text, bytes in hexadecimal."""
    with psycopg.connect(url) as conn:
        for schema, table in conn.execute(_TABLES).fetchall():
            name = sql.Identifier(schema, table)
            rows = conn.execute(sql.SQL("SELECT t::text FROM {} AS t").format(name)).fetchall()
            yield f"{schema}.{table}", "\n".join(row[0] or "" for row in rows).encode()
