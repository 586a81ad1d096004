"""What sets an account apart. Each trait is a case that a settlement centre meets every month."""

from random import Random

# Share of accounts, in per mille. In a small city the first accounts are given one trait each, so none is missing.
SHARES: dict[str, int] = {
    "debtor": 60,  # pays nothing; penalties grow from the second month
    "carries-advance": 50,  # came from the old system with money ahead
    "owes-july": 450,  # came from the old system with July unpaid
    "pays-by-terminal": 250,  # round sums without split, after the month's charges
    "pays-whole": 280,  # by bank, without split
    "pays-ahead": 40,  # more than is due: the rest becomes an advance
    "pays-twice": 25,
    "tops-up": 40,  # 1 234,00 at a terminal on one of the last days of October
    "payment-reversed": 8,
    "pays-at-midnight": 10,  # the last minutes of a month in Almaty, stated after its close
    "benefit": 90,
    "benefit-reversed": 6,
    "penalty-reversed": 8,
    "heat-adjusted": 70,
    "estimated": 80,  # August read by estimate, corrected by September's measured reading
    "adjusted-at-once": 10,  # a correction in the same file as its charge
    "adjusted-before-take-over": 6,
    "charge-reversed": 10,  # posted wrong, reversed a month later and posted anew
    "unmetered-water": 120,
    "verification-expired": 40,
    "rolls-over": 12,
    "meter-replaced": 12,
    "replacement-planned": 90,
    "reads-itself": 350,
    "renumbered": 10,
    "residents-changed": 15,
    "area-changed": 5,
    "sold": 6,
    "closed": 3,
    "commercial": 15,
}

GRANDMOTHER: frozenset[str] = frozenset({
    "owes-july", "pays-whole", "benefit", "heat-adjusted", "estimated", "replacement-planned", "pays-twice",
    "adjusted-at-once",
})  # fmt: skip
PLAIN: frozenset[str] = frozenset({"owes-july"})


def draw(random: Random) -> frozenset[str]:
    """The draw of one account; every trait is drawn, so that a new one changes no other account."""
    return frozenset(trait for trait, share in SHARES.items() if random.randrange(1000) < share)
