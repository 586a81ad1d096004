"""PostgreSQL in a folder of ours, on a port of ours, open to this machine only."""

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from native.child import Child, born
from native.credentials import Credentials, needed, write
from native.find import postgres_bin
from native.paths import home_for, other_user
from native.waiting import until

COMMON = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "wal_level": "replica",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "track_io_timing": "on",
    "track_functions": "pl",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "1s",
    # An error's detail names whole rows, a slow statement its parameters: people, who must be forgotten here, too.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "random_page_cost": "1.1",
}
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
HBA = "hostssl all all 127.0.0.1/32 scram-sha-256\nhostssl replication postgres 127.0.0.1/32 scram-sha-256\n"
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL server; `durable` is off only where losing the data is no loss."""

    folder: Path
    port: int
    durable: bool = True
    shared_buffers: str = "1GB"
    credentials: Credentials | None = None

    @property
    def url(self) -> str:
        """The superuser's address."""
        if self.credentials is None:
            return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        return self.address_of("postgres", "postgres")

    def address_of(self, role: str, database: str) -> str:
        """A role's address over TLS, by which the server's name and certificate are checked."""
        credentials = needed(self.credentials)
        password = credentials.password(f"postgres-{role}")
        checked = f"sslmode=verify-full&sslrootcert={quote(str(credentials.authority))}"
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}?{checked}"

    @property
    def child(self) -> Child:
        """The server process; SIGINT is PostgreSQL's fast and clean shutdown."""
        return Child("postgres", self.folder, stop_signal=signal.SIGINT)

    def start(self) -> None:
        """Make the data folder when there is none, and start the server."""
        self.folder.mkdir(parents=True, exist_ok=True)
        user, bin_folder = other_user(), postgres_bin()
        data = home_for(user, self.folder / "postgres")
        if not (data / "PG_VERSION").exists():
            _initdb(bin_folder, data, user, self.credentials)
        _forget_stale_lock(data)
        settings = COMMON | {"port": str(self.port), "shared_buffers": self.shared_buffers}
        settings |= {} if self.durable else FAST
        if self.credentials:
            settings |= {"ssl": "on", "ssl_min_protocol_version": "TLSv1.2"}
            _put_credentials(self.credentials, data, user)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.child.start([str(bin_folder / "postgres"), "-D", str(data), *options], ENVIRONMENT, data, user)

    def wait(self, seconds: float = 60) -> None:
        """Return when the server answers a query."""
        until(self._answers, seconds, "PostgreSQL's start")

    def stop(self) -> None:
        """Stop the server cleanly."""
        self.child.stop()

    def _answers(self) -> bool:
        self.child.must_live()
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def _initdb(bin_folder: Path, data: Path, user: str | None, credentials: Credentials | None) -> None:
    command = [str(bin_folder / "initdb"), "-D", str(data), "--username=postgres"]
    # The password comes in a file, for a list of processes shows arguments.
    with tempfile.NamedTemporaryFile("w") as password:
        password.write(credentials.password("postgres-postgres") if credentials else "")
        password.flush()
        shutil.chown(password.name, user or os.geteuid())
        command += ["--auth=scram-sha-256", f"--pwfile={password.name}"] if credentials else ["--auth=trust"]
        subprocess.run(
            [*command, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, cwd=data, env=ENVIRONMENT, stdout=subprocess.DEVNULL, user=user, group=user,
            extra_groups=[] if user else None,
        )  # fmt: skip


def _put_credentials(credentials: Credentials, data: Path, user: str | None) -> None:
    """The certificate where the server looks for it, and the rule that nobody comes in without TLS and a password."""
    for source, name in ((credentials.certificate, "server.crt"), (credentials.key, "server.key")):
        write(data / name, source.read_text())
    write(data / "pg_hba.conf", HBA)
    if user:
        for name in ("server.crt", "server.key", "pg_hba.conf"):
            shutil.chown(data / name, user, user)


def _forget_stale_lock(data: Path) -> None:
    """A crash of the machine leaves a lock whose pid may by now belong to another program."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().split()[0])
    if not born(pid) or str(data) not in Path(f"/proc/{pid}/cmdline").read_text():
        lock.unlink()
