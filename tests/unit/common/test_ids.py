"""Identifiers are unique and in the order of time, in threads and after a fork."""

import os
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from common.ids import uuid7_texts


def test_ids_of_many_threads_are_valid_and_differ() -> None:
    """Few and many at a time."""
    with ThreadPoolExecutor(4) as pool:
        made = [text for texts in pool.map(uuid7_texts, [1, 7, 100, 3000] * 200) for text in texts]
    assert len(set(made)) == len(made) == 200 * 3108
    assert {UUID(text).version for text in made[:1000]} == {7}
    assert {UUID(text).variant for text in made[:1000]} == {"specified in RFC 4122"}


def test_a_forked_process_makes_ids_of_its_own() -> None:
    """What was read ahead before the fork is not used twice."""
    uuid7_texts(1)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, uuid7_texts(1)[0].encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 36).decode()
    for end in (reading, writing):
        os.close(end)
    assert theirs.split("-", 2)[2] != uuid7_texts(1)[0].split("-", 2)[2]
