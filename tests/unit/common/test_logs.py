"""What a process writes: one JSON object a line, whoever wrote it."""

import json
import subprocess
import sys

SAID = """
import logging
from common import logs
logs.configure("ledger")
logs.get("web").info("seen", account="a1b2", password="secret")
logging.getLogger("psycopg.pool").warning("discarding closed connection: %s", "line\\nbreak")
try:
    raise ValueError("what a person typed")
except ValueError:
    logging.getLogger("library").exception("failed")
"""


def test_libraries_and_we_write_json_lines() -> None:
    """A library's words are one line too; secrets and the messages of errors stay out."""
    done = subprocess.run([sys.executable, "-c", SAID], capture_output=True, text=True, check=True)
    ours, pool, failed = map(json.loads, done.stdout.splitlines())
    assert (ours["event"], ours["password"], ours["service"]) == ("seen", "[redacted]", "ledger")
    assert (pool["event"], pool["logger"], pool["level"]) == (
        "discarding closed connection: line\nbreak",
        "psycopg.pool",
        "warning",
    )
    assert "ValueError" in failed["exception"]
    assert "what a person typed" not in done.stdout
