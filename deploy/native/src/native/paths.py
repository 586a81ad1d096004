"""Where things are in the checkout, and whether another system user can reach them."""

import hashlib
import os
import pwd
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
NATIVE = ROOT / "deploy" / "native"
RUN = ROOT / ".run"
KAFKA_JARS = NATIVE / "target" / "jars"
KAFKA_CLASSES = NATIVE / "target" / "kafka.jsa"


def home_for(user: str | None, wanted: Path) -> Path:
    """The wanted folder, owned by the user; elsewhere, and linked, when a parent folder shuts the user out."""
    if user is None:
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted
    real = wanted if _open_to_all(wanted) else _elsewhere(wanted)
    real.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.chown(real, user, user)
    if real != wanted and not wanted.is_symlink():
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.symlink_to(real)
    return real


def forget_home(wanted: Path) -> None:
    """Remove a folder made by `home_for`, wherever it really is."""
    if wanted.is_symlink():
        shutil.rmtree(wanted.resolve(), ignore_errors=True)
        wanted.unlink()
    shutil.rmtree(wanted, ignore_errors=True)


def other_user() -> str | None:
    """Whom to run PostgreSQL as: it refuses root, so root lends it an account without rights."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _open_to_all(folder: Path) -> bool:
    existing = [parent for parent in folder.absolute().parents if parent.exists()]
    return all(parent.stat().st_mode & 0o001 for parent in existing)


def _elsewhere(wanted: Path) -> Path:
    digest = hashlib.sha256(str(wanted.absolute()).encode()).hexdigest()[:12]
    lasting = Path("/var/lib")
    base = lasting if lasting.is_dir() else Path(tempfile.gettempdir())
    return base / f"settlement-{digest}"
