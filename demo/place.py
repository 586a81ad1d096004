"""Where the centre stands and where the demo keeps what it must remember."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses of the public doors, the operator's command, the folder of the demo."""

    folder: Path
    provider_sync: str
    ledger: str
    identity: str
    receipts: str
    gateway: str
    mail: str
    operator: str

    @property
    def city(self) -> Path:
        """The generated files."""
        return self.folder / "city"

    @property
    def state(self) -> Path:
        """Keys and logins."""
        return self.folder / "state.json"

    @property
    def walks(self) -> Path:
        """Files and documents of the walks."""
        return self.folder / "walks"
