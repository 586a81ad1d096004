"""One small sound file of each format that provider-sync reads, for accounts 100 to 119 of the tests' town."""

import io

import openpyxl

NDJSON = b'{"kind":"header","batch":"B-1","count":6,"sum":"300.00"}\n' + b"".join(
    b'{"kind":"payment.received","reference":"n%d","account":"%d","paid_at":"2026-10-12T10:00:00+05:00","amount":"50.00",'
    b'"channel":"bank"}\n' % (n, 100 + n)
    for n in range(6)
)
CSV = "kind,reference,account,paid_at,amount,channel\r\n" + "".join(
    f"payment.received,c{n},{100 + n},2026-10-12T10:00:00+05:00,{n + 1}.00,bank\r\n" for n in range(6)
)
REGISTER = "#РЕЕСТР;12/2026-10-12;3;1 014,50\n" + "".join(
    f"{100 + n};12.10.2026;{n};{amount}\n" for n, amount in enumerate(("1 000,00", "7,5", "7"))
)
EXCHANGE = (
    "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=Windows\nРасчСчет=KZ-OURS\n"
    + "".join(
        f"СекцияДокумент=Платежное поручение\nНомер={n}\nДата=12.10.2026\nСумма={n}0.00\nПлательщикРасчСчет=KZ-{n}\n"
        f"ПолучательРасчСчет=KZ-OURS\nДатаПоступило=12.10.2026\nНазначениеПлатежа=оплата ЛС {99 + n}\nКонецДокумента\n"
        for n in (1, 2, 3)
    )
    + "КонецФайла\n"
)
CAMT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
    "<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S-1</Id><Acct><Id><IBAN>KZ11</IBAN></Id></Acct>\n"
    + "".join(
        f'<Ntry><Amt Ccy="KZT">{n}0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>2026-10-12</Dt></BookgDt><AcctSvcrRef>B{n}</AcctSvcrRef><NtryDtls><TxDtls><RmtInf>"
        f"<Ustrd>ЛС {99 + n}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
        for n in (1, 2, 3)
    )
    + "</Stmt></BkToCstmrStmt></Document>\n"
)
MT940 = (
    ":20:S1\n:25:KZ11\n:28C:12/1\n:60F:C261012KZT0,\n"
    + "".join(f":61:2610121012C{n}0,NTRFNONREF//B{n}\n:86:ЛС {99 + n}\n" for n in (1, 2, 3))
    + ":62F:C261012KZT60,\n-\n"
)
WATER = (
    "TDS_No,UMIS_BILL_ID,Meter_Number,Revenue_Month,Service_Start_Date,Service_End_Date,Estimated,Current_Charges,"
    "Consumption_HCF\n" + "".join(f"10{n},{n},E{n},2026-10,09/01/2026,09/30/2026,N,{n}.5,7\n" for n in range(6))
)


def workbook() -> bytes:
    """Readings of meters."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(
        ["Account number", "Type", "Unit type", "Meter number", "Value 1", "Value 2", "Reading submission date"]
    )
    for n in range(4):
        page.append([str(100 + n), "HEAT", "Flat", str(n), n, n + 1, "2026-10-12"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SOUND: dict[str, bytes] = {
    "ndjson": NDJSON,
    "csv": CSV.encode(),
    "bank-register": (REGISTER + "#ИТОГО;3;1 014,50\n").encode("cp1251"),
    "1c": EXCHANGE.encode("cp1251"),
    "camt": CAMT.encode(),
    "mt940": MT940.encode(),
    "nycha-water": WATER.encode(),
    "condo-readings": workbook(),
}
