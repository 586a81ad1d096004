"""What two providers send in a month: files of charges and payments for accounts that both of them serve.

Each provider writes service by service in the order of its accounts, as billing systems do, so that a batch of ten
thousand lines touches nearly as many accounts; its payments lie in between. 88 in 100 facts are charges, 12 are
payments, half of these without a split.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PERIOD, PAYMENT_EVERY, FLATS = "2026-10", 25, 60
SERVICES = {
    "city-water": ("cold-water", "hot-water", "sewerage", "waste", "lift", "intercom", "upkeep"),
    "city-heat": ("heating", "power", "gas", "lighting", "security", "cleaning", "repair"),
}
SCOPES = "accounts,charges,payments,services:*,master-data"


@dataclass
class Expected:
    """The number of an account's last fact, its sums in tiyn, and how far down its file that fact stands (0 to 1)."""

    facts: int = 1
    charged: int = 0
    paid: int = 0
    last_at: float = 0.0


@dataclass
class Traffic:
    """The files of a run, and what every account must show afterwards."""

    period: str = PERIOD
    files: dict[str, Path] = field(default_factory=dict)
    facts: int = 0
    bytes: int = 0
    expected: dict[str, Expected] = field(default_factory=dict)

    def sample(self, size: int, seed: int) -> list[str]:
        """Random accounts with a fact, those whose last fact is sent first coming first."""
        known = [account for account, wanted in self.expected.items() if wanted.facts > 1]
        chosen = random.Random(seed).sample(known, min(size, len(known)))
        return sorted(chosen, key=lambda account: self.expected[account].last_at)


def accounts(count: int) -> list[str]:
    """The accounts of a run."""
    return [f"{100_000_000 + number:09d}" for number in range(count)]


def opening(count: int) -> Iterator[str]:
    """The houses and their accounts: sent before the clock starts."""
    for house in range(-(-count // FLATS)):
        yield (
            f'{{"kind":"directory.building","reference":"house-{house}","id":"b-{house}",'
            f'"address_ru":"ул. Абая, {house + 1}","address_kk":"Абай көш., {house + 1}"}}\n'
        )
    for number, account in enumerate(accounts(count)):
        yield (
            f'{{"kind":"account.opened","reference":"open-{account}","account":"{account}",'
            f'"building":"b-{number // FLATS}","flat":"{number % FLATS + 1}","premises":"flat",'
            f'"area_total":"54.10","area_heated":"51.00","residents":{number % 5 + 1}}}\n'
        )


def month(
    folder: Path, facts: int, count: int, seed: int, period: str = PERIOD, before: Traffic | None = None
) -> Traffic:
    """Writes both providers' files of together `facts` lines, that come after those of a month `before`."""
    said = {account: wanted.facts for account, wanted in before.expected.items()} if before else {}
    expected = {account: Expected(said.get(account, 1)) for account in accounts(count)}
    traffic = Traffic(period, expected=expected)
    for number, provider in enumerate(SERVICES):
        path = folder / f"{provider}-{period}.ndjson"
        lines = _lines(provider, facts // 2, traffic, random.Random(seed * 2 + number))
        with path.open("w", encoding="ascii") as file:
            file.writelines(lines)
        traffic.files[provider] = path
        traffic.bytes += path.stat().st_size
    traffic.facts = facts // 2 * 2
    return traffic


def _lines(provider: str, facts: int, traffic: Traffic, rng: random.Random) -> Iterator[str]:
    known, services = list(traffic.expected), SERVICES[provider]
    charges = 0
    for number in range(facts):
        # 3 of 25 facts are payments, that is 12 in 100.
        if number % PAYMENT_EVERY in (4, 12, 20):
            account = rng.choice(known)
            line, amount = _payment(provider, number, account, traffic.period, rng)
            traffic.expected[account].paid += amount
        else:
            service, account = services[charges // len(known) % len(services)], known[charges % len(known)]
            charges += 1
            line, amount = _charge(provider, number, account, service, traffic.period, rng)
            traffic.expected[account].charged += amount
        wanted = traffic.expected[account]
        wanted.facts += 1
        wanted.last_at = max(wanted.last_at, number / facts)
        yield line


def _charge(provider: str, number: int, account: str, service: str, period: str, rng: random.Random) -> tuple[str, int]:
    amount = rng.randrange(10_000, 2_000_000)
    return (
        f'{{"kind":"charge.posted","reference":"{provider[5]}-{period}-{number:07d}","account":"{account}",'
        f'"service":"{service}","period":"{period}","from":"{period}-01","to":"{period}-30",'
        f'"volume":"{amount / 650_000:.6f}","unit":"Gcal","tariff":"6512.34",'
        f'"amount":"{amount // 100}.{amount % 100:02d}","basis":"area"}}\n'
    ), amount


def _payment(provider: str, number: int, account: str, period: str, rng: random.Random) -> tuple[str, int]:
    amount, services = rng.randrange(50_000, 3_000_000), SERVICES[provider]
    split = ""
    if number // PAYMENT_EVERY % 2:
        first = amount // 3
        split = (
            f',"split":[{{"service":"{services[0]}","amount":"{first // 100}.{first % 100:02d}"}},'
            f'{{"service":"{services[1]}","amount":"{(amount - first) // 100}.{(amount - first) % 100:02d}"}}]'
        )
    return (
        f'{{"kind":"payment.received","reference":"{provider[5]}p-{period}-{number:07d}","account":"{account}",'
        f'"paid_at":"{period}-{rng.randrange(1, 21):02d}T{rng.randrange(24):02d}:15:00Z",'
        f'"amount":"{amount // 100}.{amount % 100:02d}","channel":"bank"{split}}}\n'
    ), amount


def directory(provider: str) -> list[dict[str, object]]:
    """The provider's services as master data."""
    return [
        {
            "kind": "directory.service", "reference": f"dir-{service}", "id": service, "provider": provider,
            "name_ru": service, "name_kk": service, "unit_ru": "ед.", "unit_kk": "бірлік", "order": order,
        }
        for order, service in enumerate(SERVICES[provider])
    ]  # fmt: skip
