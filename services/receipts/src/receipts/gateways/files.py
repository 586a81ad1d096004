"""Where PDFs stand: a folder, or a bucket of any store that speaks S3."""

import os
from pathlib import Path
from typing import Any, Protocol

from common.ids import uuid7


class Store(Protocol):
    """Files by name; a file is there whole or not at all."""

    def put(self, name: str, data: bytes) -> None:
        """Stores bytes durably; the same name again replaces them."""

    def get(self, name: str) -> bytes:
        """The bytes; raises FileNotFoundError."""

    def remove(self, name: str) -> None:
        """Forgets a file; one that is gone already is fine."""


class Folder:
    """A local folder; several machines share it by a network file system, or use a bucket."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        """Written beside, synced, then renamed: the name is durable only when its folder is."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{uuid7().hex}")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)

    def get(self, name: str) -> bytes:
        """The bytes; raises FileNotFoundError."""
        return (self._root / name).read_bytes()

    def remove(self, name: str) -> None:
        """Forgets a file."""
        (self._root / name).unlink(missing_ok=True)


class Bucket:
    """A bucket behind `s3://bucket/prefix`; credentials come the way the S3 client finds them everywhere."""

    def __init__(self, bucket: str, prefix: str, endpoint: str) -> None:
        import boto3  # a quarter of a second that only who uses a bucket pays

        self._bucket, self._prefix = bucket, prefix
        self._client: Any = boto3.client("s3", endpoint_url=endpoint or None)

    def put(self, name: str, data: bytes) -> None:
        """The store answers when it has the bytes."""
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=data)

    def get(self, name: str) -> bytes:
        """The bytes; raises FileNotFoundError."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except self._client.exceptions.NoSuchKey as error:
            raise FileNotFoundError(name) from error
        return bytes(answer["Body"].read())

    def remove(self, name: str) -> None:
        """Forgets a file."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)


def open_store(place: str, endpoint: str = "") -> Store:
    """The store of a folder's path or of `s3://bucket/prefix`; `endpoint` is the address of a store that is not AWS."""
    if not place.startswith("s3://"):
        return Folder(Path(place))
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return Bucket(bucket, f"{prefix.rstrip('/')}/" if prefix else "", endpoint)


class Files:
    """PDFs by the SHA-256 of their bytes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, digest: str, data: bytes) -> None:
        """Stores bytes durably under their digest."""
        self._store.put(_name(digest), data)

    def get(self, digest: str) -> bytes:
        """The bytes of a digest; raises FileNotFoundError."""
        return self._store.get(_name(digest))

    def remove(self, digest: str) -> None:
        """Forgets a file; one that is gone already is fine."""
        self._store.remove(_name(digest))


def _name(digest: str) -> str:
    return f"{digest[:2]}/{digest}.pdf"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
