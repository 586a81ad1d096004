"""The rows of an upload that were held, as their sender may ask for them."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from provider_sync.handlers import held
from tests.integration.provider_sync.town import ASEL, Town, charge, ndjson


@pytest.fixture
def town(town: Town) -> Town:
    """Ten accounts were charged 10,000 ₸ in August and September."""
    for month in ("2026-08", "2026-09"):
        rows = [charge(f"{month}-{n}", str(n), period=month, amount="10000.00") for n in range(100, 110)]
        assert {o.status for o in town.say("almaty-heat", *rows)} == {"accepted"}
    return town


def listed(http: FlaskClient, town: Town, sender: str, upload: object) -> tuple[int, list[dict[str, Any]]]:
    """Status and rows."""
    headers = {"Authorization": f"Bearer {town.keys[sender].bearer}", "Accept-Language": "en"}
    answer = http.get(f"/v1/uploads/{upload}/held", headers=headers)
    return answer.status_code, [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]


def test_a_sender_sees_which_rows_wait_and_what_became_of_them(http: FlaskClient, town: Town) -> None:
    """Each with the rule in words, and with the reason once it is refused; nobody else sees them."""
    file = ndjson(charge("x", amount="90000.00"), charge("y", "101"), charge("z", "102", amount="90000.00"))
    upload = town.load("almaty-heat", file)
    assert upload.held == 2
    status, rows = listed(http, town, "almaty-heat", upload.id)
    assert (status, [(row["reference"], row["account"], row["state"], row["reason"]) for row in rows]) == (
        200, [("x", "100", "held", None), ("z", "102", "held", None)],
    )  # fmt: skip
    assert {row["code"] for row in rows} == {"held-far-from-history"}
    assert all(row["detail"] for row in rows)
    first, second = (row["id"] for row in held.listed(town.base, 10, None, "held"))
    held.approve(town.base, [first], ASEL)
    held.refuse(town.base, [second], ASEL)
    _, rows = listed(http, town, "almaty-heat", upload.id)
    assert [(row["state"], row["reason"]) for row in rows] == [("approved", ASEL.why), ("refused", ASEL.why)]
    assert listed(http, town, "almaty-lift", upload.id)[0] == 404
