"""What two providers have to say about the same accounts: seeded, so that a run can be made again."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Fact = dict[str, Any]
Way = Literal["facts", "upload"]

UTILITY, BANK = "almaty-heat", "halyk"
SERVICES = {"heating": 1, "water": 2, "lift": 3}
EARLIER, CLOSED, OPEN = "2026-09", "2026-10", "2026-11"


@dataclass(frozen=True)
class Parcel:
    """Facts of one provider that travel together; `again` sends the same a second time, as careful senders do."""

    provider: str
    way: Way
    facts: list[Fact]
    again: bool


def register(accounts: int) -> tuple[list[Fact], list[Fact]]:
    """Reference data; and every account with its services and a meter."""
    directory: list[Fact] = [
        {"kind": "directory.service", "reference": f"s-{name}", "id": name, "provider": UTILITY, "name_ru": name,
         "name_kk": name, "unit_ru": "ед.", "unit_kk": "бірл.", "order": order}
        for name, order in SERVICES.items()
    ]  # fmt: skip
    house = {"id": "b-1", "address_ru": "Абая, 1", "address_kk": "Абай, 1"}
    directory.append({"kind": "directory.building", "reference": "b-1", **house})
    opened: list[Fact] = []
    for account in map(number, range(accounts)):
        opened.append(
            {"kind": "account.opened", "reference": f"o-{account}", "account": account, "building": "b-1",
             "flat": account[-3:], "premises": "flat", "area_total": "54.10", "residents": 3}
        )  # fmt: skip
        opened += [
            {"kind": "service.connected", "reference": f"c-{account}-{name}", "account": account, "service": name,
             "effective_from": "2026-09-01"}
            for name in SERVICES
        ]  # fmt: skip
        opened.append(
            {"kind": "meter.installed", "reference": f"m-{account}", "account": account, "meter": f"W{account}",
             "service": "water", "effective_from": "2026-09-01"}
        )  # fmt: skip
    return directory, opened


def number(index: int) -> str:
    """An account's number."""
    return f"7{index:08d}"


class City:
    """Draws parcels of facts until `facts` of them are made; one in fifty is wrong and must never be seen again."""

    def __init__(self, seed: int, facts: int, accounts: range, parcel: tuple[int, int], mark: str = "") -> None:
        self.chance = random.Random(seed)
        self.left, self.accounts, self.parcel, self.mark = facts, accounts, parcel, mark
        self.made = 0

    def parcels(self) -> Iterator[Parcel]:
        """The parcels of both providers, in turn."""
        while self.left > 0:
            for provider, say in ((UTILITY, self._utility), (BANK, self._bank)):
                size = max(1, min(self.left, self.chance.randint(*self.parcel)))
                facts: list[Fact] = []
                while len(facts) < size:
                    facts += say()
                self.left -= len(facts)
                way: Way = "upload" if self.chance.random() < 0.25 else "facts"
                yield Parcel(provider, way, facts, self.chance.random() < 0.1)

    def _utility(self) -> list[Fact]:
        kind = self.chance.choices(
            ["charge", "adjusted", "reversed", "benefit", "penalty", "reading", "wrong"], [60, 8, 6, 8, 8, 8, 2]
        )[0]
        month = self.chance.choices([EARLIER, CLOSED, OPEN], [5, 60, 35])[0]
        if kind == "wrong":
            return [self._wrong()]
        if kind == "reading":
            account, value = self._account(), f"{self.chance.randint(1, 9999)}.5"
            taken = {"meter": f"W{account}", "value": value, "taken_on": f"{month}-20", "source": "measured"}
            return [self._fact("meter.read", account=account, **taken)]
        if kind in ("adjusted", "reversed"):
            return self._corrected(kind, month)
        money = {"account": self._account(), "service": self.chance.choice(list(SERVICES)), "period": month}
        amount = self._amount(1, 900_000)
        if kind == "benefit":
            return [self._fact("benefit.granted", amount=amount, reason="veteran", **money)]
        if kind == "penalty":
            return [self._fact("penalty.accrued", amount=amount, debt="1000.00", rate="0.05", days=20, **money)]
        return [self._fact("charge.posted", amount=amount, basis="norm", **money)]

    def _corrected(self, kind: str, month: str) -> list[Fact]:
        """A charge and its correction, in this order in one parcel."""
        charge = self._fact(
            "charge.posted", account=self._account(), service="heating", period=month, basis="area",
            amount=self._amount(100, 500_000),
        )  # fmt: skip
        named = {"account": charge["account"]}
        if kind == "reversed":
            return [charge, self._fact("charge.reversed", reverses={"reference": charge["reference"]}, **named)]
        delta = {"amount": self._amount(-50_000, 50_000), "reason_code": "recount"}
        return [charge, self._fact("charge.adjusted", corrects={"reference": charge["reference"]}, **named, **delta)]

    def _bank(self) -> list[Fact]:
        kind = self.chance.choices(["plain", "split", "returned", "wrong"], [55, 30, 13, 2])[0]
        if kind == "wrong":
            return [self._wrong()]
        tiyn = self.chance.randint(100, 900_000)
        month = self.chance.choices([CLOSED, OPEN], [60, 40])[0]
        paid = {"account": self._account(), "channel": "bank", "amount": _money(tiyn)}
        payment = self._fact("payment.received", paid_at=f"{month}-{self.chance.randint(10, 20)}T05:00:00Z", **paid)
        if kind == "split":
            first = self.chance.randint(1, tiyn - 1)
            parts = {"heating": first, "water": tiyn - first}
            payment["split"] = [{"service": name, "amount": _money(part)} for name, part in parts.items()]
        if kind == "returned":
            names = {"reference": payment["reference"]}
            return [payment, self._fact("payment.reversed", account=payment["account"], reverses=names, reason="error")]
        return [payment]

    def _wrong(self) -> Fact:
        """A row that is refused for good: an unknown account, a malformed amount, a correction of nothing."""
        good = {"service": "water", "period": OPEN, "basis": "norm"}
        kind = self.chance.randrange(3)
        if kind == 0:
            return self._fact("charge.posted", account="999999999", amount="1.00", **good)
        if kind == 1:
            return self._fact("charge.posted", account=self._account(), amount="12,5", **good)
        return self._fact("charge.reversed", account=self._account(), reverses={"reference": "never-said"})

    def _fact(self, kind: str, **fields: Any) -> Fact:
        self.made += 1
        return {"kind": kind, "reference": f"{kind[:3]}{self.mark}-{self.made:06d}", **fields}

    def _account(self) -> str:
        return number(self.chance.choice(self.accounts))

    def _amount(self, least: int, most: int) -> str:
        return _money(self.chance.randint(least, most))


def _money(tiyn: int) -> str:
    sign, whole = ("-", -tiyn) if tiyn < 0 else ("", tiyn)
    return f"{sign}{whole // 100}.{whole % 100:02d}"
