"""P13: a full disk corrupts nothing. PostgreSQL's data, its log, and Kafka's log get a small disk that fills up."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.faults.centre import Centre
from tests.faults.outage import asking, drained, under_load

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk of its own size"),
]
ROOM_MIB = 64
# By server: which folder, under the centre's.
PLACES = {"data": ("postgres", "postgres"), "log": ("postgres", "postgres/pg_wal"), "topics": ("kafka", "kafka")}


@contextmanager
def small_disk(centre: Centre, server: str, folder: Path) -> Iterator[Path]:
    """A server's folder is on a disk with little room while the block runs; the server is up before and after."""
    real = folder.resolve()
    used = int(subprocess.run(["du", "-sm", real], capture_output=True, check=True).stdout.split()[0])
    getattr(centre.servers, server).stop()
    aside = emptied(real)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={used + ROOM_MIB}m", "tmpfs", real], check=True)
    try:
        filled(real, aside)
        centre.revive(server)
        yield real
        getattr(centre.servers, server).stop()
        aside.mkdir()
        filled(aside, real, keep=True)
    finally:
        getattr(centre.servers, server).stop()
        subprocess.run(["umount", "--lazy", real], check=True)
    real.rmdir()
    aside.rename(real)
    centre.revive(server)


def emptied(folder: Path) -> Path:
    """An empty folder in its place; where its content is now."""
    aside = folder.with_name(folder.name + ".aside")
    folder.rename(aside)
    folder.mkdir()
    return aside


def filled(folder: Path, source: Path, *, keep: bool = False) -> None:
    """All of a folder in another one, with owner and rights."""
    owner = source.stat()
    subprocess.run(["cp", "-a", f"{source}/.", folder], check=True)
    os.chown(folder, owner.st_uid, owner.st_gid)
    folder.chmod(owner.st_mode & 0o777)
    if not keep:
        shutil.rmtree(source)


def fill(disk: Path) -> Path:
    """Takes the last byte of a disk."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    return ballast


def use_up_the_log(url: str) -> None:
    """Fills the files that the server keeps ready, until it needs another one."""
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True, connect_timeout=5) as conn:
        for _ in range(200):
            conn.execute("SELECT pg_logical_emit_message(true, 'test', 'another file'), pg_switch_wal()")


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_corrupts_nothing(place: str) -> None:
    """Senders are told to come again; once there is room everything goes on, and the books are whole."""
    server, below = PLACES[place]
    with under_load(f"disk-{place}") as (current, end):
        centre = current.centre
        with small_disk(centre, server, centre.folder / below) as disk:
            ballast = fill(disk)
            if server == "postgres":
                use_up_the_log(centre.servers.postgres.url)
            found = asking(current, f"disk-{place}", 30)
            died = getattr(centre.servers, server).child.pid() is None
            ballast.unlink()
            if died:
                centre.revive(server)
            back = time.monotonic()
            end()
            took = drained(current, back)
            print(f"{place}: {found.line()}; the server {'died' if died else 'lived'}; drained {took:.1f} s after")
            assert set(found.statuses) <= {200, 503, 507}
            assert took < 60
