"""What a machine lacks."""

from pathlib import Path

import pytest

from native import find, install, paths


def test_a_package_is_missing_when_its_program_is_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The programs are looked for, not the package manager's memory: they may come from elsewhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "DEBIAN_POSTGRES", str(tmp_path / "none"))
    assert {"postgresql-15", "redis-server", "maven"} <= set(install.missing_packages())
    for program in ("postgres", "redis-server", "mvn"):
        (tmp_path / program).touch(mode=0o755)
    assert not {"postgresql-15", "redis-server", "maven"} & set(install.missing_packages())


def test_a_server_that_is_nowhere_is_named_with_the_way_out() -> None:
    """The message is for a person who has just cloned the project."""
    with pytest.raises(find.Missing, match=r"PostgreSQL was not found.*make native-wheels"):
        find._last([], "PostgreSQL")


def test_a_folder_below_a_shut_one_is_recognised(tmp_path: Path) -> None:
    """The database's user could not reach its data there."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    assert not paths._open_to_all(shut / "data")
    assert paths._open_to_all(Path("/usr/lib/data"))
