"""What a lost broker or database needs of identity: say everything once more, take back what only a topic has."""

from collections.abc import Callable, Sequence

from common.clock import now as clock
from common.restore import bringing_back, let_drain
from common.streams import Record
from identity import events
from identity.handlers import rebuilding
from identity.handlers.desk import Desk
from identity.store import acts, keys, reading, users
from identity.store.acts import By

Step = Callable[[int, int], None]
_PAGE = 500


def republish(desk: Desk, by: By, step: Step) -> int:
    """All events of all users, and the keys; returns how many users."""
    after, sent = "", 0
    with desk.pool.connection() as conn:
        acts.add(conn, by, "republish", clock())
        keys.publish_all(conn, desk.config.topic_prefix + events.KEYS)
    while True:
        with desk.pool.connection() as conn:
            page = reading.stream_ids(conn, after, _PAGE)
            users.publish_again(conn, desk.users_topic, page)
        if not page:
            return sent
        sent, after = sent + len(page), page[-1]
        step(len(page), sent)
        with desk.pool.connection() as conn:
            let_drain(conn)


def bring_back(desk: Desk, by: By, lost: Sequence[Record], step: Step) -> int:
    """Stores events that only the topic has, and what follows from them; returns how many.

    Name and password of a person stand in no event: who registered in what was lost registers once more.
    """
    for user_id in sorted({record.key for record in lost}):
        own = sorted((r for r in lost if r.key == user_id), key=lambda r: r.sequence)
        with desk.pool.connection() as conn:
            bringing_back(conn)
            users.store_again(conn, desk.users_topic, own)
            rebuilding.mend(conn, user_id)
        step(len(own), len(lost))
    with desk.pool.connection() as conn:
        acts.add(conn, by, "bring-back", clock())
    return len(lost)
