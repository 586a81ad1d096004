"""What `make audit` makes of pip-audit's answer."""

import json

import pytest

from native.audit import judged

SOUND = {"name": "flask", "version": "3.1.3", "vulns": []}
HOLED = {"name": "lz4", "version": "4.4.5", "vulns": [{"id": "PYSEC-1", "fix_versions": ["4.4.6"]}]}
UNKNOWN = {"name": "redis", "skip_reason": "not found"}


def answer(*packages: object) -> str:
    """The answer as pip-audit prints it."""
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_known_hole_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The version that mends it stands beside it."""
    assert judged(answer(SOUND, HOLED), "", required=False) == 1
    assert "lz4 4.4.5: PYSEC-1, mended in 4.4.6" in capsys.readouterr().out


@pytest.mark.parametrize("said", ["", answer(UNKNOWN)])
def test_not_to_know_is_said_and_fails_only_if_required(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A machine without a network must not look audited."""
    assert judged(said, "no route to host", required=False) == 0
    assert "NOT AUDITED" in capsys.readouterr().err
    assert judged(said, "", required=True) == 3


def test_sound_packages_pass_and_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """The count tells how much was really looked up."""
    assert judged(answer(SOUND, UNKNOWN), "", required=False) == 0
    assert "1 of 2 packages audited" in capsys.readouterr().out
