"""The spool: streamed, unpacked within a cap, whole or not at all."""

import gzip
import hashlib
import io
import tracemalloc
from pathlib import Path

import pytest

from common.ids import uuid7
from provider_sync import errors
from provider_sync.gateways import Arriving, Spool

BODY = b"0123456789abcdef" * 70_000


def spool(folder: Path, limit: int = 1 << 30, unpacked: int = 1 << 30) -> Spool:
    """A spool with its limits."""
    return Spool(folder, limit, unpacked)


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_arrives_as_it_was_sent(tmp_path: Path, packed: bool) -> None:
    """Packed or plain, the same bytes and digest; members of a packed file may follow each other."""
    sent = gzip.compress(BODY[:1000]) + gzip.compress(BODY[1000:]) if packed else BODY
    ident, into = uuid7(), spool(tmp_path)
    spooled = into.receive(ident, Arriving(io.BytesIO(sent), None), packed=packed)
    assert into.path(ident).read_bytes() == BODY
    assert (spooled.bytes, spooled.digest) == (len(BODY), hashlib.sha256(BODY).hexdigest())


@pytest.mark.parametrize(
    ("sent", "packed", "refusal"),
    [
        (BODY, False, errors.TooLarge),
        (gzip.compress(BODY + BODY), True, errors.TooLarge),
        (gzip.compress(BODY)[:-10], True, errors.BadEncoding),
        (b"not gzip at all", True, errors.BadEncoding),
        (gzip.compress(b"a") + b"rubbish behind", True, errors.BadEncoding),
    ],
    ids=["too large", "too large unpacked", "cut short", "no gzip", "rubbish behind"],
)
def test_what_is_too_large_or_broken_leaves_nothing(
    tmp_path: Path, sent: bytes, packed: bool, refusal: type[Exception]
) -> None:
    """Bad inputs 5 and 6."""
    with pytest.raises(refusal):
        spool(tmp_path, 100_000, 1_200_000).receive(uuid7(), Arriving(io.BytesIO(sent), None), packed=packed)
    assert list(tmp_path.iterdir()) == []


class Standing(io.BytesIO):
    """A body that begins and then stands still until the socket's time-out."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size) or self._nothing()

    def _nothing(self) -> bytes:
        raise TimeoutError


@pytest.mark.parametrize("body", [Standing(b"begun"), io.BytesIO(b"begun")])
def test_a_body_that_stops_arriving_is_given_up(tmp_path: Path, body: io.BytesIO) -> None:
    """Bad input 45: standing still or cut off, the thread is free again and nothing is left."""
    with pytest.raises(errors.Interrupted):
        spool(tmp_path).receive(uuid7(), Arriving(body, 100), packed=False)
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_noticed_in_little_memory(tmp_path: Path) -> None:
    """200 MiB packed into 200 KiB, refused at one MiB."""
    bomb = gzip.compress(bytes(200 << 20), 9)
    tracemalloc.start()
    with pytest.raises(errors.TooLarge):
        spool(tmp_path, 1 << 30, 1 << 20).receive(uuid7(), Arriving(io.BytesIO(bomb), None), packed=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 << 20
