"""Settings that would be dangerous are refused at the start."""

import pytest

from common.env import BadSettings
from identity.config import from_environment

GOOD = {
    "DATABASE_URL": "postgresql://x",
    "KAFKA_BOOTSTRAP_SERVERS": "x:1",
    "IDENTITY_KEY_SECRET": "0123456789abcdef0123456789abcdef",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with just the settings that must be there."""
    for name in ("DEMO", "PROOF_MINIMUM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_good_settings_are_taken(settings: pytest.MonkeyPatch) -> None:
    """500,00 is the smallest payment that proves; the secret is not shown."""
    assert settings
    config = from_environment()
    assert config.minimum == 500_00
    assert GOOD["IDENTITY_KEY_SECRET"] not in repr(config)


def test_a_demo_secret_is_refused_outside_a_demo(settings: pytest.MonkeyPatch) -> None:
    """Whoever forgets to set it learns at the start."""
    settings.setenv("IDENTITY_KEY_SECRET", "demo-secret-that-protects-nothing-at-all")
    with pytest.raises(BadSettings, match="IDENTITY_KEY_SECRET"):
        from_environment()
    settings.setenv("DEMO", "yes")
    assert from_environment()


def test_all_mistakes_come_at_once(settings: pytest.MonkeyPatch) -> None:
    """One start, one list."""
    settings.setenv("IDENTITY_KEY_SECRET", "short")
    settings.setenv("PROOF_MINIMUM", "500")
    with pytest.raises(BadSettings) as found:
        from_environment()
    assert "IDENTITY_KEY_SECRET" in str(found.value)
    assert "PROOF_MINIMUM" in str(found.value)
