"""Refresh tokens are good once."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from psycopg import RawCursor
from werkzeug.test import TestResponse

from common.clock import now
from common.postgres import connect
from identity.api.sessions import REFRESH
from identity.gateways.refreshing import Held, RefreshTokens
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
        conn.execute("UPDATE sessions SET used_at = used_at - make_interval(secs => %s)", (seconds,))


def test_each_refresh_gives_a_new_pair(town: Town, tokens: Any) -> None:
    """The session stays the same."""
    first = json_of(refresh(town, tokens["refresh_token"]))
    second = json_of(refresh(town, first["refresh_token"]))
    assert len({tokens["refresh_token"], first["refresh_token"], second["refresh_token"]}) == 3
    assert town.call("GET", "/v1/me", **bearer(second)).status_code == 200
    listed = json_of(town.call("GET", "/v1/sessions", **bearer(second)))["sessions"]
    assert len(listed) == 2


def test_a_refresh_changes_one_row_in_its_place(town: Town, tokens: Any) -> None:
    """HOT: no index is written, and no row is left behind, however often the owner refreshes."""
    held = town.desk.refresh_tokens.read(tokens["refresh_token"])
    assert held is not None
    at = now().isoformat()
    with connect(town.desk.config.database_url, "test-refresh") as conn:
        given = [str(held.session), str(held.generation), at, at, at]
        assert RawCursor(conn).execute(sessions._RENEW, given).fetchone() is not None
        changed = "SELECT relname, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd > 0"
        assert conn.execute(changed).fetchall() == [("sessions", 1)]


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
    given = [json_of(answer)["refresh_token"] for answer in both if answer.status_code == 200]
    assert given
    later(town, 11)  # else the older of the two passes for a retry of the newer
    alive = [token for token in given if refresh(town, token).status_code == 200]
    assert len(alive) <= 1


def test_a_made_up_token_is_refused(town: Town, tokens: Any) -> None:
    """Like one that ended; and it ends nobody's session, even when it names one."""
    held = town.desk.refresh_tokens.read(tokens["refresh_token"])
    assert held is not None
    forged = [RefreshTokens("another secret").make(Held(held.session, number)) for number in (0, 1, 2)]
    cut = tokens["refresh_token"][:-1] + ("A" if tokens["refresh_token"][-1] != "A" else "B")
    for token in ("", "x", "🙂", "'; DROP TABLE sessions; --", "A" * 72, cut, *forged):
        assert code_of(refresh(town, token)) == "session-ended"
    assert refresh(town, tokens["refresh_token"]).status_code == 200


def test_a_token_to_come_ends_the_session_and_blames_nobody(town: Town, tokens: Any) -> None:
    """After a restore clients hold newer tokens than the row counts: who has an older one shall not go on with it."""
    held = town.desk.refresh_tokens.read(tokens["refresh_token"])
    assert held is not None
    newer = town.desk.refresh_tokens.make(held._replace(generation=held.generation + 3))
    assert code_of(refresh(town, newer)) == "session-ended"
    assert town.rows("SELECT count(*) FROM activity WHERE kind = 'refresh-reused'") == [(0,)]
    assert refresh(town, tokens["refresh_token"]).status_code == 401


def test_a_second_use_after_a_retry_was_used_ends_the_family(town: Town, tokens: Any) -> None:
    """A retry is for who got no answer: once its token was used, the spent one is a reuse however quick it comes."""
    retried = json_of(refresh(town, tokens["refresh_token"]))
    used = json_of(refresh(town, retried["refresh_token"]))
    assert refresh(town, tokens["refresh_token"]).status_code == 401
    assert refresh(town, used["refresh_token"]).status_code == 401


def test_the_short_way_answers_like_the_whole(town: Town, tokens: Any) -> None:
    """A plain refresh is answered before Flask; one that says its charset in capitals is not, and nobody sees which."""

    def asked(kind: str, token: str) -> TestResponse:
        body = json.dumps({"refresh_token": token})
        with town.app.test_client() as client:
            return client.post(REFRESH, data=body, content_type=kind, headers={"X-Request-Id": "the-same-one"})

    short = asked("application/json", tokens["refresh_token"])
    whole = asked("application/json; charset=UTF-8", json_of(short)["refresh_token"])
    assert [short.status, sorted(short.headers), set(json_of(short))] == [
        whole.status,
        sorted(whole.headers),
        set(json_of(whole)),
    ]
    refused = [asked(kind, "x") for kind in ("application/json", "application/json; charset=UTF-8")]
    assert len({(answer.status, str(sorted(answer.headers)), answer.data) for answer in refused}) == 1
