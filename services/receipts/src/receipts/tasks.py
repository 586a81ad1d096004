"""The Celery door: a message names a document, or says that bulk documents wait; the row decides."""

import resource
from collections.abc import Callable
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from common import logs
from common.process import settle
from receipts.gateways.queue import BULK, DRAIN, INTERACTIVE, RENDER, CeleryQueueOut
from receipts.handlers import rendering
from receipts.handlers.rendering import Workshop

log = logs.get("tasks")

_BULK_TURN_S = 10.0
_MEMORY_CAP_BYTES = 2 << 30


def register(app: Celery, open_workshop: Callable[[], Workshop]) -> None:
    """Gives the app its tasks; the workshop is opened once in each child, after the fork."""
    workshop = cache(open_workshop)

    @app.task(name=RENDER)  # type: ignore[untyped-decorator]  # the library is untyped
    def render(code: str) -> None:
        rendering.render_document(workshop(), code)

    @app.task(name=DRAIN)  # type: ignore[untyped-decorator]  # the library is untyped
    def drain() -> None:
        if rendering.render_bulk(workshop(), _BULK_TURN_S):
            CeleryQueueOut(app).drain()

    def on_child(**_: Any) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_CAP_BYTES, _MEMORY_CAP_BYTES))
        workshop()

    worker_process_init.connect(on_child, weak=False)


def work(app: Celery, processes: int, log_level: str) -> None:
    """Runs a worker until SIGTERM; it finishes what it has begun."""
    setup_logging.connect(_logs_stay, weak=False)
    settle()
    options = ["--without-gossip", "--without-mingle", "--without-heartbeat", f"--loglevel={log_level}"]
    app.worker_main(["--quiet", "worker", f"--concurrency={processes}", f"--queues={INTERACTIVE},{BULK}", *options])


def _logs_stay(**_: Any) -> None:
    """Whoever hears this signal keeps Celery from setting up lines of its own beside ours."""
