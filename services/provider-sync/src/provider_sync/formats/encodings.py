"""Which encoding a file is in, whatever its header claims."""

import codecs
from collections.abc import Sequence
from typing import IO

from provider_sync import errors

_PIECE = 1 << 20
_HEAD = 64 * 1024


def encoding_of(file: IO[bytes], known: Sequence[str], words: Sequence[str] = ()) -> str:
    """The first of the encodings that the whole file is in and in which one of the words stands in its beginning.

    UTF-8 is told by its bytes; one-byte encodings accept any byte and are told by the words. Raises Unreadable.
    """
    fitting = [name for name in known if _fits(file, name)]
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    for name in fitting:
        text = head.decode(name, "replace")
        if not words or any(word in text for word in words):
            return name
    if fitting and not any(name.startswith("utf-8") for name in known):
        return fitting[0]
    raise errors.Unreadable(reason="it is in none of the encodings " + ", ".join(known))


def _fits(file: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
