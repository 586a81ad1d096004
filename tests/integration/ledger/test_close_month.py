"""A close in chunks: killed between them it resumes, and the statements are the same."""

import dataclasses
import threading

import psycopg
import pytest

from common.consumer import Projection
from common.postgres import Connection
from common.streams import Record
from ledger import consumer
from ledger.handlers import audit, close
from tests.integration.ledger.conftest import Ledger
from tests.integration.ledger.test_once_and_in_order import city, expected, with_order
from tests.support.facts import barriers
from tests.support.stores import running
from tests.support.waiting import until


class Killed(BaseException):
    """The process dies here."""


class DiesAfter:
    """A projection that dies inside a chunk of the close, after so many chunks are done."""

    def __init__(self, ledger: Ledger, chunks: int) -> None:
        self.ledger, self.left, self.died = ledger, chunks, threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Runs until it dies."""
        projection: Projection = consumer.projection(self.ledger.config)
        accounts, *others = projection.subscriptions
        projection.subscriptions = [dataclasses.replace(accounts, on_barrier=self.on_barrier), *others]
        projection.__post_init__()
        try:
            projection.run(stop)
        except Killed:
            self.died.set()

    def on_barrier(self, conn: Connection, record: Record) -> bool:
        """Closes a chunk, or dies with it half done."""
        done = close.close_chunk(conn, record, self.ledger.config)
        if self.left == 0:
            raise Killed
        self.left -= 1
        return done


@pytest.mark.parametrize("chunks", [0, 3])
def test_a_close_killed_between_chunks_resumes_with_the_same_statements(ledger: Ledger, chunks: int) -> None:
    """The chunk that was under way is undone whole, the others are not done again."""
    logs = city(7)
    dying = DiesAfter(ledger, chunks)
    with running(dying):
        with_order(ledger)
        ledger.hear([event for log in logs for event in log.events])
        for log in logs:
            ledger.applied(log)
        ledger.hear(barriers("2026-10"))
        until(dying.died.is_set, "the process has died")
    before = ids(ledger)
    assert len(before) < len(logs)
    with running(ledger.projection()):
        ledger.closed("2026-10")
    after = ids(ledger)
    assert len(after) == len(logs)
    assert before.items() <= after.items()
    assert len(ledger.said("statement.issued")) == len(logs)
    assert ledger.digest() == expected(logs, "2026-10")


def ids(ledger: Ledger) -> dict[str, tuple[str, str]]:
    """Id and hash of each account's statement."""
    return {account: (str(id_), hash_) for account, id_, hash_ in ledger.query(_STATEMENTS)}


_STATEMENTS = "SELECT account, id, hash FROM statements"


def test_issued_statements_add_up_to_the_tiyn(running_ledger: Ledger) -> None:
    """The books agree with themselves, and the table refuses a row that does not."""
    logs = city(9)
    running_ledger.hear([event for log in logs for event in log.events])
    running_ledger.hear(barriers("2026-10"))
    running_ledger.closed("2026-10")
    assert audit.verify(running_ledger.config) == {"agrees": True, "disagreements": {}}
    with pytest.raises(psycopg.errors.CheckViolation):
        running_ledger.execute("UPDATE statements SET paid = paid + 1")
    running_ledger.execute("UPDATE postings SET amount = amount + 1 WHERE kind = 'charge.posted'")
    assert not audit.verify(running_ledger.config)["agrees"]
