"""gunicorn for a web process: threads, everything opened after the fork, its own admin port, a clean end on SIGTERM."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from prometheus_client import multiprocess

from common.env import BadSettings
from common.patience import PatientWorker
from common.process import settle
from common.telemetry import SUMMED, AdminServer, Ready


class _Server(BaseApplication):  # type: ignore[misc]  # the library is untyped
    def __init__(self, build: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._build, self._options = build, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called in each worker after the fork: the pools made here belong to that process alone."""
        app = self._build()
        settle()
        return app


def serve(
    build: Callable[[], Flask],
    ready: Ready,
    *,
    host: str,
    port: int,
    admin_port: int | None,
    workers: int = 1,
    threads: int = 8,
    shared: bool = False,
) -> None:
    """Serves the app that `build` makes in each worker until SIGTERM; `ready` answers None or what is wrong.

    Several workers share one admin port in the parent; they need PROMETHEUS_MULTIPROC_DIR, an empty folder, to sum up.
    With `shared` further processes on this machine may listen on the same port; the kernel shares out connections.
    """

    def admin(process: Any) -> None:
        AdminServer(admin_port, ready).__enter__()

    def worker_exit(server: Any, worker: Any) -> None:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library leaves it unannotated

    hooks = {"when_ready": admin, "child_exit": worker_exit} if SUMMED else {"post_worker_init": admin}
    if workers > 1 and not SUMMED:
        raise BadSettings("WEB_WORKERS above 1 needs PROMETHEUS_MULTIPROC_DIR, an empty folder for the metrics")
    options = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "reuse_port": shared,
        "threads": threads,
        "worker_class": PatientWorker,
        "graceful_timeout": 8,
        "timeout": 60,
        "keepalive": 15,
        "control_socket_disable": True,
        "loglevel": "warning",
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108  # heartbeats off the disk
    }
    settle()
    _Server(build, options | hooks).run()
