"""Files spoiled as transfers, editors and disks spoil them: cut, joined, re-encoded, bits flipped. Seeded."""

import random
from collections.abc import Callable


def cut(body: bytes, chance: random.Random) -> bytes:
    """The end is missing."""
    return body[: chance.randrange(len(body))]


def holed(body: bytes, chance: random.Random) -> bytes:
    """A piece of the middle is missing."""
    start = chance.randrange(len(body))
    return body[:start] + body[start + chance.randrange(1, 200) :]


def joined(body: bytes, chance: random.Random) -> bytes:
    """Two copies, or a copy and a half, one behind the other."""
    return body + body[chance.choice((0, chance.randrange(len(body)))) :]


def recoded(body: bytes, chance: random.Random) -> bytes:
    """Decoded as one encoding and written in another."""
    read, written = chance.choice(("utf-8", "cp1251", "latin-1")), chance.choice(("utf-16", "cp866", "cp1251", "utf-8"))
    return body.decode(read, "replace").encode(written, "replace")


def flipped(body: bytes, chance: random.Random) -> bytes:
    """Single bits changed."""
    spoiled = bytearray(body)
    for _ in range(chance.randrange(1, 9)):
        spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def shuffled(body: bytes, chance: random.Random) -> bytes:
    """Lines in another order, one of them twice."""
    lines = body.splitlines(keepends=True)
    lines.append(chance.choice(lines))
    chance.shuffle(lines)
    return b"".join(lines)


def stuffed(body: bytes, chance: random.Random) -> bytes:
    """Something strange stands inside: NUL, quotes, the beginning of another format."""
    at = chance.randrange(len(body))
    strange = chance.choice(
        (b"\x00", b'"', b"\r", b"\xef\xbb\xbf", b"<!DOCTYPE x>", b":20:", b"\n\n", b"\xff" * 70_000)
    )
    return body[:at] + strange + body[at:]


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (cut, holed, joined, recoded, flipped, shuffled, stuffed)


def spoiled(body: bytes, seed: int) -> bytes:
    """The file spoiled in one or two ways."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 2))):
        body = chance.choice(WAYS)(body, chance) or b"\n"
    return body
