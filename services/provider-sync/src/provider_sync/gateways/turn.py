"""One file's transaction after the other, in a process and in those that it forks."""

import fcntl
from tempfile import TemporaryFile
from threading import Lock
from types import TracebackType


class Turn:
    """A lock of threads and of forked processes; made before the fork. A process that dies gives it back.

    Loaders on other machines have turns of their own: it saves work and keeps no promise.
    """

    def __init__(self) -> None:
        self._threads = Lock()
        # Such a lock belongs to the process, not to what parent and children have open together; it is kept as long.
        self._file = TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> None:
        self._threads.acquire()
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        self._threads.release()
