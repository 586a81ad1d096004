"""The folder of PDFs."""

import os
from pathlib import Path

from common.ids import uuid7


class Files:
    """PDFs by the SHA-256 of their bytes; a file is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, digest: str, data: bytes) -> None:
        """Stores bytes durably under their digest."""
        path = self.path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{uuid7().hex}")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)

    def path(self, digest: str) -> Path:
        """Where the file of a digest stands."""
        return self._folder / digest[:2] / f"{digest}.pdf"

    def remove(self, digest: str) -> None:
        """Forgets a file; one that is gone already is fine."""
        self.path(digest).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """The name is durable only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
