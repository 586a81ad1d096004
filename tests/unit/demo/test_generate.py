"""The generator writes the same city for the same seed, and a city that adds up."""

import json
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.city.generate import generate
from demo.oracle import Close, Said
from demo.records import rows_of

SMALL = 60
QUANTITY = re.compile(r"-?\d{1,9}(\.\d{1,6})?")
AMOUNT = re.compile(r"-?\d{1,10}\.\d{2}")
AMOUNTS = {"amount", "debt"}
QUANTITIES = {"volume", "tariff", "value", "area_total", "area_heated", "reading_previous", "reading_current"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city on disk."""
    folder = tmp_path_factory.mktemp("city")
    generate(SMALL, 2026, folder)
    return folder


@pytest.fixture(scope="module")
def rows(city: Path) -> list[Said]:
    """All rows in the manifest's order."""
    manifest = json.loads((city / "manifest.json").read_text("utf-8"))
    return [Said(e["sender"], row) for e in manifest["files"] for _, row in rows_of(city / e["file"], e["format"])]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _of(rows: list[Said], *kinds: str) -> list[dict[str, Any]]:
    return [said.row for said in rows if said.row["kind"] in kinds]


def test_the_same_seed_writes_the_same_bytes(city: Path, tmp_path: Path) -> None:
    """Names, numbers, order: nothing depends on the run."""
    generate(SMALL, 2026, tmp_path)
    assert _bytes(tmp_path) == _bytes(city)


def test_another_seed_writes_another_city(city: Path, tmp_path: Path) -> None:
    """The seed reaches the charges and the holders."""
    generate(SMALL, 2027, tmp_path)
    ours, theirs = _bytes(city), _bytes(tmp_path)
    assert ours["2026-08/almaty-heat.ndjson"] != theirs["2026-08/almaty-heat.ndjson"]
    assert ours["2026-07/centre-holders.csv"] != theirs["2026-07/centre-holders.csv"]


def test_a_larger_city_begins_with_the_smaller_one(city: Path, tmp_path: Path) -> None:
    """So that grandmother's flat is the same flat in both."""
    manifest = generate(SMALL + 40, 2026, tmp_path)
    small = json.loads((city / "manifest.json").read_text("utf-8"))
    assert manifest["grandmother"]["account"] == small["grandmother"]["account"]
    assert manifest["residents"] == small["residents"]


def test_control_totals_are_those_of_the_rows(city: Path) -> None:
    """Count and sum of each file, recounted from its text; an NDJSON says them in its first line."""
    manifest = json.loads((city / "manifest.json").read_text("utf-8"))
    for entry in manifest["files"]:
        found = [row for _, row in rows_of(city / entry["file"], entry["format"])]
        total = sum((Decimal(row.get("amount", "0")) for row in found), Decimal("0.00"))
        assert (entry["count"], entry["sum"]) == (len(found), str(total)), entry["file"]
        if entry["format"] == "ndjson":
            first = json.loads((city / entry["file"]).read_text("utf-8").partition("\n")[0])
            assert first == {"kind": "header", "batch": entry["batch"], "count": len(found), "sum": str(total)}


def test_a_charge_is_volume_times_tariff(rows: list[Said]) -> None:
    """Rounded to the tiyn, halves away from zero; tiers add up to the charge."""
    checked = Counter[str]()
    for row in _of(rows, "charge.posted"):
        parts = row.get("tiers") or [{"volume": row["volume"], "price": row["tariff"], "amount": row["amount"]}]
        for part in parts:
            exact = Decimal(part["volume"]) * Decimal(part["price"])
            wrong_on_purpose = abs(exact.quantize(Decimal("0.01"), ROUND_HALF_UP) - Decimal(part["amount"]))
            assert wrong_on_purpose <= Decimal("0.01"), row
        assert sum((Decimal(part["amount"]) for part in parts), Decimal(0)) == Decimal(row["amount"])
        checked["tiers" if "tiers" in row else row["basis"]] += 1
    assert set(checked) == {"tiers", "meter", "norm", "area", "people", "fixed", "estimate"}


def test_readings_give_the_volume_also_when_a_meter_rolls_over(rows: list[Said]) -> None:
    """Current less previous reading, on a dial of as many digits as the meter has."""
    digits = {"electricity": 6}
    rolled = 0
    for row in _of(rows, "charge.posted"):
        if "reading_previous" not in row:
            continue
        previous, current = Decimal(row["reading_previous"]), Decimal(row["reading_current"])
        rolled += current < previous
        turn = 10 ** digits.get(row["service"], 5) if current < previous else 0
        assert current - previous + turn == Decimal(row["volume"]), row
    assert rolled > 0


def test_a_split_adds_up_to_its_payment(rows: list[Said]) -> None:
    """Both ways of paying occur."""
    split = [row for row in _of(rows, "payment.received") if "split" in row]
    assert 0 < len(split) < len(_of(rows, "payment.received"))
    for row in split:
        assert sum((Decimal(part["amount"]) for part in row["split"]), Decimal(0)) == Decimal(row["amount"])


def test_a_correction_names_a_fact_that_was_sent_before(rows: list[Said]) -> None:
    """Of the same sender and the same account."""
    said: dict[tuple[str, str], str] = {}
    for sender, row in rows:
        named = row.get("corrects") or row.get("reverses")
        if named:
            assert said[sender, named["reference"]] == row["account"]
        said[sender, row["reference"]] = row.get("account", "")


def test_a_reference_is_used_once_but_for_the_row_a_bank_sends_twice(rows: list[Said]) -> None:
    """One repeated row a month, word for word."""
    times = Counter((said.sender, said.row["reference"]) for said in rows)
    repeated = {key for key, count in times.items() if count > 1}
    assert {sender for sender, _ in repeated} == {"bank-tengri"}
    assert len(repeated) == 3


def test_every_kind_of_fact_occurs_even_in_a_small_city(rows: list[Said]) -> None:
    """What a settlement centre meets: each kind at least once."""
    expected = {
        "account.opened", "account.closed", "account.renumbered", "account.residents-changed", "account.area-changed",
        "account.holder-changed", "service.connected", "meter.installed", "meter.removed", "meter.replacement-planned",
        "meter.read", "charge.posted", "charge.adjusted", "charge.reversed", "benefit.granted", "benefit.reversed",
        "penalty.accrued", "penalty.reversed", "payment.received", "payment.reversed", "balance.carried-in", "holder",
        "directory.provider", "directory.service", "directory.tariff", "directory.building",
    }  # fmt: skip
    assert {said.row["kind"] for said in rows} == expected
    assert len({row["service"] for row in _of(rows, "charge.posted")}) == 13


def test_heating_is_billed_a_month_after_its_service_period(rows: list[Said]) -> None:
    """October's bill asks for September's heat."""
    october = [row for row in _of(rows, "charge.posted") if (row["service"], row["period"]) == ("heating", "2026-10")]
    assert october
    assert {(row["from"], row["to"]) for row in october} == {("2026-09-01", "2026-09-30")}


def test_one_account_has_no_money_at_all(city: Path, rows: list[Said]) -> None:
    """Opened, and nothing else."""
    empty = json.loads((city / "manifest.json").read_text("utf-8"))["empty"]
    assert {said.row["kind"] for said in rows if said.row.get("account") == empty} == {"account.opened", "holder"}


def test_all_kazakh_letters_occur_in_names_and_addresses(rows: list[Said]) -> None:
    """Nine letters that Russian does not have."""
    text = "".join(row["name"] + row["address_kk"] for row in _of(rows, "holder"))
    assert set("әғқңөұүһі") - set(text.lower()) <= {"һ"}
    assert max(len(row["name"]) for row in _of(rows, "holder")) > 60


def test_numbers_have_the_shape_of_the_contract(rows: list[Said]) -> None:
    """Plain decimals, never an exponent; two digits of tiyn."""
    for said in rows:
        for name, value in said.row.items():
            if name in AMOUNTS:
                assert AMOUNT.fullmatch(value), said.row
            if name in QUANTITIES:
                assert QUANTITY.fullmatch(value), said.row


def test_months_are_closed_in_order_and_the_last_one_stays_open(city: Path) -> None:
    """July before the first account, August and September after their files."""
    manifest = json.loads((city / "manifest.json").read_text("utf-8"))
    closes = [Close(e["then_close"]) for e in manifest["files"] if e.get("then_close")]
    assert closes == [Close("2026-07"), Close("2026-08"), Close("2026-09")]
    assert manifest["files"][0]["then_close"] == "2026-07"
