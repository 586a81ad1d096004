"""Statements and registers that banks, councils and accounting systems really sent: which must load, and with what.

Each file's payments are counted and summed here by regular expressions, csv and Decimal, without our readers. Nobody
opened the accounts, so the money waits in the queue of unmatched payments: none of it is rejected. Every file has a
bank of its own, for the samples of one project share their message ids.
"""

import csv
import gzip
import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest

from provider_sync.formats.named import format_named
from provider_sync.handlers import access, directory
from provider_sync.store.uploads import Upload
from tests.conftest import MakeDatabase
from tests.integration.provider_sync.town import ASEL, Town, founded, opened, service

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
REGISTER = "leeds-payments"


@dataclass(frozen=True)
class Held:
    """What a file must bring: payments and their sum; rows that come back; bookings that are none of ours."""

    payments: int
    total: Decimal
    back: int = 0
    aside: int = 0


# Files that must load, with the currency of the instance that loads them; all others of the folder are refused whole.
CAMT = {
    "camt053.v2.all-balance-types.xml": "EUR",
    "camt053.v2.minimal.ultimate.xml": "EUR",
    "camt053.v2.minimal.xml": "EUR",
    "camt053.v2.with-account-name.xml": "EUR",
    "camt053.v2.with-party-ids.xml": "EUR",
    "camt053.v4.xml": "EUR",
    "camt053.v8.xml": "EUR",
    "camt054.v2.xml": "SEK",
    "camt054.v4.xml": "SEK",
    "camt054.v8-with-UETR.xml": "SEK",
    "camt054.v8-with-financial-institution.xml": "SEK",
    "camt53.only-Dt-with-DtTm.xml": "RON",
}
CAMT_REFUSED = {
    # A running day comes again, booked, in the day's statement.
    "camt052.v1.xml": "intraday-report",
    "camt052.v2.with-account-name.xml": "intraday-report",
    "camt052.v2.xml": "intraday-report",
    "camt052.v6.Amt-zero.xml": "intraday-report",
    "camt052.v6.xml": "intraday-report",
    "camt052.v8.xml": "intraday-report",
    "camt053.v2.wrong.xml": "unreadable-file",
}
MT940 = {
    "betterplace__sepa_mt9401.sta": "EUR",
    "betterplace__with_binary_character.sta": "EUR",
    "citi__mt940.txt": "USD",
    "jejik__generic.sta": "EUR",
    "jejik__rabobank-iban.sta": "EUR",
    "mBank__mt940.sta": "PLN",
    "sberbank__171011_01234945.sta": "HUF",
    "self-provided__long_statement_number.sta": "TRY",
    "self-provided__transaction_details_wrapped.sta": "EUR",
}
# Bookings that do not lead from the opening to the closing balance, or a closing balance without its currency.
MT940_DIFFER = {
    "betterplace__sepa_snippet_broken.sta",
    "jejik__knab.sta",
    "mBank__with_newline_in_tnr.sta",
    "self-provided__details_60-63.sta",
    "self-provided__multiline.sta",
    "self-provided__overly_long_details.sta",
    "self-provided__raphaelm.sta",
    "self-provided__whitespace.sta",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder of real files."""
    named = os.environ.get("REAL_DATA")
    assert named, "REAL_DATA names no folder: make test-real REAL_DATA=<folder>"
    return Path(named)


@pytest.fixture
def town(database: MakeDatabase, tmp_path: Path, topic_prefix: str) -> Iterator[Town]:
    """An instance where one of the accounts of the 1C statement is open."""
    with founded(database("provider_sync"), tmp_path / "spool", topic_prefix, ["50133547364"]) as made:
        yield made


def sender(town: Town, name: str) -> str:
    """A sender with a key of its own."""
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    directory.add(town.base, ASEL, "provider", slug, {"name_ru": slug, "name_kk": slug})
    town.keys[slug] = access.issue(town.base, ASEL, slug, ["payments"], "test", None)
    return slug


def load(town: Town, who: str, body: bytes, form: str, currency: str = "KZT", batch: str | None = None) -> Upload:
    """A file loaded to its end by an instance in this currency."""
    ident = town.send(who, body, form, batch=batch)
    assert replace(town.loader(8_000), currency=currency).next(Event())
    return town.upload(who, ident)


def prove(town: Town, who: str, upload: Upload, held: Held) -> None:
    """The upload's own words and the tables agree with what was computed here."""
    kept = town.rows(
        "SELECT count(*), coalesce(sum((content::json ->> 'amount')::bigint), 0)::bigint FROM unmatched u"
        " JOIN providers p ON p.no = u.provider WHERE p.id = %s",
        who,
    )[0]
    stored = town.rows(
        "SELECT count(*), coalesce(sum((data::json ->> 'amount')::bigint), 0)::bigint FROM events"
        " WHERE type LIKE '%%payment.received.v1' AND data::json ->> 'provider' = %s",
        who,
    )[0]
    aside = sum(int(p["detail"].split()[0]) for p in upload.problems if p["code"] == "left-aside")
    assert upload.state == "done", upload.problems
    assert (upload.accepted, upload.unmatched) == (stored[0], kept[0])
    assert upload.sum_accepted == stored[1]
    assert Held(stored[0] + kept[0], Decimal(stored[1] + kept[1]) / 100, upload.rejected, aside) == held


def again(town: Town, who: str, body: bytes, form: str, currency: str = "KZT") -> None:
    """The same file once more adds nothing."""
    before = town.rows("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM unmatched)")
    upload = load(town, who, body, form, currency)
    assert upload.accepted + upload.unmatched == 0
    assert town.rows("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM unmatched)") == before


def refused(town: Town, who: str, body: bytes, form: str, currency: str = "KZT") -> list[str]:
    """A file refused whole leaves nothing but the reason."""
    upload = load(town, who, body, form, currency)
    assert upload.state == "refused"
    assert town.one("SELECT count(*) FROM unmatched u JOIN providers p ON p.no = u.provider WHERE p.id = %s", who) == 0
    return [problem["code"] for problem in upload.problems]


def entries(text: str) -> Held:
    """A camt message by regular expressions: credits of booked entries against all others."""
    held = Held(0, Decimal(0))
    for entry in re.findall(r"<Ntry>(.*?)</Ntry>", text, re.DOTALL):
        amount, way = re.search(r"<Amt [^>]*>([\d.]+)<", entry), re.search(r"<CdtDbtInd>(\w+)<", entry)
        assert amount is not None
        assert way is not None
        held = (
            replace(held, payments=held.payments + 1, total=held.total + Decimal(amount[1]))
            if way[1] == "CRDT"
            else replace(held, aside=held.aside + 1)
        )
    return held


def test_camt_messages_of_every_version(town: Town, folder: Path) -> None:
    """camt.053 and camt.054 load, also what calls itself a duplicate; camt.052 and what is no statement do not."""
    files = {path.name: path for path in (folder / "camt-bank-statements").glob("*.xml")}
    assert set(files) == set(CAMT) | set(CAMT_REFUSED)
    for name, currency in CAMT.items():
        who, body = sender(town, name), files[name].read_bytes()
        upload = load(town, who, body, "camt", currency)
        prove(town, who, upload, entries(body.decode()))
        told = any(problem["code"] == "statement-is-a-copy" for problem in upload.problems)
        assert told == (b"<CpyDplctInd>" in body)
        again(town, who, body, "camt", currency)
    for name, code in CAMT_REFUSED.items():
        assert refused(town, sender(town, name), files[name].read_bytes(), "camt", "EUR") == [code]
    assert refused(town, sender(town, "tenge"), files["camt053.v8.xml"].read_bytes(), "camt") == ["wrong-currency"]


def movements(text: str) -> Held:
    """An MT940 file by regular expressions: credits but for returns of our transfers; reversed ones come back."""
    held = Held(0, Decimal(0))
    for booking in re.split(r"(?m)^:61:", text.replace("\r", ""))[1:]:
        found = re.match(r"\d{6}(?:\d{4}|    )?(R?[CD])[A-Z]?\n?([\d]+,?\d*)", booking)
        assert found, booking[:60]
        amount = Decimal(found[2].replace(",", ".").rstrip("."))
        ours = ":86:159?" in booking or re.match(r"[^\n]*NRTI", booking)
        if amount and found[1] == "RC":
            held = replace(held, back=held.back + 1)
        elif amount and found[1] == "C" and not ours:
            held = replace(held, payments=held.payments + 1, total=held.total + amount)
        else:
            held = replace(held, aside=held.aside + 1)
    return held


def test_mt940_statements_of_every_dialect(town: Town, folder: Path) -> None:
    """Whole statements load; fragments, and statements that do not lead to their closing balance, are refused."""
    files = {path.name: path for path in (folder / "mt940-bank-statements").iterdir() if path.suffix != ".md"}
    for name, currency in MT940.items():
        who, body = sender(town, name), files.pop(name).read_bytes()
        upload = load(town, who, body, "mt940", currency)
        prove(town, who, upload, movements(body.decode()))
        again(town, who, body, "mt940", currency)
    for name, path in files.items():
        interim = name == "self-provided__mt942.sta"
        expected = (
            "control-totals-differ" if name in MT940_DIFFER else "intraday-report" if interim else "unreadable-file"
        )
        assert refused(town, sender(town, name), path.read_bytes(), "mt940", "EUR") == [expected], name


def test_a_1c_exchange_in_whatever_encoding(town: Town, folder: Path) -> None:
    """Its header says Windows and its bytes are UTF-8; two documents of four came in, one for an open account."""
    text = (folder / "condo-import-formats" / "1CClientBankExchange.txt").read_text(encoding="utf-8")
    came = [part for part in text.split("СекцияДокумент")[1:] if re.search(r"ДатаПоступило=\d", part)]
    total = sum(Decimal(re.findall(r"(?m)^Сумма=(.+)$", part)[0]) for part in came)
    gone = text.count("СекцияДокумент") - len(came)
    for encoding in ("utf-8", "cp1251"):
        who = sender(town, encoding)
        upload = load(town, who, text.encode(encoding), "1c")
        prove(town, who, upload, Held(len(came), Decimal(total), aside=gone))
        assert (upload.accepted, upload.unmatched) == (1, 1)
        assert "statement-totals-differ" in {problem["code"] for problem in upload.problems}
        again(town, who, text.encode(encoding), "1c")
    waiting = {number for (number,) in town.rows("SELECT number FROM unmatched")}
    assert waiting == {"1234567"}


def cells(path: Path) -> list[list[str]]:
    """The rows of a workbook's sheet by regular expressions, without any library of spreadsheets."""
    with zipfile.ZipFile(path) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    items = re.findall(r"<si>(.*?)</si>", texts, re.DOTALL)
    shared = ["".join(re.findall(r"<t[^>]*>([^<]*)</t>", item)) for item in items]
    rows = []
    for row in re.findall(r"<row [^>]*>(.*?)</row>", sheet, re.DOTALL):
        found = {}
        for cell in row.split("<c ")[1:]:
            at, value = re.match(r'[^>]*r="([A-Z]+)', cell), re.search(r"<v>([^<]*)</v>", cell)
            if at and value:
                found[at[1]] = shared[int(value[1])] if 't="s"' in cell.split(">")[0] else value[1]
        rows.append([found.get(chr(ord("A") + n), "") for n in range(21)])
    return [row for row in rows if any(row)]


def test_workbooks_of_meters_in_two_languages(town: Town, folder: Path) -> None:
    """Meters with each tariff, then readings; three say a month for a day and come back; residents are no facts."""
    services = ("hot-water", "cold-water", "power", "gas")
    town.say("centre", *(service(name, "almaty-heat", n) for n, name in enumerate(services, 3)))
    assert {o.status for o in town.say("centre", *map(opened, ("111", "222")))} == {"accepted"}
    town.keys["almaty-heat"] = access.issue(town.base, ASEL, "almaty-heat", ["meters", "services:*"], "all", None)
    expected: list[Decimal] = []
    for language in ("ru", "en"):
        path = folder / "condo-import-formats" / f"meter-import-example.{language}.xlsx"
        found = [(row[11], Decimal(value)) for row in cells(path)[1:] for value in row[7:11] if value]
        whole = [value for day, value in found if re.fullmatch(r"\d{4}-\d\d-\d\d", day)]
        meters = load(town, "almaty-heat", path.read_bytes(), "condo-meters")
        assert (meters.state, meters.accepted, meters.rejected) == ("done", len(found), 0)
        readings = load(town, "almaty-heat", path.read_bytes(), "condo-readings")
        assert (readings.accepted, readings.rejected) == (len(whole), len(found) - len(whole))
        assert town.rejected(readings).count("2021-12,") == len(found) - len(whole)
        expected += whole
    stored = town.rows("SELECT data::json ->> 'value' FROM events WHERE type LIKE '%%meter.read.v1'")
    assert sorted(Decimal(value) for (value,) in stored) == sorted(expected)
    contacts = (folder / "condo-import-formats" / "contact-import-example.ru.xlsx").read_bytes()
    assert refused(town, "almaty-heat", contacts, "condo-meters") == ["unreadable-file"]


# One month of each way the council wrote its file: column names, days, amounts, empty columns and rows, footers; and
# the two months whose transaction numbers are the same.
LOADED = (
    "2010-12", "2011-01", "2011-03", "2011-05", "2011-06", "2011-11", "2011-12", "2012-04", "2012-05", "2012-11",
    "2013-08",
)  # fmt: skip


def test_registers_of_a_council_by_batch_and_number(town: Town, folder: Path) -> None:
    """All months are read; where loaded, equal payments are two, and equal numbers of two months are other payments."""
    who = sender(town, "leeds")
    months = {
        path.name[:7]: gzip.decompress(path.read_bytes()) for path in (folder / REGISTER / "raw").glob("*.csv.gz")
    }
    assert len(months) == 29
    payments, total, back = 0, Decimal(0), 0
    for month, body in sorted(months.items()):
        amounts = council(body)
        found = format_named(REGISTER, Path(), month).totals(io.BytesIO(body))
        assert (found.rows, Decimal(found.total) / 100) == (len(amounts), sum(amounts)), month
        if month not in LOADED:
            continue
        taken = [amount for amount in amounts if amount > 0]
        upload = load(town, who, body, REGISTER, batch=month)
        assert (upload.state, upload.unmatched) == ("done", len(taken)), (month, upload.problems)
        assert {row.split(",")[1] for row in town.rejected(upload).splitlines()[1:]} <= {"invalid-amount"}
        payments, total, back = payments + len(taken), total + sum(taken), back + len(amounts) - len(taken)
    prove(town, who, replace(upload, unmatched=payments, rejected=back), Held(payments, total, back))


def council(body: bytes) -> list[Decimal]:
    """The amounts of a month's rows: those with a transaction number."""
    rows = list(csv.reader(io.StringIO(body.decode("cp1252"))))
    names = [re.sub("[^a-z]", "", name.lower()) for name in rows[0]]
    number, amount = names.index("transactionnumber"), names.index("netamount")
    real = [row for row in rows[1:] if len(row) > number and row[number].strip()]
    return [Decimal(re.sub("[, ]", "", row[amount])) for row in real]
