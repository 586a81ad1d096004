"""Real servers for every test that asks for one: a database of its own, topics of its own."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import hypothesis
import pytest
import redis

from native.paths import ROOT
from tests.support import databases, leaks
from tests.support.servers import Addresses, addresses, announce_folder, own_folder, started, stop_own

MakeDatabase = Callable[..., str]
MakeTopics = Callable[..., str]
# A busy machine makes and tries its examples slowly, and that is no fault of what is tried.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")
LOGS = pytest.StashKey[list[str]]()
_SAID: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """The process that the user started names the folder; workers find it in their environment."""
    if not hasattr(config, "workerinput"):
        announce_folder()
        # The passwords of the tests' servers are those of the demonstration.
        os.environ["DEMO"] = "yes"


def pytest_unconfigure(config: pytest.Config) -> None:
    """The same process stops the servers, after all workers have ended."""
    if not hasattr(config, "workerinput"):
        stop_own()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Processes without a log of their own say it to the test that started them."""
    # What was said is told again with each part of a test; the last has all of it.
    lines = leaks.of_processes(report.capstdout) if report.when == "teardown" else ""
    _SAID.extend(f"{report.nodeid}: {leak}" for leak in leaks.leaks(lines))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """P20: logs of all services that the tests started, those of workers of this run among them, are searched."""
    if hasattr(session.config, "workerinput"):
        return
    folder = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # no public way
    count, found = leaks.searched([folder])
    found += _SAID
    session.config.stash[LOGS] = [f"P20: {count} logs of services searched, {len(found)} leaks", *found]
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers the tests ran on, and what the logs of services hold that they must not."""
    for line in terminalreporter.config.stash.get(LOGS, []):
        terminalreporter.write_line(line)
    used = started(own_folder())
    if used:
        terminalreporter.write_line(f"servers: {used.source} ({used.postgres}, Kafka {used.kafka}, {used.redis})")


@pytest.fixture(scope="session")
def servers() -> Addresses:
    """Addresses of running PostgreSQL (superuser), Kafka and Redis."""
    return addresses()


@pytest.fixture
def database(servers: Addresses) -> Iterator[MakeDatabase]:
    """Makes a migrated database: `database("ledger")` returns the address for the service's own role."""
    with ExitStack() as made:

        def make(package: str, shared: Sequence[str] | None = None) -> str:
            tables = databases.shared_tables(package) if shared is None else shared
            template = databases.template_of(servers.postgres, package, tables)
            return made.enter_context(databases.copy_of(servers.postgres, template, package))

        yield make


@pytest.fixture
def empty_database(servers: Addresses) -> Iterator[str]:
    """The superuser's address of a database without any table."""
    with databases.copy_of(servers.postgres, "template1", "postgres") as url:
        yield url


@pytest.fixture
def kafka_address(servers: Addresses) -> str:
    """Kafka's address."""
    return servers.kafka


@pytest.fixture
def topic_prefix() -> str:
    """What this test's topics and groups begin with; no other test has the same."""
    return f"t{secrets.token_hex(4)}."


@pytest.fixture
def topics(servers: Addresses, topic_prefix: str) -> Iterator[MakeTopics]:
    """Makes topics of deploy/kafka/topics.yaml under the test's prefix: `topics("identity.users.v1")` returns it."""
    import yaml

    from common import kafka
    from common.topics import create

    known = yaml.safe_load((ROOT / "deploy" / "kafka" / "topics.yaml").read_text())["topics"]
    made: list[str] = []

    def make(*names: str) -> str:
        made.extend(create(servers.kafka, {name: known[name] for name in names or known}, topic_prefix))
        return topic_prefix

    yield make
    if made:
        client = kafka.admin(servers.kafka)
        client.delete_topics(made)
        client.close()


@pytest.fixture
def redis_url(servers: Addresses) -> str:
    """An emptied Redis database that belongs to this worker alone."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    base, _, number = servers.redis.rpartition("/")
    url = f"{base}/{int(number) + int(worker)}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
