"""The order of the files of three months, and the manifest that tells it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.city import bills, changes, files, houses, payments, takeover
from demo.city.catalogue import SENDERS, UTILITIES
from demo.city.facts import MONTHS, TAKE_OVER, Register
from demo.city.ledgerbook import Posted
from demo.city.model import Flat

CSV_SENDERS = ("taza-qala", "qalqan", "bank-tengri")
Entry = dict[str, Any]


def generate(accounts: int, seed: int, folder: Path) -> Entry:
    """Write the whole city into a folder; the same numbers give the same bytes."""
    flats = houses.build(accounts, seed)
    entries = [*_take_over(flats, folder), *_months(flats, folder)]
    # The centre's own months begin after the take-over: July is closed before any account is opened.
    entries[0]["then_close"] = TAKE_OVER
    manifest = {
        "accounts": accounts, "seed": seed, "months": list(MONTHS),
        "senders": [
            {"id": one.id, "name_ru": one.name_ru, "name_kk": one.name_kk, "scopes": list(one.scopes)}
            for one in SENDERS
        ],
        "residents": [_person(flats[place]) for place in houses.RESIDENTS_AT],
        "grandmother": _person(flats[houses.GRANDMOTHER_AT]),
        "empty": flats[houses.EMPTY_AT].account,
        "files": entries,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return manifest


def _person(flat: Flat) -> dict[str, str]:
    return {"account": flat.account, "holder": flat.holder, "address_ru": flat.house.address_ru,
            "address_kk": flat.house.address_kk, "flat": flat.number}  # fmt: skip


def _take_over(flats: list[Flat], folder: Path) -> Iterator[Entry]:
    yield files.write(folder, takeover.directory(flats), "centre-directory", "ndjson")
    yield files.write(folder, takeover.accounts(flats), "centre-accounts", "ndjson")
    yield files.write(folder, takeover.holders(flats), "centre-holders", "csv")
    for utility in UTILITIES:
        yield files.write(folder, takeover.connections(utility, flats), f"{utility.id}-connections", "ndjson")
    yield files.write(folder, takeover.balances(flats), "centre-balances", "csv")


def _months(flats: list[Flat], folder: Path) -> Iterator[Entry]:
    posted = Posted()
    for month in MONTHS:
        entries = [_write(folder, register) for register in _registers(flats, month, posted) if register.rows]
        # The last month stays open: it is closed by whoever walks through the city.
        entries[-1]["then_close"] = month if month != MONTHS[-1] else None
        yield from entries


def _registers(flats: list[Flat], month: str, posted: Posted) -> Iterator[Register]:
    """Base data, then the bank (it spreads over last month's debts), then the bills, then the terminals."""
    yield changes.month_of(flats, month)
    yield payments.bank_month(flats, month, posted)
    for utility in UTILITIES:
        yield bills.month_of(utility, flats, month, posted)
    yield payments.terminal_month(flats, month, posted)
    if month == MONTHS[-1]:
        yield changes.closings(flats)


def _write(folder: Path, register: Register) -> Entry:
    name = {"CC": "centre-changes", "CZ": "centre-closings"}.get(register.letter, register.sender)
    return files.write(folder, register, name, "csv" if register.sender in CSV_SENDERS else "ndjson")
