"""Letters and refusals in Russian and Kazakh."""

import re
import string
from typing import get_args

import pytest

from common.errors import Refusal
from identity import errors
from identity.render import Letter, Mail, message

VALUES = {
    "user_name": "Әсел <b>& Ко</b>",
    "link": "https://cabinet.example.kz/kk/confirm?token=abc-_1&next=x",
    "hours": "48",
    "minutes": "10",
    "number": "100000123",
    "why": "operator",
    "days": "7",
    "at": "25.11.2026 23:10",
    "month": "октябрь 2026",
    "due": "25.11.2026",
    "corrected": "",
    "nickname": "",
    "unsubscribe": "https://cabinet.example.kz/kk/unsubscribe?token=def",
    "one_click": "https://identity.example.kz/v1/unsubscriptions?token=def",
}
LANGUAGES = ("ru", "kk")
REFUSALS = [found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, Refusal)][1:]


@pytest.mark.parametrize("language", ["ru", "kk"])
@pytest.mark.parametrize("letter", get_args(Letter))
def test_every_letter_exists_in_both_languages(letter: Letter, language: str) -> None:
    """As text and as HTML, with a subject and a stable Message-ID."""
    made = message(Mail(letter, language, VALUES), "id-1", "cabinet@centre.example", "a@example.kz")
    assert made["Message-ID"] == "<id-1@centre.example>"
    assert made["Subject"]
    text, html = made.get_body(("plain",)), made.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Әсел <b>& Ко</b>" in text.get_content()
    assert "Әсел &lt;b&gt;&amp; Ко&lt;/b&gt;" in html.get_content()


def test_a_link_is_whole_in_text_and_html() -> None:
    """The ampersand is escaped in HTML and only there."""
    made = message(Mail("confirm", "kk", VALUES), "id-1", "cabinet@centre.example", "a@example.kz")
    text, html = made.get_body(("plain",)), made.get_body(("html",))
    assert text is not None
    assert html is not None
    assert VALUES["link"] in text.get_content()
    assert f'href="{VALUES["link"].replace("&", "&amp;")}"' in html.get_content()


def test_a_name_cannot_add_a_header() -> None:
    """Whatever a template shows stays in the body."""
    made = message(Mail("confirm", "ru", VALUES | {"user_name": "a\r\nBcc: x@y.kz"}), "1", "c@d.example", "a@b.kz")
    assert made["Bcc"] is None
    assert made["To"] == "a@b.kz"


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_refusal_speaks_three_languages(refusal: type[Refusal]) -> None:
    """The same placeholders in each; Kazakh is not Russian."""
    assert set(refusal.texts) == {"ru", "kk", "en"}
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in refusal.texts.values()]
    assert fields == [fields[0]] * 3
    assert refusal.texts["ru"] != refusal.texts["kk"]
    assert re.search("[әғқңөұүһі]", refusal.texts["kk"])


def test_a_text_that_looks_like_a_link_is_none() -> None:
    """Only addresses we made become links, whatever a nickname says."""
    values = VALUES | {"nickname": "Нажмите: https://evil.example/"}
    for made in (
        message(Mail("receipt-ready", language, values), "1", "c@d.example", "a@b.kz") for language in LANGUAGES
    ):
        html = made.get_body(("html",))
        assert html is not None
        assert 'href="https://evil' not in html.get_content()
        assert 'href="https://cabinet' in html.get_content()


def test_optional_letters_can_be_left_by_one_click() -> None:
    """RFC 8058: the header has what a mail program posts to, the text a page; letters about safety have neither."""
    optional = message(Mail("receipt-ready", "kk", VALUES), "1", "c@d.example", "a@b.kz")
    assert optional["List-Unsubscribe"] == f"<{VALUES['one_click']}>"
    assert optional["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    safety = {name: text for name, text in VALUES.items() if name not in ("unsubscribe", "one_click")}
    assert message(Mail("password-changed", "kk", safety), "1", "c@d.example", "a@b.kz")["List-Unsubscribe"] is None
