"""Settings: one value, all mistakes at once."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from common.env import BadSettings, load


@dataclass(frozen=True)
class Config:
    """A service's settings."""

    database_url: str
    http_port: int
    strict: bool = True
    files_dir: Path = Path("files")


def test_all_mistakes_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts a service mends its settings once."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("HTTP_PORT", "many")
    monkeypatch.setenv("STRICT", "perhaps")
    with pytest.raises(BadSettings) as caught:
        load(Config)
    assert all(name in str(caught.value) for name in ("DATABASE_URL", "HTTP_PORT", "STRICT"))


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """X_FILE names the file that holds X; the rest has defaults."""
    (tmp_path / "url").write_text("postgresql://here\n")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("HTTP_PORT", "8101")
    monkeypatch.delenv("STRICT", raising=False)
    monkeypatch.delenv("FILES_DIR", raising=False)
    assert load(Config) == Config("postgresql://here", 8101)
