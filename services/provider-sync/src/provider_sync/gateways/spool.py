"""The spool: files as senders sent them, unpacked, until they are loaded."""

import hashlib
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from werkzeug.exceptions import HTTPException

from provider_sync import errors

_PIECE = 256 * 1024


@dataclass(frozen=True)
class Spooled:
    """A file on the spool: bytes unpacked, and their SHA-256."""

    bytes: int
    digest: str


class Arriving:
    """A body on its way: standing still, a lost connection and an early end raise Interrupted.

    The web server hands out what came before a connection was lost as if that were all.
    """

    def __init__(self, stream: IO[bytes], announced: int | None) -> None:
        self._stream, self._missing = stream, announced

    def read(self, size: int) -> bytes:
        """The next piece; empty at the end."""
        try:
            piece = self._stream.read(size)
        except (OSError, HTTPException) as error:
            raise errors.Interrupted from error
        if self._missing is not None:
            self._missing -= len(piece)
            if not piece and self._missing > 0:
                raise errors.Interrupted
        return piece


@dataclass(frozen=True)
class Spool:
    """A folder of files named by the id of their upload."""

    folder: Path
    limit_bytes: int
    unpacked_limit_bytes: int

    def receive(self, ident: UUID, body: Arriving, *, packed: bool) -> Spooled:
        """Writes a body piece by piece, synced to disk; raises TooLarge, BadEncoding, Interrupted, leaving nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.path(ident).with_suffix(".part")
        try:
            spooled = self._write(part, body, packed)
            part.rename(self.path(ident))
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return spooled

    def _write(self, part: Path, body: Arriving, packed: bool) -> Spooled:
        digest, unpack = hashlib.sha256(), _gunzip if packed else _plain
        with part.open("wb") as file:
            written = 0

            def put(piece: bytes) -> None:
                nonlocal written
                written += len(piece)
                if written > self.unpacked_limit_bytes:
                    raise errors.TooLarge(limit=self.unpacked_limit_bytes)
                digest.update(piece)
                file.write(piece)

            unpack(body, self.limit_bytes, put)
            file.flush()
            os.fsync(file.fileno())
        return Spooled(written, digest.hexdigest())

    def path(self, ident: UUID) -> Path:
        """Where an upload's file stands."""
        return self.folder / str(ident)

    def discard(self, ident: UUID) -> None:
        """The file is not needed any more."""
        self.path(ident).unlink(missing_ok=True)


def _plain(body: Arriving, limit: int, put: Callable[[bytes], None]) -> None:
    received = 0
    while piece := body.read(_PIECE):
        received += len(piece)
        if received > limit:
            raise errors.TooLarge(limit=limit)
        put(piece)


def _gunzip(body: Arriving, limit: int, put: Callable[[bytes], None]) -> None:
    """Unpacks in bounded steps, so that a bomb is noticed before it is large; several members may follow each other."""
    received, member = 0, _Member()
    try:
        while piece := body.read(_PIECE):
            received += len(piece)
            if received > limit:
                raise errors.TooLarge(limit=limit)
            while piece:
                piece = member.feed(piece, put)
                member = _Member() if member.ended else member
    except zlib.error as error:
        raise errors.BadEncoding(reason=str(error)[:100]) from error
    if member.begun:
        raise errors.BadEncoding(reason="the packed stream ends early")


class _Member:
    """One gzip member being unpacked."""

    def __init__(self) -> None:
        self._inflater, self.begun = zlib.decompressobj(wbits=31), False

    def feed(self, piece: bytes, put: Callable[[bytes], None]) -> bytes:
        """Unpacks what it can and returns the rest: input not used yet, or what follows the member."""
        self.begun = True
        found = self._inflater.decompress(piece, _PIECE)
        put(found)
        while len(found) == _PIECE and not self._inflater.unconsumed_tail and not self.ended:
            found = self._inflater.decompress(b"", _PIECE)
            put(found)
        return self._inflater.unused_data if self.ended else self._inflater.unconsumed_tail

    @property
    def ended(self) -> bool:
        """Whether the member is whole."""
        return self._inflater.eof
