"""A shift of all ports under which nobody listens yet."""

import os
import socket

PORTS = (15432, 16379, 18025, 18026, *range(18100, 18110), *range(18200, 18270), 19092, 19093)
_LARGEST = 12


def free_shift() -> int:
    """A whole thousand, different for processes that start side by side.

    All ports stay below 32768, where the kernel takes the ports of outgoing connections from.
    """
    first = os.getpid() % _LARGEST
    shifts = [1000 * (1 + (first + step) % _LARGEST) for step in range(_LARGEST)]
    return next(shift for shift in shifts if all(_is_free(port + shift) for port in PORTS))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
