"""Statements of banks: what is a payment, what names it, what is left aside, and what is refused whole."""

import io
from pathlib import Path

import pytest

from common.errors import Refusal
from provider_sync import errors
from provider_sync.domain import facts
from provider_sync.domain.rules import Row
from provider_sync.formats.named import format_named
from provider_sync.formats.rows import Place, RejectedRow, Totals


def totals(form: str, body: bytes) -> Totals:
    """What a file holds."""
    return format_named(form, Path()).totals(io.BytesIO(body))


def rows(form: str, body: bytes, start: int = 0) -> list[Row]:
    """The rows of a file behind a place."""
    found = format_named(form, Path()).chunks(io.BytesIO(body), Place(start, 1), 2)
    return [row for chunk in found for row in chunk.rows]


def payments(form: str, body: bytes) -> list[tuple[str, str, int]]:
    """Reference, account and tiyn of a file's payments; anything else fails."""
    found = rows(form, body)
    assert all(isinstance(row, facts.PaymentReceived) for row in found), found
    return [(row.reference, row.account, row.amount) for row in found]  # type: ignore[union-attr]


def remarks(form: str, body: bytes) -> list[str]:
    """The codes of what the sender is told of the file."""
    return [remark["code"] for remark in totals(form, body).remarks]


# 1C


def document(number: str, amount: str, text: str, *, payer: str = "KZ-PAYER", payee: str = "KZ-OURS") -> str:
    """A document of the exchange text."""
    keys = {
        "Номер": number, "Дата": "15.10.2026", "Сумма": amount, "ПлательщикРасчСчет": payer,
        "ПолучательРасчСчет": payee, "ДатаПоступило": "16.10.2026", "НазначениеПлатежа": text,
    }  # fmt: skip
    return "\n".join(["СекцияДокумент=Платежное поручение", *(f"{k}={v}" for k, v in keys.items()), "КонецДокумента"])


def exchange(*documents: str, received: str = "") -> str:
    """A file of the exchange."""
    head = "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=Windows\nРасчСчет=KZ-OURS"
    section = f"СекцияРасчСчет\nРасчСчет=KZ-OURS\nВсегоПоступило={received}\nКонецРасчСчет"
    return "\n".join([head, *([section] if received else []), *documents, "КонецФайла", ""])


EXCHANGE = exchange(
    document("6032", "1052.98", "ЛС: 50133547364"),
    document("7", "1 700,5", "оплата жыл. дербес шот №100000120"),
    document("8", "14000", "по договору", payer="KZ-OURS", payee="KZ-OTHER"),
    document("9", "5.00", "без номера"),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_an_exchange_is_read_in_whatever_encoding_it_is(encoding: str, end: str) -> None:
    """The header says Windows each time."""
    body = EXCHANGE.replace("\n", end).encode(encoding)
    found = payments("1c", body)
    assert [(account, amount) for _, account, amount in found] == [
        ("50133547364", 105298), ("100000120", 170050), ("no-number", 500),
    ]  # fmt: skip
    assert totals("1c", body)[:2] == (3, 275848)


def test_the_day_that_money_came_counts_and_names_nobody() -> None:
    """Midnight in Almaty; the payer's account is in the reference by its digest only."""
    row = rows("1c", EXCHANGE.encode())[0]
    assert isinstance(row, facts.PaymentReceived)
    assert row.paid_at.isoformat() == "2026-10-15T19:00:00+00:00"
    assert row.reference.startswith("2026-10-16/6032/")
    assert "PAYER" not in row.reference


def test_outgoing_documents_are_left_aside_and_told() -> None:
    """They are no payments of residents; totals that differ are told as well."""
    assert remarks("1c", EXCHANGE.encode()) == ["left-aside"]
    assert remarks("1c", exchange(document("1", "10.00", "x"), received="10").encode()) == []
    assert remarks("1c", exchange(document("1", "10.00", "x"), received="20").encode()) == ["statement-totals-differ"]


@pytest.mark.parametrize(
    "text",
    [
        EXCHANGE.replace("КонецФайла\n", ""),
        EXCHANGE[: len(EXCHANGE) // 2],
        EXCHANGE + EXCHANGE,
        EXCHANGE.replace("КонецДокумента", "", 1),
        EXCHANGE.replace("Сумма=14000", "Сумма 14000"),
        EXCHANGE.replace("1CClient", "1SClient"),
        "",
    ],
    ids=["no end", "cut", "joined", "section open", "no sign", "another name", "empty"],
)
def test_a_broken_exchange_is_refused_whole(text: str) -> None:
    """Half a statement is worse than none."""
    with pytest.raises(errors.Unreadable):
        totals("1c", text.encode())


def test_rejected_documents_come_back_as_an_exchange_that_can_be_sent_again() -> None:
    """With two keys more, which the reader skips."""
    layout = format_named("1c", Path())
    first = next(layout.chunks(io.BytesIO(EXCHANGE.encode()), Place(), 10))
    back = [RejectedRow(first.lines[0], "period-closed", "The month is closed.", first.raws[0].decode())]
    text = "".join(layout.rejected(layout.header(io.BytesIO(EXCHANGE.encode())), iter(back)))
    assert "КодОтказа=period-closed\r\nПричинаОтказа=The month is closed.\r\n" in text
    assert payments("1c", text.encode()) == payments("1c", EXCHANGE.encode())[:1]


# camt

NS = "urn:iso:std:iso:20022:tech:xsd:camt.05{}.001.0{}"


def entry(amount: str, inside: str = "", *, way: str = "CRDT", status: str = "BOOK", more: str = "") -> str:
    """A booking; `more` stands where references and indicators do."""
    return (
        f'<Ntry><Amt Ccy="KZT">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>{more}<Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-10-12</Dt></BookgDt><NtryDtls>{inside}</NtryDtls></Ntry>"
    )


def payment(account: str, amount: str = "", *, reference: str = "") -> str:
    """A payment inside a booking."""
    own = f'<Amt Ccy="KZT">{amount}</Amt>' if amount else ""
    refs = f"<Refs><AcctSvcrRef>{reference}</AcctSvcrRef></Refs>" if reference else ""
    return f"<TxDtls>{refs}{own}<RmtInf><Ustrd>ЛС {account}</Ustrd></RmtInf></TxDtls>"


def camt(*entries: str, kind: int = 3, version: int = 2, head: str = "", ident: str = "S-1") -> bytes:
    """A message with one statement."""
    names = {2: ("BkToCstmrAcctRpt", "Rpt"), 3: ("BkToCstmrStmt", "Stmt"), 4: ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}
    message, statement = names[kind]
    account = "<Acct><Id><IBAN>KZ11</IBAN></Id></Acct>"
    inner = f"<{statement}><Id>{ident}</Id>{head}{account}{''.join(entries)}</{statement}>"
    whole = f'<Document xmlns="{NS.format(kind, version)}"><{message}>{inner}</{message}></Document>'
    return f'<?xml version="1.0"?>{whole}'.encode()


BANK = "<AcctSvcrRef>B-{}</AcctSvcrRef>"


@pytest.mark.parametrize(("kind", "version"), [(3, 2), (3, 4), (3, 8), (4, 2), (4, 8)])
def test_a_credit_is_a_payment_in_every_version(kind: int, version: int) -> None:
    """The bank's reference names it, whichever message tells of it."""
    body = camt(entry("8.850", payment("100000120"), more=BANK.format(1)), kind=kind, version=version)
    assert payments("camt", body) == [("KZ11/B-1", "100000120", 885)]


def test_several_payments_in_one_booking_are_told_apart() -> None:
    """By their own references, or by their place in the booking; their amounts add up to it."""
    inside = payment("101", "1.10") + payment("102", "2.20", reference="T-2") + payment("102", "2.20")
    body = camt(entry("5.50", inside, more=BANK.format(7)))
    assert payments("camt", body) == [("KZ11/B-7/1", "101", 110), ("KZ11/T-2", "102", 220), ("KZ11/B-7/3", "102", 220)]
    assert totals("camt", body)[:2] == (3, 550)
    assert rows("camt", body, 1) == rows("camt", body)[1:]


@pytest.mark.parametrize("inside", [payment("101", "1.10") + payment("102", "2.20"), payment("101") * 2])
def test_a_booking_whose_payments_do_not_add_up_comes_back(inside: str) -> None:
    """It cannot be told what of it is whose."""
    (row,) = rows("camt", camt(entry("5.50", inside)))
    assert isinstance(row, errors.BadRow)


def test_the_amount_of_a_single_payment_is_that_of_its_booking() -> None:
    """Some banks leave a zero inside."""
    assert payments("camt", camt(entry("8.85", payment("101", "0")))) == [("KZ11/S-1/1", "101", 885)]


def test_a_reversed_credit_takes_back_the_payment_that_its_reference_names() -> None:
    """Without a reference an operator has to find it."""
    undone = "<RvslInd>true</RvslInd>"
    named, unnamed = rows(
        "camt",
        camt(
            entry("8.85", payment("101"), way="DBIT", more=undone + BANK.format(1)),
            entry("8.85", payment("101"), way="DBIT", more=undone),
        ),
    )
    assert isinstance(named, facts.PaymentReversed)
    assert (named.reference, named.reverses.reference, named.account) == ("KZ11/B-1/undone", "KZ11/B-1", "101")
    assert isinstance(unnamed, errors.ReversalUnnamed)


def test_what_is_no_payment_is_left_aside() -> None:
    """Pending, outgoing, zero, and our own transfers coming back."""
    returned = "<TxDtls><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>"
    body = camt(
        entry("1.00", status="PDNG"), entry("2.00", way="DBIT"), entry("0"), entry("3.00", returned),
        entry("4.00", more="<RvslInd>true</RvslInd>"), entry("5.00", payment("9"), status="<Cd>BOOK</Cd>"),
    )  # fmt: skip
    assert [amount for *_, amount in payments("camt", body)] == [500]
    told = " ".join(remark["detail"] for remark in totals("camt", body).remarks)
    assert all(text in told for text in ("1.00 in all", "2.00 in all", "0.00 in all", "2 bookings of our own"))


def test_a_copy_has_the_references_of_the_first() -> None:
    """A duplicate adds nothing, whatever it says of itself; the sender is told."""
    one = camt(entry("8.85", payment("101")))
    copy = camt(entry("8.85", payment("101")), head="<CpyDplctInd>DUPL</CpyDplctInd>")
    assert payments("camt", one) == payments("camt", copy)
    assert remarks("camt", copy) == ["statement-is-a-copy"]


WHOLE = camt(entry("8.85", payment("101")))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (camt(entry("1.00"), kind=2), "intraday-report"),
        (WHOLE.replace(b"KZT", b"EUR"), "wrong-currency"),
        (WHOLE[:-20], "unreadable-file"),
        (WHOLE + WHOLE, "unreadable-file"),
        (b"<Document/>", "unreadable-file"),
        (
            camt(head="<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>"),
            "control-totals-differ",
        ),
        (WHOLE.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "b">]>'), "unreadable-file"),
        (WHOLE.replace(b"?>", b'?><!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'), "unreadable-file"),
        (WHOLE.replace("ЛС".encode(), b"\xff\xfe"), "unreadable-file"),
        (WHOLE.replace(b"<Ntry>", b"<a>" * 100 + b"</a>" * 100 + b"<Ntry>"), "unreadable-file"),
    ],
    ids=["052", "currency", "cut", "joined", "no camt", "totals", "entity", "network", "bytes", "deep"],
)
def test_a_message_is_refused_whole(body: bytes, code: str) -> None:
    """With its reason; entities and addresses are never looked at."""
    with pytest.raises(Refusal) as refused:
        totals("camt", body)
    assert refused.value.code == code


# MT940


def mt940(*bookings: str, opening: str = "0,", closing: str, currency: str = "KZT") -> bytes:
    """A statement."""
    lines = [":20:S1", ":25:KZ11", ":28C:12/1", f":60F:C261012{currency}{opening}", *bookings]
    return "\n".join([*lines, f":62F:C261012{currency}{closing}", "-", ""]).encode()


STATEMENT = mt940(
    ":61:2610121012C100,NTRFNONREF//B-1", ":86:ЛС 100000120", ":61:2610121012C50,5NTRFNONREF", ":86:л/с 10",
    "1, кв. 5", ":61:2610121012D20,NTRFNONREF//B-3", ":86:out", ":61:2610121012RC10,NTRFNONREF//B-1",
    ":86:ЛС 100000120", ":61:2610121012CR7,NTRFNONREF//B-9", ":86:159?00RETOURE?20x", closing="127,50",
)  # fmt: skip


def test_the_bookings_of_a_statement_become_payments() -> None:
    """The bank's reference names one, else its place in the statement; reversals name what they take back."""
    first, second, undone = rows("mt940", STATEMENT)
    assert isinstance(first, facts.PaymentReceived)
    assert (first.reference, first.account, first.amount) == ("KZ11/B-1", "100000120", 10000)
    assert isinstance(second, facts.PaymentReceived)
    assert (second.reference, second.amount) == ("KZ11/12/S1/2", 5050)
    assert isinstance(undone, facts.PaymentReversed)
    assert undone.reverses.reference == "KZ11/B-1"
    assert totals("mt940", STATEMENT)[:2] == (3, 15050)
    assert len(totals("mt940", STATEMENT).remarks) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (STATEMENT.replace(b"C100,", b"C101,"), "control-totals-differ"),
        (STATEMENT.replace(b":62F:", b":6XF:"), "unreadable-file"),
        (STATEMENT.replace(b":61:2610121012D20", b":61:26101Z1012D20"), "unreadable-file"),
        (STATEMENT[:-40], "unreadable-file"),
        (STATEMENT.replace(b":20:S1\n", b""), "unreadable-file"),
        (mt940(closing="0,", currency="EUR").replace(b":62F", b":61:2610121012D0,NTRFX\n:62F"), "wrong-currency"),
        (b":20:X\n:25:KZ11\n:28C:1\n:34F:KZTD0,00\n:13D:2610121200+0500\n", "intraday-report"),
        (b"nothing\n", "unreadable-file"),
    ],
    ids=["changed", "no closing", "booking", "cut", "no beginning", "currency", "mt942", "nothing"],
)
def test_a_statement_that_does_not_lead_to_its_balance_is_refused_whole(body: bytes, code: str) -> None:
    """The balance is its control total."""
    with pytest.raises(Refusal) as refused:
        totals("mt940", body)
    assert refused.value.code == code
