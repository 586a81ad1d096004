"""One file's transaction after the other, in all processes that load from one spool."""

import fcntl
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO


class Turn:
    """A lock of the threads that share it and of the processes that know its file; a process that dies gives it back.

    It keeps no promise, it only saves work: where the file system knows no locks, only threads take turns.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._threads = path, Lock()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> None:
        self._threads.acquire()
        with suppress(OSError):
            self._file = self._path.open("ab")
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
        self._threads.release()
