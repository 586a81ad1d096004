"""Bad inputs 33, 42, 43: what no honest client sends."""

import socket
from collections.abc import Iterator

import pytest

from tests.integration.identity.processes import start, until
from tests.integration.identity.test_logs import free_port
from tests.integration.identity.town import Town


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The file's town, called from an address of the test's own."""
    shared_town.source = f"198.51.100.{next(shared_town.numbers) % 250}"
    return shared_town


@pytest.fixture
def port(town: Town) -> Iterator[int]:
    """The port of the real web process."""
    number = free_port()
    process = start("web", town.desk.config, HTTP_PORT=str(number))
    try:
        until(
            lambda: raw(number, b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n").startswith("HTTP/1.1 200"), "the web"
        )
        yield number
    finally:
        process.terminate()
        process.wait(30)


def raw(port: int, request: bytes) -> str:
    """What the server answers to these very bytes; nothing when nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(request)
            return connection.recv(65_536).decode(errors="replace")
    except OSError:
        return ""


def test_ambiguous_lengths_are_refused(port: int) -> None:
    """Two Content-Lengths, or one beside chunks: no second request hides in a first."""
    head = b"POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    two = head + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}"
    both = head + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    assert [raw(port, request)[:12] for request in (two, both)] == ["HTTP/1.1 400"] * 2


def test_other_methods_are_not_taken(town: Town) -> None:
    """405 with Allow; a method in a header changes nothing."""
    for method, path in (
        ("TRACE", "/v1/me"),
        ("PUT", "/v1/sessions"),
        ("HEAD", "/v1/registrations"),
        ("GET", "/v1/me/email"),
    ):
        answer = town.call(method, path)
        assert (answer.status_code, "Allow" in answer.headers) == (405, True), (method, path)
    who = town.resident("bad1", town.account("9701"))
    assert town.call("GET", "/v1/me", X_HTTP_Method_Override="DELETE", **who).status_code == 200
    assert town.call("GET", "/v1/me", **who).status_code == 200


def test_a_huge_password_never_reaches_the_hash(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten megabytes: 413 before anything is read; 5,000 characters: 422; the hash is not asked."""
    hashed: list[str] = []
    monkeypatch.setattr(type(town.desk.hasher), "matches", lambda *_: hashed.append("x"))
    for size, status in ((10 << 20, 413), (5_000, 422)):
        answer = town.call("POST", "/v1/sessions", {"login": "aigul", "password": "x" * size})
        assert answer.status_code == status
    assert hashed == []


@pytest.mark.parametrize(
    "password", ["ұзақ құпия сөз " * 8, "  бас бос орын бар  ", "эмодзи 🙂 құпия сөз", "e\u0301te\u0301 құпия сөз"]
)
def test_long_and_foreign_passwords_are_taken_as_typed(town: Town, password: str) -> None:
    """64 characters and more, blanks at the ends, emoji; composed and decomposed letters are one password."""
    name = f"bad-{abs(hash(password)) % 10**8}"
    town.account(name)
    assert town.registers(name, name, password=password, password_again=password).status_code == 202
    token = town.token(f"{name}@example.kz")
    assert town.call("POST", "/v1/registrations/confirm", {"token": token}).status_code == 200
    assert town.signs_in(name, password).status_code == 200
    assert town.signs_in(name, password.replace("e\u0301", "é")).status_code == 200
    assert town.signs_in(name, password + " ").status_code == 401


def test_strange_addresses_get_one_letter_or_none(town: Town) -> None:
    """Line breaks and lists are refused; tags and foreign domains are one mailbox each."""
    for email in ("a@b.kz\r\nBcc: c@d.kz", "a@b.kz,c@d.kz", "a b@c.kz", "@b.kz", "a@", "a@b"):
        assert town.registers("bad3", town.account("9702"), email=email).status_code == 422, email
    for index, email in enumerate(("aigul+centre@example.kz", "aigul@қазақстан.қаз")):
        before = len(town.letters())
        assert town.registers(f"bad4{index}", "9702", email=email).status_code == 202
        (letter,) = town.letters()[before:]
        assert str(letter["To"]).startswith(email.split("@")[0] + "@")
