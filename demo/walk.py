"""The road, walked as a stranger would: a provider's file becomes a receipt in a resident's hands."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo import accountdata, pdf
from demo.centre import Operator
from demo.journal import Sent
from demo.luggage import BANK, FIRST_PAYMENT, PROVIDER
from demo.oracle import ADVANCE, ZERO, totals
from demo.place import Place
from demo.provider import Sender
from demo.resident import Cabinet, typed
from demo.screen import Screen, printed
from demo.walker import Mismatch, Walk, begin, following, today

MONTHS = {
    "ru": ("январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь",
           "ноябрь", "декабрь"),
    "kk": ("қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан",
           "қараша", "желтоқсан"),
}  # fmt: skip


def walk(place: Place, screen: Screen) -> None:
    """All steps in order; raises Mismatch at the first difference."""
    one = begin(place, screen)
    for step in (
        upload_charges, upload_payments, close_month, register, sign_in, link_grandmother, read_accounts,
        read_periods, compare_statements, print_closed, print_open, push_one, upload_broken,
    ):  # fmt: skip
        step(one)
    screen.step("The end of the road")
    for document in one.documents:
        screen.told(str(document))
    screen.seen("every row, every total and every printed number equals what the uploaded files say")


def upload_charges(walk: Walk) -> None:
    """A provider's file of charges goes in."""
    walk.screen.step(f"Provider {PROVIDER} uploads an NDJSON file of charges for {walk.open}")
    accounts = list(dict.fromkeys([walk.own, walk.grandmother, *walk.neighbours]))
    _upload(walk, PROVIDER, walk.case.charges(accounts), "charges", len(accounts))


def upload_payments(walk: Walk) -> None:
    """A bank's register of the day goes in; the newcomer's payment is in it."""
    walk.screen.step(f"Bank {BANK} uploads its CSV register of {walk.case.day}")
    payments = [(walk.own, FIRST_PAYMENT), *((account, Decimal("5000.00")) for account in walk.debtors)]
    _upload(walk, BANK, walk.case.register(payments), "bank", len(payments))


def close_month(walk: Walk) -> None:
    """The operator closes the open month when it is over; a month that still runs stays open."""
    walk.screen.step("The operator closes the month")
    if walk.open < today()[:7]:
        Operator(walk.place.operator, walk.place.folder).close(walk.open)
        walk.journal.append(Sent(close=walk.open))
        walk.closed, walk.open = walk.open, following(walk.open)
        walk.screen.seen(f"{walk.closed} is closed")
    else:
        walk.screen.told(f"{walk.open} still runs; {walk.closed} was closed on an earlier walk")
    # Not the login that the summary tells a reader to play with.
    login = walk.memory.residents[-1]
    cabinet = Cabinet(walk.place, "ru")
    cabinet.sign_in(login)
    walk.agree(cabinet, login.accounts[0], walk.closed)
    walk.screen.seen(f"{login.user_name} sees the issued statement of {walk.closed} for account {login.accounts[0]}")


def register(walk: Walk) -> None:
    """A newcomer registers with what the bank's file says was paid last."""
    amount = _last_payment(walk, walk.own)
    walk.screen.step(f"A new resident registers: account {walk.own}, last payment typed “{typed(amount)}”")
    walk.cabinet.register(walk.person, amount)
    walk.screen.seen(f"accepted for {walk.person.user_name}; a mail is on its way")
    subject = walk.cabinet.confirm(walk.person.email)
    walk.screen.seen(f"the link in the mail “{subject}” confirms the address")


def sign_in(walk: Walk) -> None:
    """The newcomer signs in."""
    walk.screen.step("Signing in")
    walk.position = walk.cabinet.sign_in(walk.person)
    walk.screen.seen(f"an access token, and the position to read after: {walk.position}")


def link_grandmother(walk: Walk) -> None:
    """Grandmother's flat is added, in Kazakh."""
    amount = _last_payment(walk, walk.grandmother)
    walk.screen.step(f"Әжемнің пәтері: grandmother's account {walk.grandmother} is added with “{typed(amount)}”")
    walk.position = walk.cabinet.link(walk.grandmother, amount, "Әжемнің пәтері")
    walk.screen.seen(f"linked: {walk.position}")
    walk.position = walk.cabinet.made_known([walk.own, walk.grandmother])
    walk.screen.told(f"whoever had the accounts in a cabinet before says “I know them”: {walk.position}")


def read_accounts(walk: Walk) -> None:
    """Holder, address, people, area, services and meters, as the files state them."""
    walk.screen.step("GET /v1/accounts and each account")
    accountdata.listed(walk, [walk.own, walk.grandmother])
    for account in (walk.own, walk.grandmother):
        accountdata.checked(walk, account)


def read_periods(walk: Walk) -> None:
    """The months with their totals."""
    walk.screen.step("GET /v1/accounts/{n}/periods")
    accountdata.periods(walk, walk.grandmother)


def compare_statements(walk: Walk) -> None:
    """Every month of both accounts against the files."""
    walk.screen.step("GET /v1/accounts/{n}/statement?period=… of every month, against the files")
    books, papers = walk.books(walk.grandmother), walk.papers()
    for account in (walk.own, walk.grandmother):
        for month in walk.months():
            walk.agree(walk.cabinet, account, month, walk.position)
            walk.screen.seen(f"account {account}, {month}: every row and total agrees")
    names = {service: papers.name(service, "kk") for service in papers.of(walk.grandmother).services}
    walk.screen.statement(
        f"{walk.grandmother} · {walk.closed}",
        books.statement(walk.grandmother, walk.closed),
        names | {ADVANCE: "Артық төлем"},
    )


def print_closed(walk: Walk) -> None:
    """Grandmother's receipt of the closed month, in Kazakh."""
    walk.screen.step(f"Түбіртек: grandmother's receipt for {walk.closed}, in Kazakh")
    due = totals(walk.books(walk.grandmother).statement(walk.grandmother, walk.closed))["to_pay"]
    _receipt(walk, walk.grandmother, walk.closed, "kk", due)


def print_open(walk: Walk) -> None:
    """The newcomer's receipt of the month that is still open, in Russian."""
    walk.screen.step(f"Квитанция: the own receipt for {walk.open}, still open, in Russian")
    _receipt(walk, walk.own, walk.open, "ru", sum(walk.books(walk.own).due_now(walk.own).values(), ZERO))


def push_one(walk: Walk) -> None:
    """One fact by HTTP, and it is in the statement."""
    walk.screen.step(f"Provider {PROVIDER} pushes one single charge")
    row = walk.case.single(walk.own) | {"period": walk.open}
    result = Sender(walk.place.provider_sync, walk.memory.keys[PROVIDER]).push([row])[0]
    if result["status"] != "accepted":
        raise Mismatch(f"the charge was not accepted: {json.dumps(result, ensure_ascii=False)}")
    _keep(walk, walk.case.keep("single.ndjson", [row]), "single")
    walk.screen.seen(f"accepted at {result['position']}")
    walk.agree(walk.cabinet, walk.own, walk.open, result["position"])
    walk.screen.seen(
        f"reading after that position, the statement of {walk.open} has it: {printed(Decimal(row['amount']))} ₸"
    )


def upload_broken(walk: Walk) -> None:
    """A file with three broken rows: the good ones count, the broken ones come back with a reason."""
    walk.screen.step("The same provider uploads a file with three broken rows")
    path, broken = walk.case.broken(walk.own, walk.open)
    sender = Sender(walk.place.provider_sync, walk.memory.keys[PROVIDER])
    upload = sender.upload(path, "ndjson", walk.case.batch("broken"))
    rows = sender.finished(upload)["rows"]
    _counted(rows, {"total": 5, "accepted": 2, "rejected": 3})
    back = [json.loads(line) for line in sender.rejected(upload).splitlines()]
    walk.screen.rows("What comes back", ("line", "code", "detail"),
                     [(str(row["line"]), row["code"], row["detail"]) for row in back])  # fmt: skip
    if {row["line"]: row["code"] for row in back} != broken:
        raise Mismatch(f"refused were {[(row['line'], row['code']) for row in back]}, broken are {broken}")
    _keep(walk, path, "broken", tuple(broken))
    walk.agree(walk.cabinet, walk.own, walk.open)
    walk.screen.seen("the two good rows are in the statement, the three broken ones are not")


def _upload(walk: Walk, sender: str, path: Path, word: str, rows: int) -> None:
    form = path.suffix[1:]
    provider = Sender(walk.place.provider_sync, walk.memory.keys[sender])
    upload = provider.upload(path, form, walk.case.batch(word))
    walk.screen.told(f"POST /v1/uploads?format={form}&batch={walk.case.batch(word)} → {upload}")
    state = provider.finished(upload)
    if state["state"] != "done":
        raise Mismatch(json.dumps(state, ensure_ascii=False))
    _counted(state["rows"], {"total": rows, "accepted": rows})
    _keep(walk, path, word, sender=sender)
    walk.screen.seen(f"done: {rows} facts accepted, {state['sum_accepted']} ₸")


def _counted(rows: dict[str, Any], expected: dict[str, int]) -> None:
    found = {name: rows[name] for name in expected}
    if found != expected:
        raise Mismatch(f"the upload counted {rows}, expected {expected}")


def _keep(walk: Walk, path: Path, word: str, broken: tuple[int, ...] = (), sender: str = PROVIDER) -> None:
    file = path.relative_to(walk.place.folder).as_posix()
    walk.journal.append(Sent(file, sender, path.suffix[1:], walk.case.batch(word), broken))


def _last_payment(walk: Walk, account: str) -> Decimal:
    amount = walk.papers().of(account).last_payment()
    if amount is None:
        raise LookupError(f"the bank's files show no single last payment for {account}")
    return amount


def _receipt(walk: Walk, account: str, month: str, language: str, due: Decimal) -> None:
    document = walk.cabinet.receipt(account, month, language, walk.position)
    path = walk.case.folder / f"{account}-{month}-{language}.pdf"
    path.write_bytes(document)
    walk.documents.append(path)
    walk.screen.seen(f"PDF of {len(document) // 1024} KiB")
    papers, lines, text = walk.papers(), walk.books(account).statement(account, month), pdf.text_of(document)
    names = {service: papers.name(service, language) for service in lines if service != ADVANCE}
    year, name = month[:4], MONTHS[language][int(month[5:]) - 1]
    holder = papers.of(account).holder
    words = {
        "holder": holder["name"], "address": holder[f"address_{language}"], "account": account,
        "month": f"{name} {year} г." if language == "ru" else f"{year} жылғы {name}",
    }  # fmt: skip
    found = pdf.differences(text, lines, names, language, due) + pdf.absent_words(text, words)
    walk.insist(f"The receipt {path} differs", found)
    walk.screen.seen(
        f"{holder['name']}, {len(lines)} rows, totals and the sum to pay {printed(due)} ₸ stand in its text"
    )
