"""Caught messages as files."""

from email.message import EmailMessage
from pathlib import Path

from mailcatcher.store import keep, messages

LETTERS = "ә ғ қ ң ө ұ ү һ і"


def letter(to: str, subject: str, text: str = "…") -> bytes:
    """A message as it comes by SMTP."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "cabinet@settlement.example", to, subject
    message.set_content(text)
    return message.as_bytes()


def test_the_newest_message_comes_first(tmp_path: Path) -> None:
    """Who waits for a link wants the last one."""
    for number in range(3):
        keep(tmp_path, letter("a@b.kz", str(number)))
    assert [message.subject for message in messages(tmp_path)] == ["2", "1", "0"]


def test_one_address_sees_only_its_own(tmp_path: Path) -> None:
    """Letter case of an address does not matter."""
    keep(tmp_path, letter("Asel@Example.kz", "hers"))
    keep(tmp_path, letter("viktor@example.kz", "his"))
    assert [message.subject for message in messages(tmp_path, to="asel@example.kz")] == ["hers"]


def test_long_kazakh_text_comes_back_decoded(tmp_path: Path) -> None:
    """Encodings and folded lines of mail are not the reader's business."""
    link = "http://127.0.0.1/confirm?token=" + "x" * 120
    keep(tmp_path, letter("Әсел <a@b.kz>", f"Растау {LETTERS}", f"{LETTERS}\n{link}"))
    found = messages(tmp_path)[0]
    assert found.to == ["a@b.kz"]
    assert found.subject == f"Растау {LETTERS}"
    assert found.text.split() == [*LETTERS.split(), link]


def test_a_message_that_is_not_wholly_written_is_not_shown(tmp_path: Path) -> None:
    """A draft has another name until it is complete."""
    (tmp_path / ".00000000000000000001-aa.eml").write_bytes(letter("a@b.kz", "half"))
    assert messages(tmp_path) == []
