"""The queue of messages: Celery on Redis. A message may be lost or come twice."""

from typing import Protocol

from celery import Celery

RENDER, DRAIN = "receipts.render", "receipts.drain"
INTERACTIVE, BULK = "interactive", "bulk"
_RECYCLE_ABOVE_KB = 400_000


class Queue(Protocol):
    """Says to the workers that there is something to do."""

    def render(self, code: str) -> None:
        """A resident waits for this document."""

    def drain(self) -> None:
        """Bulk documents wait."""


def make_celery(redis_url: str, limit_s: int) -> Celery:
    """The Celery app; nothing it holds matters, every message can be lost or come twice."""
    app = Celery("receipts", broker=redis_url)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_soft_time_limit=max(1, limit_s * 2 // 3),
        task_time_limit=limit_s,
        task_default_queue=INTERACTIVE,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        # A child reads the fonts before it says that it is there, which four seconds are too few for on a busy machine.
        worker_proc_alive_timeout=60.0,
        worker_max_tasks_per_child=100,
        worker_max_memory_per_child=_RECYCLE_ABOVE_KB,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # "priority" reads the queues in the order named: a waiting resident before the bulk.
        broker_transport_options={
            "visibility_timeout": 120,
            "queue_order_strategy": "priority",
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
        },
    )
    return app


class CeleryQueueOut:
    """Sends messages to the workers."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def render(self, code: str) -> None:
        """A resident waits for this document."""
        self._app.send_task(RENDER, args=[code], queue=INTERACTIVE)

    def drain(self) -> None:
        """Bulk documents wait."""
        self._app.send_task(DRAIN, queue=BULK)
