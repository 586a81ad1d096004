"""Many at once: no deadlock reaches anyone, nothing passes anything, each fact is taken once."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import psycopg

from tests.integration.provider_sync.town import Town, charge, ndjson, opened, payment


def test_two_files_over_the_same_accounts_in_opposite_orders(town: Town) -> None:
    """Locks are taken in one order, whatever the order of the rows."""
    accounts = [str(number) for number in range(100, 120)]
    bodies = [
        ndjson(*(charge(f"{name}-{n}-{a}", a) for n in range(6) for a in order))
        for name, order in (("up", accounts), ("down", accounts[::-1]))
    ]
    idents = [town.send("almaty-heat", body) for body in bodies]
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda _: town.loader(40).next(Event()), idents))
    found = [town.upload("almaty-heat", ident) for ident in idents]
    assert [(u.state, u.accepted, u.retry, u.rejected) for u in found] == [("done", 120, 0, 0)] * 2
    assert_no_gaps(town)


def assert_no_gaps(town: Town) -> None:
    """Each stream's versions are 1..n, and the head is n."""
    wrong = town.rows(
        "SELECT n.number, n.version, count(e.version), max(e.version) FROM numbers n"
        " LEFT JOIN events e ON e.stream_id = n.number WHERE NOT n.alias GROUP BY n.number"
        " HAVING n.version <> count(e.version) OR n.version <> coalesce(max(e.version), 0)"
    )
    assert wrong == []


def test_a_hundred_identical_facts_at_once_are_one_event(town: Town) -> None:
    """P8: one is accepted, the others get its answer."""
    start = Barrier(10)

    def say(_: int) -> list[str]:
        start.wait()
        return [town.say("almaty-heat", charge("same"))[0].status for _ in range(10)]

    with ThreadPoolExecutor(10) as pool:
        statuses = [status for found in pool.map(say, range(10)) for status in found]
    assert sorted(statuses) == ["accepted"] + ["duplicate"] * 99
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%charge%%'") == 1


def test_the_same_reference_for_two_accounts_at_once_is_taken_once(town: Town) -> None:
    """No stream lock is shared, so the reference itself decides."""
    start = Barrier(8)

    def say(number: int) -> str:
        start.wait()
        return town.say("almaty-heat", charge("same", str(100 + number)))[0].status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(say, range(8)))
    assert sorted(statuses) == ["accepted"] + ["conflict"] * 7


def test_opening_and_queueing_cannot_pass_each_other(town: Town) -> None:
    """Whoever comes first, every payment ends in the stream exactly once."""
    numbers = [str(number) for number in range(500, 520)]
    start = Barrier(4)

    def pay(name: int) -> None:
        start.wait()
        for number in random.Random(name).sample(numbers, len(numbers)):
            town.say("halyk-bank", payment(f"p-{name}-{number}", number))

    def open_all() -> None:
        start.wait()
        for number in numbers:
            town.say("centre", opened(number))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(open_all)] + [pool.submit(pay, name) for name in range(3)]:
            done.result()
    assert town.one("SELECT count(*) FROM unmatched WHERE matched_at IS NULL") == 0
    assert town.one("SELECT count(*) FROM events WHERE type LIKE '%%payment%%'") == 60
    assert town.one("SELECT count(*) FROM said WHERE version IS NULL") == 0
    assert_no_gaps(town)


def test_only_the_locked_account_answers_retry(town: Town) -> None:
    """Its neighbours are taken; sent again later, it is taken too."""
    rows = [charge(f"c{number}", str(number)) for number in range(100, 108)]
    with psycopg.connect(town.url) as holder:
        holder.execute("SELECT FROM numbers WHERE number = '103' FOR UPDATE")
        outcomes = impatient(town).say("almaty-heat", *rows)
    assert [o.status for o in outcomes] == ["accepted"] * 3 + ["retry"] + ["accepted"] * 4
    assert outcomes[3].refusal is not None
    assert outcomes[3].refusal.code == "account-locked"
    again = town.say("almaty-heat", *rows)
    assert [o.status for o in again] == ["duplicate"] * 3 + ["accepted"] + ["duplicate"] * 4


def impatient(town: Town) -> Town:
    """The same town, whose connections wait for locks only shortly."""
    for conn in [town.base.pool.getconn() for _ in range(town.base.pool.max_size)]:
        conn.autocommit = True
        conn.execute("SET lock_timeout = '100ms'")
        conn.autocommit = False
        town.base.pool.putconn(conn)
    return town
