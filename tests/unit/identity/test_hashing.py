"""Passwords at rest, and how many are hashed at once."""

import threading

import pytest

from identity.errors import Busy
from identity.gateways.hashing import Hasher


def test_a_password_matches_its_own_hash_only() -> None:
    """argon2id with two passes over 19 MiB, salted."""
    hasher = Hasher(1)
    one, other = hasher.hash("correct horse"), hasher.hash("correct horse")
    assert one != other
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.matches(one, "correct horse")
    assert not hasher.matches(one, "wrong horse")


def test_nobodys_password_is_always_wrong() -> None:
    """Without a stored hash the work is done all the same and leads to no."""
    assert not Hasher(1).matches(None, "nobody has this password")


def test_a_burst_waits_its_turn_and_is_sent_away_when_it_lasts() -> None:
    """No more hashes at once than slots: memory and processors are not piled up on."""
    hasher = Hasher(1, patience_s=0.05)
    stored = hasher.hash("correct horse")
    inside, leave = threading.Event(), threading.Event()

    def occupy() -> None:
        with hasher._slots:
            inside.set()
            leave.wait(10)

    holder = threading.Thread(target=occupy)
    holder.start()
    inside.wait(10)
    with pytest.raises(Busy):
        hasher.matches(stored, "correct horse")
    leave.set()
    holder.join()
    assert hasher.matches(stored, "correct horse")
