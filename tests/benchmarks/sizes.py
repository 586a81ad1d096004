"""How large a measurement is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """`facts` of one run of F1 by two providers together, `library_facts` for the slow yardstick beside it."""

    facts: int
    pairs: int
    library_facts: int
    push_seconds: int
    sample: int = 1000
    pushes_per_second: int = 200
    read_seconds: float = 5.0
    few_accounts: int = 1_000
    many_accounts: int = 10_000

    @property
    def accounts(self) -> int:
        """As many as the city has for so many facts: 8,000,000 for 600,000 accounts."""
        return max(self.facts * 600 // 8000, self.sample)


SIZES = {
    "tiny": Size(20_000, 1, 300, 5, sample=200, read_seconds=1.0, few_accounts=200, many_accounts=1_000),
    "small": Size(200_000, 5, 1_000, 20),
    "medium": Size(600_000, 5, 2_000, 60, few_accounts=2_000, many_accounts=60_000),
    "city": Size(8_000_000, 1, 2_000, 60, few_accounts=10_000, many_accounts=600_000),
}
UPLOAD_ROWS = {"tiny": 20_000, "small": 200_000, "medium": 1_000_000, "city": 8_000_000}
