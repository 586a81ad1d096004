"""Refresh tokens are good once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from psycopg import RawCursor
from werkzeug.test import TestResponse

from common.clock import now
from identity.store import sessions
from tests.integration.identity.town import Town, bearer, code_of, json_of


@pytest.fixture
def tokens(town: Town) -> Any:
    """The tokens of a resident."""
    town.resident("aigul", town.account("100"))
    return json_of(town.signs_in("aigul"))


def refresh(town: Town, token: str) -> TestResponse:
    """One refresh."""
    return town.call("POST", "/v1/sessions/refresh", {"refresh_token": token})


def later(town: Town, seconds: int) -> None:
    """Moves what was spent into the past."""
    with town.desk.pool.connection() as conn:
        conn.execute("UPDATE refresh_tokens SET used_at = used_at - make_interval(secs => %s)", (seconds,))


def test_each_refresh_gives_a_new_pair(town: Town, tokens: Any) -> None:
    """The session stays the same."""
    first = json_of(refresh(town, tokens["refresh_token"]))
    second = json_of(refresh(town, first["refresh_token"]))
    assert len({tokens["refresh_token"], first["refresh_token"], second["refresh_token"]}) == 3
    assert town.call("GET", "/v1/me", **bearer(second)).status_code == 200
    listed = json_of(town.call("GET", "/v1/sessions", **bearer(second)))["sessions"]
    assert len(listed) == 2


def test_a_refresh_writes_no_index_of_sessions(town: Town, tokens: Any) -> None:
    """The row of the session changes in place (HOT), however often its owner refreshes."""
    given = [sessions.hash_of(tokens["refresh_token"]), sessions.hash_of("next"), now(), now() + timedelta(days=1)]
    with town.desk.pool.connection() as conn, conn.transaction():
        assert RawCursor(conn).execute(sessions._RENEW, given).fetchone() is not None
        count = "SELECT pg_stat_get_xact_tuples_hot_updated(%s::regclass)"
        assert conn.execute(count, ("sessions",)).fetchone() == (1,)
        assert conn.execute(count, ("refresh_tokens",)).fetchone() == (1,)


def test_a_stolen_token_ends_the_family(town: Town, tokens: Any) -> None:
    """A spent token comes again: nobody knows who is the thief, so both are out, and the list shows it."""
    fresh = json_of(refresh(town, tokens["refresh_token"]))
    json_of(refresh(town, fresh["refresh_token"]))
    assert code_of(refresh(town, tokens["refresh_token"])) == "session-ended"
    assert code_of(refresh(town, fresh["refresh_token"])) == "session-ended"
    assert town.call("GET", "/v1/me", **bearer(fresh)).status_code == 401
    assert town.rows("SELECT count(*) FROM activity WHERE kind = 'refresh-reused'") == [(1,)]


def test_one_quick_retry_is_taken_for_a_lost_answer(town: Town, tokens: Any) -> None:
    """Within ten seconds, once; the successor that was lost is good no more."""
    lost = json_of(refresh(town, tokens["refresh_token"]))
    again = refresh(town, tokens["refresh_token"])
    assert again.status_code == 200
    assert refresh(town, json_of(again)["refresh_token"]).status_code == 200
    assert refresh(town, lost["refresh_token"]).status_code == 401


def test_a_second_retry_ends_the_family(town: Town, tokens: Any) -> None:
    """Once means once."""
    assert [refresh(town, tokens["refresh_token"]).status_code for _ in range(3)] == [200, 200, 401]


def test_a_late_retry_ends_the_family(town: Town, tokens: Any) -> None:
    """After ten seconds it is a reuse."""
    fresh = json_of(refresh(town, tokens["refresh_token"]))
    later(town, 11)
    assert refresh(town, tokens["refresh_token"]).status_code == 401
    assert refresh(town, fresh["refresh_token"]).status_code == 401


def test_parallel_refreshes_leave_one_line_or_none(town: Town, tokens: Any) -> None:
    """Two at once: at most one of the new tokens goes on living."""
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: refresh(town, tokens["refresh_token"]), range(2)))
    alive = town.rows(
        "SELECT count(*) FROM refresh_tokens JOIN sessions ON id = session"
        " WHERE refresh_tokens.used_at IS NULL AND ended_at IS NULL AND session IN (SELECT session FROM refresh_tokens"
        " GROUP BY session HAVING count(*) > 1)"
    )
    assert 200 in [answer.status_code for answer in both]
    assert alive[0][0] <= 1


def test_a_made_up_token_is_refused(town: Town) -> None:
    """Like one that ended."""
    for token in ("", "x", "🙂", "'; DROP TABLE sessions; --"):
        assert code_of(refresh(town, token)) == "session-ended"
