"""Work nobody waits for: mail goes out, what is over is swept."""

import threading
import time

import psycopg
from psycopg_pool import PoolTimeout

from common import logs
from common.telemetry import AdminServer
from identity.gateways.smtp import Postbox
from identity.handlers import post, sweeping
from identity.handlers.desk import Desk

log = logs.get("mail")

_IDLE_S = 0.5
_SWEEP_EVERY_S = 60.0


def run_mail(desk: Desk, stop: threading.Event) -> None:
    """Sends mail and sweeps until told to stop; survives the database and the mail server going away."""
    swept_at = 0.0
    with AdminServer(desk.config.admin_port or None), Postbox(desk.config.smtp_host, desk.config.smtp_port) as postbox:
        while not stop.is_set():
            try:
                busy = post.send_due(desk, postbox.send) > 0
                if time.monotonic() - swept_at > _SWEEP_EVERY_S:
                    sweeping.sweep(desk)
                    swept_at = time.monotonic()
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("mail waits for the database", error=type(error).__name__)
                busy = False
            if not busy:
                stop.wait(_IDLE_S)
