"""Where the tests' servers come from: given addresses, else containers, else this machine's programs or wheels."""

import fcntl
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from native.child import born
from native.paths import RUN, forget_home
from native.servers import Servers, free_ports

GIVEN = ("TEST_POSTGRES_URL", "TEST_KAFKA", "TEST_REDIS_URL")
FOLDER = "TEST_SERVERS_FOLDER"
Source = Literal["addresses", "containers", "native"]


@dataclass(frozen=True)
class Addresses:
    """Where the servers of a test run answer; the PostgreSQL address is the superuser's."""

    postgres: str
    kafka: str
    redis: str
    source: Source


def choose(environment: Mapping[str, str], engine_answers: Callable[[], bool]) -> Source:
    """The source of servers; addresses that are given only in part are a mistake, not a wish for others."""
    given = [name for name in GIVEN if environment.get(name)]
    if len(given) == len(GIVEN):
        return "addresses"
    if given:
        raise ValueError(f"set all of {', '.join(GIVEN)}, or none; only {', '.join(given)} is set")
    return "containers" if engine_answers() else "native"


def engine_answers() -> bool:
    """Whether a container engine answers on this machine."""
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return False
    import docker
    from docker.errors import DockerException

    client = docker.from_env(timeout=2, version="1.41")
    try:
        return bool(client.ping())
    except (DockerException, OSError):
        return False
    finally:
        client.close()


def announce_folder() -> None:
    """Name the folder of this run's servers; the workers, started later, inherit the name."""
    os.environ[FOLDER] = str(RUN / "tests" / f"{os.getpid()}-{born(os.getpid())}")


def own_folder() -> Path:
    """The folder of this run's servers."""
    return Path(os.environ[FOLDER])


def addresses() -> Addresses:
    """The servers' addresses; the first of several workers to ask starts what must be started."""
    source = choose(os.environ, engine_answers)
    if source == "addresses":
        postgres, kafka, redis = (os.environ[name] for name in GIVEN)
        return Addresses(postgres, kafka, redis, source)
    folder = own_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return started(folder) or _start(folder, source)


def started(folder: Path) -> Addresses | None:
    """The addresses of the servers that were started in the folder, if any were."""
    written = folder / "addresses.json"
    return Addresses(**json.loads(written.read_text())) if written.exists() else None


def stop_own() -> None:
    """Stop the servers that this run started, and remove their data."""
    folder = own_folder()
    running = started(folder)
    if running and running.source == "containers":
        from tests.support import containers

        containers.stop(folder)
    if folder.exists():
        _clear(folder)


def _start(folder: Path, source: Source) -> Addresses:
    if source == "containers":
        from tests.support import containers

        found = containers.start(folder)
    else:
        sweep(folder.parent)
        found = _native(folder)
    (folder / "addresses.json").write_text(json.dumps(asdict(found)))
    return found


def _native(folder: Path) -> Addresses:
    servers = Servers.within(folder, free_ports(), durable=False, shared_buffers="256MB")
    servers.start()
    return Addresses(servers.postgres.url, servers.kafka.address, servers.redis.url, "native")


def sweep(folder: Path) -> None:
    """Stop and remove the servers of runs that were killed before they could do it themselves."""
    for left in folder.iterdir():
        pid, _, stamp = left.name.partition("-")
        if not pid.isdigit() or born(int(pid)) != stamp:
            _clear(left)


def _clear(folder: Path) -> None:
    Servers.within(folder, free_ports()).stop()
    forget_home(folder / "postgres")
    forget_home(folder)
