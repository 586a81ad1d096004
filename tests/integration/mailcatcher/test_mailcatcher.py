"""The mail catcher as a process: mail in by SMTP, out by HTTP, a clean end."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from native.waiting import until


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[tuple[int, str, "subprocess.Popen[bytes]"]]:
    """A running catcher: SMTP port, HTTP address, process."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        smtp, http = (one.getsockname()[1] for one in sockets)
    settings = {"MAIL_DIR": str(tmp_path / "mail"), "SMTP_PORT": str(smtp), "HTTP_PORT": str(http)}
    with subprocess.Popen([sys.executable, "-m", "mailcatcher"], env={**os.environ, **settings}) as process:
        address = f"http://127.0.0.1:{http}"
        until(lambda: answers(address), 20, "the mail catcher's start")
        yield smtp, address, process
        process.kill()


def answers(address: str) -> bool:
    """Whether it says that it is ready."""
    try:
        return httpx.get(f"{address}/health/ready").is_success
    except httpx.HTTPError:
        return False


def test_a_sent_message_can_be_read_by_http(catcher: tuple[int, str, "subprocess.Popen[bytes]"]) -> None:
    """The list is JSON for programs, the page is for people."""
    smtp, address, _ = catcher
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.kz", "asel@example.kz", "Растау <сілтемесі>"
    message.set_content("token")
    with smtplib.SMTP("127.0.0.1", smtp) as client:
        client.send_message(message)
    found = httpx.get(f"{address}/messages", params={"to": "asel@example.kz"}).json()["messages"]
    assert [one["subject"] for one in found] == ["Растау <сілтемесі>"]
    assert "Растау &lt;сілтемесі&gt;" in httpx.get(address).text


def test_it_ends_cleanly_when_told_to(catcher: tuple[int, str, "subprocess.Popen[bytes]"]) -> None:
    """SIGTERM is the only farewell a process gets."""
    process = catcher[2]
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
