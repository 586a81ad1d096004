"""Dead letters of what is heard: looked at, replayed by the code of today, or dismissed; bytes are never edited."""

from collections.abc import Iterable

import msgspec
import psycopg

from common.envelope import decode
from common.postgres import Connection
from common.streams import Record
from provider_sync import errors
from provider_sync.handlers.base import Act, Base
from provider_sync.handlers.hear import HEARD, hear
from provider_sync.store import keys, letters
from provider_sync.store.letters import Letter


def listed(base: Base, *, closed: bool, limit: int) -> list[Letter]:
    """Open dead letters, or all of them."""
    with base.pool.connection() as conn:
        return letters.listed(conn, closed=closed, limit=limit)


def show(base: Base, place: str) -> Letter:
    """One, by `<topic>/<partition>/<offset>`; raises NotFound."""
    with base.pool.connection() as conn:
        return _find(conn, place)


def replay(base: Base, by: Act, places: Iterable[str]) -> dict[str, str | None]:
    """Hears letters as if they came now; each place → why it still cannot be heard, None when it was.

    Raises NotFound, LetterClosed.
    """
    return {place: _replay(base, by, place) for place in places}


def _replay(base: Base, by: Act, place: str) -> str | None:
    try:
        with base.pool.connection() as conn:
            letter = _open(conn, place)
            hear(conn, [_record(letter)])
            letters.replayed(conn, letter)
            keys.audit(conn, by.who, "dead-letters.replay", place, {}, by.why)
    except (msgspec.MsgspecError, ValueError, psycopg.DataError, psycopg.IntegrityError) as error:
        return f"{type(error).__name__}: {error}"[:300]
    return None


def dismiss(base: Base, by: Act, places: Iterable[str]) -> int:
    """Decides that letters are never heard; returns how many. Raises NotFound, LetterClosed, ReasonMissing."""
    if not by.why.strip():
        raise errors.ReasonMissing(limit=500)
    with base.pool.connection() as conn:
        found = [(_open(conn, place), place) for place in places]
        for letter, place in found:
            letters.dismissed(conn, letter, f"{by.who}: {by.why}")
            keys.audit(conn, by.who, "dead-letters.dismiss", place, {}, by.why)
    return len(found)


def every_open(base: Base) -> list[str]:
    """The places of all open ones."""
    return [place_of(letter) for letter in listed(base, closed=False, limit=100_000)]


def place_of(letter: Letter) -> str:
    """How a letter is named."""
    return f"{letter.topic}/{letter.partition}/{letter.offset}"


def _open(conn: Connection, place: str) -> Letter:
    letter = _find(conn, place)
    if letter.state != "open":
        raise errors.LetterClosed(place=place, state=letter.state)
    return letter


def _find(conn: Connection, place: str) -> Letter:
    topic, _, rest = place.partition("/")
    partition, _, offset = rest.partition("/")
    letter = None
    if partition.isdigit() and offset.isdigit():
        letter = letters.find(conn, topic, int(partition), int(offset))
    if letter is None:
        raise errors.NotFound
    return letter


def _record(letter: Letter) -> Record:
    """The record as the consumer would hand it over; raises what it would raise."""
    if letter.value is None:
        raise ValueError("a record without a value")
    envelope = decode(bytes(letter.value))
    if envelope.type not in HEARD:
        raise ValueError(f"unknown type {envelope.type}")
    place = (letter.topic, letter.partition, letter.offset)
    return Record(*place, letter.key or "", envelope.type, letter.value, envelope)
