"""Spoiled files through the whole road of an upload: done with every row answered, or refused with nothing kept."""

import secrets
from threading import Event

import pytest

from common.errors import Refusal
from provider_sync.handlers import access
from tests.integration.provider_sync.town import ASEL, Town
from tests.support.files import SOUND
from tests.support.spoiled import spoiled

SENDER = "almaty-heat"
SCOPES = ["payments", "charges", "meters", "services:*"]


def kept(town: Town) -> tuple[int, int, int]:
    """How much of all files there is: events, waiting payments, references taken."""
    return tuple(town.one(f"SELECT count(*) FROM {table}") for table in ("events", "unmatched", "said"))


def sent(town: Town, form: str, body: bytes, mode: str) -> str:
    """Sends a file to its end; the answers must add up and must be what the tables hold."""
    before = kept(town)
    try:
        ident = town.send(SENDER, body, form, mode=mode, batch=secrets.token_hex(4))
    except Refusal:
        assert kept(town) == before
        return "refused at the door"
    assert town.loader(3).next(Event())
    upload = town.upload(SENDER, ident)
    after = kept(town)
    if upload.state == "refused":
        assert after == before, upload.problems
        assert upload.problems
    else:
        answered = (
            upload.accepted + upload.duplicate + upload.conflict + upload.rejected + upload.unmatched + upload.retry
        )
        assert (upload.state, answered) == ("done", upload.total)
        events, waiting, said = (new - old for new, old in zip(after, before, strict=True))
        assert (events, waiting, said) == (upload.accepted, upload.unmatched, upload.accepted + upload.unmatched)
        town.rejected(upload, "kk")
    return upload.state


@pytest.mark.parametrize("mode", ["continue", "atomic"])
def test_a_spoiled_file_never_half_loads(town: Town, mode: str) -> None:
    """A few of each format in turn; atomic files leave nothing when one row is bad."""
    town.keys[SENDER] = access.issue(town.base, ASEL, SENDER, SCOPES, "all", None)
    assert {sent(town, form, spoiled(body, seed), mode) for form, body in SOUND.items() for seed in range(7, 9)} >= {
        "refused"
    }
    for form, body in SOUND.items():
        assert sent(town, form, body, mode) in ("done", "refused")


def test_the_character_nul_in_a_header_stops_nothing(town: Town) -> None:
    """No text of the database can hold it: the file's header and the name of its batch are kept with a sign for it."""
    town.keys[SENDER] = access.issue(town.base, ASEL, SENDER, SCOPES, "all", None)
    assert sent(town, "1c", SOUND["1c"].replace("Кодировка".encode("cp1251"), b"K\x00"), "continue") == "done"
    named = b'{"kind":"header","batch":"a\\u0000b"}\n' + SOUND["ndjson"]
    upload = town.load(SENDER, named, "ndjson", batch=None)
    assert (upload.state, upload.batch) == ("done", "a\u2400b")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_many_spoiled_files_never_half_load(town: Town) -> None:
    """The same for a thousand files."""
    town.keys[SENDER] = access.issue(town.base, ASEL, SENDER, SCOPES, "all", None)
    for seed in range(100, 230):
        for form, body in SOUND.items():
            sent(town, form, spoiled(body, seed), ("continue", "atomic")[seed % 2])
