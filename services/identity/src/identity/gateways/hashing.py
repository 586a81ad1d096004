"""Passwords: argon2id with OWASP's second parameters, no more at once than the machine has cores for."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from identity.errors import Busy

_OWASP = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Hasher:
    """`concurrent` hashes at a time need 19 MiB each; who waits longer than three seconds is told to come back."""

    def __init__(self, concurrent: int, patience_s: float = 3.0, argon2: PasswordHasher = _OWASP) -> None:
        self._argon2 = argon2
        self._slots, self._patience_s = BoundedSemaphore(concurrent), patience_s
        self._nobody = self._argon2.hash("nobody has this password")
        self._strong = _parameters(self._nobody)

    def hash(self, password: str) -> str:
        """The hash to store; raises Busy."""
        self._enter()
        try:
            return self._argon2.hash(password)
        finally:
            self._slots.release()

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is right; without a stored hash the same work leads to no. Raises Busy."""
        self._enter()
        try:
            return self._argon2.verify(stored or self._nobody, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._slots.release()

    def is_weak(self, stored: str) -> bool:
        """Whether it was made with older parameters."""
        return _parameters(stored) != self._strong

    def _enter(self) -> None:
        if not self._slots.acquire(timeout=self._patience_s):
            raise Busy


def _parameters(stored: str) -> tuple[str, int]:
    """What stands before salt and hash, and how long all is: each of argon2's parameters shows in one of the two."""
    return stored.rsplit("$", 2)[0], len(stored)
