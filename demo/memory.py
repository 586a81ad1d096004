"""What the demo remembers between its commands: keys, logins, how far the load came."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Resident:
    """A login that works."""

    user_name: str
    email: str
    password: str
    accounts: list[str]


@dataclass(slots=True)
class Memory:
    """The state file; written anew, whole, at each step."""

    keys: dict[str, str] = field(default_factory=dict)
    residents: list[Resident] = field(default_factory=list)
    last_sender: str = ""
    last_upload: str = ""
    complete: bool = False
    walks: int = 0

    @classmethod
    def read(cls, path: Path) -> "Memory":
        """What is remembered; nothing, when the city was never loaded."""
        if not path.exists():
            return cls()
        kept = json.loads(path.read_text("utf-8"))
        return cls(**{**kept, "residents": [Resident(**one) for one in kept["residents"]]})

    def write(self, path: Path) -> None:
        """Keep it; the file holds secrets of the demo, so only its owner reads it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", "utf-8")
        fresh.chmod(0o600)
        fresh.replace(path)
