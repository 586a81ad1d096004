"""Identity's own processes, started as they run in production."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from identity.config import Config
from tests.support import waiting

_STARTED_WITHIN_S = 90.0


@contextmanager
def running(command: str, config: Config, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m identity <command>` with the settings of `config`; ended by SIGTERM, which must end it cleanly."""
    process = start(command, config, None, **more)
    try:
        yield process
    finally:
        killed = process.poll() is not None
        process.terminate()
        code = process.wait(30)
    assert killed or code == 0, f"{command} ended with {code}"


def start(command: str, config: Config, out: IO[bytes] | None = None, **more: str) -> subprocess.Popen[bytes]:
    """The process alone, its log going to `out`; whoever starts it ends it."""
    settings = {
        "DATABASE_URL": config.database_url,
        "KAFKA_BOOTSTRAP_SERVERS": config.kafka_bootstrap_servers,
        "IDENTITY_KEY_SECRET": config.identity_key_secret,
        "TOPIC_PREFIX": config.topic_prefix,
        "SMTP_PORT": str(config.smtp_port),
        "MAIL_LEASE_S": str(config.mail_lease_s),
    }
    words = [sys.executable, "-m", "identity", *command.split()]
    return subprocess.Popen(words, env=os.environ | settings | more, stdout=out, stderr=out)


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a power cut would."""
    process.send_signal(signal.SIGKILL)
    process.wait(15)


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for what a process does, its start on a busy machine included."""
    waiting.until(condition, what, _STARTED_WITHIN_S)
