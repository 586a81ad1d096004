"""Backups of a PostgreSQL server: a copy of its files, the write-ahead log as it is written, and a server made of both.

The commands are those that docs/operations.md has an operator type; for servers that run elsewhere they are the same.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from native.child import Child
from native.find import postgres_bin
from native.paths import home_for, other_user
from native.postgres import ENVIRONMENT, Postgres
from native.waiting import until

SLOT = "backup"
FOLLOWER = "pg_receivewal"
RECOVERY = """
# Written by a restore: the log is taken from the archive, its last, unfinished file too.
restore_command = 'cp {log}/%f %p || cp {log}/%f.partial %p'
recovery_target_timeline = 'latest'
recovery_target_action = 'promote'
synchronous_standby_names = ''
"""


@dataclass(frozen=True)
class Backup:
    """A folder with `base` and `log` of one server."""

    postgres: Postgres
    folder: Path

    @property
    def base(self) -> Path:
        """The copy of the server's files."""
        return home_for(other_user(), self.folder / "base")

    @property
    def log(self) -> Path:
        """The archive of the write-ahead log."""
        return home_for(other_user(), self.folder / "log")

    @property
    def follower(self) -> Child:
        """The process that receives the log."""
        return Child(FOLLOWER, self.folder)

    def follow(self, *, synchronous: bool = False) -> None:
        """Receive the log from now on; `synchronous`: no commit is acknowledged before it is in the archive as well."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ["-d", self.postgres.url, "-D", str(self.log), f"--slot={SLOT}"]
        self._run(FOLLOWER, *words, "--create-slot", "--if-not-exists")
        command = [str(postgres_bin() / FOLLOWER), *words, "--synchronous"]
        self.follower.start(command, ENVIRONMENT, self.log, other_user())
        with psycopg.connect(self.postgres.url, autocommit=True) as conn:
            until(lambda: _follows(conn), 30, "the start of pg_receivewal")
        self.await_in(FOLLOWER if synchronous else "")

    def await_in(self, follower: str) -> None:
        """Whom each commit waits for; with nobody there it would wait for ever, so this goes before the follower."""
        with psycopg.connect(self.postgres.url, autocommit=True) as conn:
            conn.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{follower}'")
            conn.execute("SELECT pg_reload_conf()")

    def copy(self) -> None:
        """Copy the server's files while it works, in place of an earlier copy."""
        for old in self.base.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        self._run(
            "pg_basebackup", "-d", self.postgres.url, "-D", str(self.base), "--wal-method=none", "--checkpoint=fast"
        )

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Every commit of the block is in the archive as well; nothing receives afterwards, however the block ends."""
        try:
            self.follow(synchronous=True)
            yield
        finally:
            with suppress(psycopg.OperationalError):  # a server that is gone awaits nobody
                self.await_in("")
            self.stop()

    def stop(self) -> None:
        """Receive no more."""
        self.follower.stop()

    def restore(self, until_time: str = "") -> None:
        """Make the server's files of the copy and the log, up to their end or a moment (`2026-11-26 03:12:00+05`).

        The server must not run. It is on a new timeline afterwards.
        """
        user = other_user()
        data = home_for(user, self.postgres.folder / "postgres")
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.base, data, symlinks=True)
        settings = RECOVERY.format(log=self.log)
        settings += f"recovery_target_time = '{until_time}'\n" if until_time else ""
        with (data / "postgresql.auto.conf").open("a") as conf:
            conf.write(settings)
        (data / "recovery.signal").touch()
        (data / "postmaster.pid").unlink(missing_ok=True)
        if user:
            for path in (data, *data.rglob("*")):
                shutil.chown(path, user, user)
        data.chmod(0o700)

    def _run(self, program: str, *words: str) -> None:
        user = other_user()
        subprocess.run(
            [str(postgres_bin() / program), *words], check=True, env=ENVIRONMENT, cwd=self.base,
            user=user, group=user, extra_groups=[] if user else None,
        )  # fmt: skip


def _follows(conn: psycopg.Connection) -> bool:
    query = "SELECT FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'"
    return conn.execute(query, (FOLLOWER,)).rowcount == 1
