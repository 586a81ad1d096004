"""Files in a bucket: the same promises as in a folder, held against a server that speaks S3."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from receipts.gateways.files import Store, open_store


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Each kind of store, opened by its place."""
    if request.param == "folder":
        yield open_store(str(tmp_path))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="receipts")
    yield open_store("s3://receipts/made", endpoint)
    server.stop()


def test_what_was_put_is_there_and_may_be_replaced_and_forgotten(store: Store) -> None:
    """Whole bytes by name; forgetting twice is fine; what is not there says so."""
    store.put("2026-10/000001.pdf", b"first")
    store.put("2026-10/000001.pdf", b"second")
    assert store.get("2026-10/000001.pdf") == b"second"
    store.remove("2026-10/000001.pdf")
    store.remove("2026-10/000001.pdf")
    with pytest.raises(FileNotFoundError):
        store.get("2026-10/000001.pdf")
