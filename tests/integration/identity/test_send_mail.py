"""Mail goes out whatever dies: a real mail server, the real process, kill -9."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.integration.identity.conftest import MakeTown
from tests.integration.identity.processes import kill, running, start, until
from tests.integration.identity.town import Town


class PostOffice:
    """A mail server that keeps what it takes; `answers` are given first; frozen, it takes and does not say so."""

    def __init__(self) -> None:
        self.kept: list[Message] = []
        self.answers: list[str] = []
        self.frozen = threading.Event()
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # the library's name
        """Takes a mail, or answers what it was told to."""
        if self.answers:
            return self.answers.pop(0)
        self.kept.append(message_from_bytes(envelope.content))
        while self.frozen.is_set():
            await asyncio.sleep(0.02)
        return "250 OK"

    def ids(self) -> Counter[str]:
        """How often each Message-ID came in."""
        return Counter(str(letter["Message-ID"]) for letter in self.kept)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """An open post office."""
    office = PostOffice()
    office.controller.start()
    yield office
    office.controller.stop()


@pytest.fixture
def town(towns: MakeTown, office: PostOffice) -> Town:
    """A town with that post office."""
    return towns(smtp_port=office.controller.port)


def waiting(town: Town) -> int:
    """How many mails are not sent yet."""
    return int(town.rows("SELECT count(*) FROM mail WHERE sent_at IS NULL")[0][0])


def register_all(town: Town, count: int) -> None:
    """So many registrations, each with its letter."""
    for index in range(count):
        town.source = f"203.0.113.{index}"
        assert town.registers(f"aigul{index}", town.account(f"1{index}")).status_code == 202


def test_a_letter_arrives_in_both_forms(town: Town, office: PostOffice) -> None:
    """Text and HTML, Kazakh letters intact; what it said is kept no longer than needed."""
    town.registers("aigul", town.account("100"))
    with running("mail", town.desk.config):
        until(lambda: waiting(town) == 0, "the letter sent")
    (letter,) = office.kept
    assert letter["To"] == "aigul@example.kz"
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in letter.walk()}
    text, html = parts["text/plain"], parts["text/html"]
    assert isinstance(text, bytes)
    assert isinstance(html, bytes)
    assert "растаусыз кабинет ашылмайды" in text.decode()
    assert "<a href=" in html.decode()
    assert town.rows("SELECT sealed FROM mail") == [(None,)]


def test_a_killed_process_loses_no_letter(towns: MakeTown, office: PostOffice) -> None:
    """kill -9 right after the server took a letter: it comes again under the same id, and every letter comes."""
    town = towns(smtp_port=office.controller.port, mail_lease_s=5)
    register_all(town, 6)
    office.frozen.set()
    process = start("mail", town.desk.config)
    until(lambda: len(office.kept) > 0, "the first letter")
    kill(process)
    taken = set(office.ids())
    office.kept.clear()  # a server that never said yes may forget
    office.frozen.clear()
    with running("mail", town.desk.config):
        until(lambda: waiting(town) == 0, "all letters sent")
    assert sorted(office.ids().values()) == [1] * 6
    assert taken <= set(office.ids())
    assert {letter["To"] for letter in office.kept} == {f"aigul{n}@example.kz" for n in range(6)}


_AT_WORK = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'identity-mail'
"""


def test_two_processes_send_each_letter_once(town: Town, office: PostOffice) -> None:
    """A letter is leased to one of them."""
    with running("mail", town.desk.config), running("mail", town.desk.config):
        until(lambda: town.rows(_AT_WORK) >= [(2,)], "both are at work")
        register_all(town, 8)
        until(lambda: waiting(town) == 0, "all letters sent")
    assert sorted(office.ids().values()) == [1] * 8


def test_a_busy_server_is_tried_again_later(town: Town, office: PostOffice) -> None:
    """Each time later; the id stays the same."""
    office.answers = ["451 4.3.0 busy", "421 4.3.2 closing"]
    town.registers("aigul", town.account("100"))
    with running("mail", town.desk.config):
        for attempts in (1, 2):
            until(lambda n=attempts: town.rows("SELECT attempts FROM mail") >= [(n,)], "an attempt")  # type: ignore[misc]
            until(lambda: town.rows("SELECT problem IS NOT NULL FROM mail") == [(True,)], "its problem")
            with town.desk.pool.connection() as conn:
                late = conn.execute("UPDATE mail SET due_at = now() RETURNING attempts").fetchall()
            assert late
        until(lambda: waiting(town) == 0, "the letter sent")
    assert list(office.ids().values()) == [1]


def test_a_server_that_says_never_is_believed(town: Town, office: PostOffice) -> None:
    """Given up with the reason; other letters go on."""
    office.answers = ["554 5.7.1 refused for good"]
    register_all(town, 2)
    with running("mail", town.desk.config):
        until(lambda: town.rows("SELECT count(*) FROM mail WHERE sent_at IS NOT NULL") == [(1,)], "the other letter")
    assert town.rows("SELECT problem, sealed FROM mail WHERE given_up_at IS NOT NULL") == [("refused: 554", None)]


def test_what_is_over_is_swept(town: Town) -> None:
    """An unconfirmed registration ends after two days: its name is free, its address forgotten, its events stay."""
    town.registers("aigul", town.account("100"))
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE users SET created_at = created_at - interval '49 hours'")
    with running("mail", town.desk.config):
        until(lambda: town.rows("SELECT count(*) FROM people") == [(0,)], "the registration closed")
    assert town.rows("SELECT type FROM events ORDER BY version DESC LIMIT 1")[0][0].endswith("user.closed.v1")
    assert town.registers("aigul", "100").status_code == 202
