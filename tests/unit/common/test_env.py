"""Settings: one value, all mistakes at once."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from common.env import BadSettings, everybody_knows, load


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


@pytest.mark.parametrize(
    "known",
    [
        "postgresql://ledger:ledger@db:5432/ledger",
        "postgresql://ledger:demo-1@db1,db2/ledger?sslmode=verify-full",
        "rediss://:demo-1@redis:6379/0",
        "kafkas://ledger:ledger@kafka:9093,kafka2:9093?ca=/etc/ca.pem",
        "demo-secret-that-protects-nothing-at-all",
    ],
)
def test_a_secret_that_everybody_knows_serves_only_a_demonstration(known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every service refuses to start with it, from a file as well, and says the name only."""
    assert everybody_knows(known)
    monkeypatch.setenv("HTTP_PORT", "8101")
    monkeypatch.setenv("DATABASE_URL", known)
    monkeypatch.delenv("DEMO", raising=False)
    with pytest.raises(BadSettings, match="DATABASE_URL: holds a secret that everybody knows") as refused:
        load(Config)
    assert known not in str(refused.value)
    monkeypatch.setenv("DEMO", "yes")
    assert load(Config).database_url == known


@pytest.mark.parametrize(
    "own", ["postgresql://ledger:f3Yq9@db/ledger", "postgresql://ledger@db/ledger", "127.0.0.1:9092", "", "/demo-data"]
)
def test_a_secret_of_ones_own_is_taken(own: str) -> None:
    """So is what holds none."""
    assert not everybody_knows(own)
