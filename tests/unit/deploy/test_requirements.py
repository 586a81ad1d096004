"""The locked requirements."""

import re

import pytest

from native.paths import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-audit.txt")


def pins(name: str) -> dict[str, str]:
    """Package and version of each locked line."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_of_a_package_index_is_in_a_lock(name: str) -> None:
    """Where packages come from is the business of each machine."""
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "index" not in text.replace("--no-index", "")


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name: str) -> None:
    """An entry without a hash would be installed unchecked."""
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)


def test_tests_run_on_the_versions_that_run_in_production() -> None:
    """What both locks name, they name in the same version."""
    production, development = (pins(name) for name in LOCKS[:2])
    assert production.items() <= development.items()
