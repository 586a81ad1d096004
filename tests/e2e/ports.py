"""A shift of all ports under which nobody listens yet."""

import os
import socket

PROBED = (15432, 16379, 18101, 18201, 19092)


def free_shift() -> int:
    """A whole thousand, different for processes that start side by side."""
    first = os.getpid() % 20
    shifts = [10_000 + 1000 * ((first + step) % 20) for step in range(20)]
    return next(shift for shift in shifts if all(_is_free(port + shift) for port in PROBED))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
