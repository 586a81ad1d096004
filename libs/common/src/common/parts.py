"""Tables in parts by hash (`PARTITION BY HASH`): the part that has a row, so that a read can ask that part alone.

A statement over the whole table is planned, locked and prepared in all of its parts before it goes to one.
"""

import re
from functools import lru_cache

PARTS = 16
_WORD = 0xFFFFFFFF
# HASH_PARTITION_SEED of PostgreSQL, and the low bits of what its hash_combine64 adds to a single key.
_SEED, _COMBINED = 0x7A5B22367996DCFD, 3
_MIX = ((4, 6, 8), (16, 19, 4))


@lru_cache(100_000)
def part_of(key: str) -> int:
    """The number of the part in which PostgreSQL keeps the rows of a text key, of PARTS (a power of two).

    Source: hash_bytes_extended in PostgreSQL's common/hashfn.c, that is Bob Jenkins' lookup3, by a collation that tells
    texts apart by their bytes.
    """
    data = key.encode()
    a = b = c = (0x9E3779B9 + len(data) + 3923095) & _WORD
    a, b, c = _mixed((a + (_SEED >> 32)) & _WORD, (b + _SEED) & _WORD, c)
    whole = len(data) - len(data) % 12
    for at in range(0, whole, 12):
        words = (int.from_bytes(data[at + n : at + n + 4], "little") for n in (0, 4, 8))
        a, b, c = _mixed(*((one + word) & _WORD for one, word in zip((a, b, c), words, strict=True)))
    rest = data[whole:]
    a, b = (a + int.from_bytes(rest[:4], "little")) & _WORD, (b + int.from_bytes(rest[4:8], "little")) & _WORD
    # The lowest byte of the third word belongs to the length.
    c = (c + (int.from_bytes(rest[8:], "little") << 8)) & _WORD
    return (_final(a, b, c) + _COMBINED) % PARTS


def parted(query: str) -> tuple[str, ...]:
    """A statement for each part: `@` behind a table's name stands for the part, as in `postings_07`.

    `@has($1)` is the server's own word that the part is that of `$1`: were it another, there must be no answer rather
    than a wrong one.
    """
    own = rf"((hashtextextended(\1, {_SEED}) & {PARTS - 1}) + {_COMBINED}) & {PARTS - 1} = @no"
    query = re.sub(r"@has\((\$\d)\)", own, query)
    return tuple(query.replace("@no", str(part)).replace("@", f"_{part:02d}") for part in range(PARTS))


def _turned(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & _WORD


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    for first, second, third in _MIX:
        a = (a - c & _WORD) ^ _turned(c, first)
        c = c + b & _WORD
        b = (b - a & _WORD) ^ _turned(a, second)
        a = a + c & _WORD
        c = (c - b & _WORD) ^ _turned(b, third)
        b = b + a & _WORD
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    c = (c ^ b) - _turned(b, 14) & _WORD
    a = (a ^ c) - _turned(c, 11) & _WORD
    b = (b ^ a) - _turned(a, 25) & _WORD
    c = (c ^ b) - _turned(b, 16) & _WORD
    a = (a ^ c) - _turned(c, 4) & _WORD
    b = (b ^ a) - _turned(a, 14) & _WORD
    return (c ^ b) - _turned(b, 24) & _WORD
