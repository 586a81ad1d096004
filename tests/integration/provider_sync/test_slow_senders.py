"""Bad input 45: who sends byte by byte holds no thread for long, and who hangs up early loses nothing."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from native.servers import free_ports
from tests.integration.provider_sync.town import Town, charge
from tests.support.waiting import until

WITHIN_S = 1


@pytest.fixture
def port(town: Town, tmp_path: Path) -> Iterator[int]:
    """The web process with two threads and little patience."""
    found = free_ports().kafka
    settings = {
        "DATABASE_URL": town.url, "SPOOL_DIR": str(town.spool.folder), "HTTP_PORT": str(found), "WEB_THREADS": "2",
        "REQUEST_WITHIN_S": str(WITHIN_S),
    }  # fmt: skip
    with (tmp_path / "web.log").open("wb") as log:
        command = [sys.executable, "-m", "provider_sync", "web"]
        web = subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log)
    try:
        until(lambda: _listens(found), "the web answers", 60)
        yield found
    finally:
        web.terminate()
        web.wait(20)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return False
    return True


def request(town: Town, reference: str) -> bytes:
    """A push as it goes over the wire."""
    body = json.dumps({"facts": [charge(reference)]}).encode()
    head = (
        f"POST /v1/facts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {town.keys['almaty-heat'].bearer}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Dripping:
    """Sends `start` at once and then a byte every tenth of a second, until it is stopped or cut off."""

    def __init__(self, port: int, start: bytes, rest: bytes) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), 30)
        self.connection.sendall(start)
        self.rest, self.stop = rest, threading.Event()
        self.thread = threading.Thread(target=self._drip)
        self.thread.start()

    def _drip(self) -> None:
        for byte in self.rest:
            if self.stop.wait(0.1):
                return
            try:
                self.connection.sendall(bytes([byte]))
            except OSError:
                return

    def answer(self) -> bytes:
        """All that the server says until it closes the connection."""
        said = b""
        try:
            while piece := self.connection.recv(65536):
                said += piece
        except ConnectionResetError:
            pass
        self.stop.set()
        self.thread.join()
        self.connection.close()
        return said


def pushed(town: Town, port: int, reference: str) -> dict[str, object]:
    """An honest sender's answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {town.keys['almaty-heat'].bearer}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/facts", json.dumps({"facts": [charge(reference)]}), headers)
    answer: dict[str, list[dict[str, object]]] = json.loads(connection.getresponse().read())
    connection.close()
    return answer["results"][0]


def test_heads_and_bodies_byte_by_byte_are_cut_off(town: Town, port: int) -> None:
    """Both threads are held by such senders; an honest one is answered once their time is over."""
    whole = request(town, "slow")
    head = Dripping(port, whole[:20], whole[20:])
    body = Dripping(port, whole[:-50], whole[-50:])
    assert pushed(town, port, "honest")["status"] == "accepted"
    said = body.answer()
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"request-incomplete" in said
    head.answer()
    assert town.one("SELECT count(*) FROM said WHERE reference = 'slow'") == 0


def test_who_hangs_up_before_the_answer_finds_the_fact_on_asking_again(town: Town, port: int) -> None:
    """The fact was taken or was not; sent again it stands there once."""
    connection = socket.create_connection(("127.0.0.1", port), 5)
    connection.sendall(request(town, "gone"))
    connection.close()
    until(lambda: town.one("SELECT count(*) FROM said WHERE reference = 'gone'") == 1, "it is taken", 30)
    assert pushed(town, port, "gone") == {"reference": "gone", "status": "duplicate", "position": "account/100@2"}
