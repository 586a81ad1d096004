"""User names, addresses and account numbers as people type them."""

import pytest

from identity.domain.names import clean_account_number, clean_email, clean_user_name, email_key, name_key
from identity.errors import BadAccountNumber, BadEmail, BadUserName


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aigul", "aigul"),
        ("aigul", "аigul"),  # the second begins with a Cyrillic letter
        ("ахмет", "axmет"),
        ("aig\u200bul", "aigul"),
        ("\u202eaigul", "aigul"),
        ("ａｉｇｕｌ", "aigul"),
        ("ӘСЕЛ", "әсел"),
        ("Мұрат", "мурат"),
        ("b0tir", "botir"),
        ("cafe\u0301", "café"),
    ],
)
def test_names_that_look_alike_are_one(one: str, other: str) -> None:
    """Case, invisible characters, width and look-alike letters do not make another name."""
    assert name_key(one) == name_key(other)


def test_names_that_look_different_are_two() -> None:
    """Kazakh letters with a mark of their own stay their own."""
    assert len({name_key(name) for name in ("асел", "әсел", "қанат", "канат", "өмір", "омір")}) == 6


def test_a_name_is_shown_without_what_nobody_sees() -> None:
    """Zero-width and direction marks go; letters stay as typed."""
    assert clean_user_name(" Әсел\u200b\u202e-1990 ") == "Әсел-1990"


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 41, "a@b.kz", "два слова", "-abc", "abc.", "😀😀😀", "a/../b", "\u200b" * 5]
)
def test_other_names_are_refused(name: str) -> None:
    """No at sign, so that a name is never taken for an address."""
    with pytest.raises(BadUserName):
        clean_user_name(name)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        (" a.b+c@Example.KZ ", "a.b+c@example.kz"),
        ("aigul@почта.қаз", "aigul@xn--80a1acny.xn--80ao21a"),
    ],
)
def test_an_address_is_one_mailbox(typed: str, clean: str) -> None:
    """The domain takes its form of DNS; the tag stays."""
    assert clean_email(typed) == clean


@pytest.mark.parametrize(
    "typed",
    ["", "a", "a@", "@b.kz", "a@b", "a b@c.kz", "a@b.kz\r\nBcc: x@y.kz", "a@b.kz,c@d.kz", "a@b.kz;c@d.kz", "<a@b.kz>",
     '"a"@b.kz', "a..b@c.kz", "a@-b.kz", "a@b..kz", "ә@b.kz", "a@b.kz\x00", f"{'a' * 65}@b.kz", f"a@{'b.' * 130}kz"],
)  # fmt: skip
def test_anything_else_is_no_address(typed: str) -> None:
    """No second recipient, no header, no quotation."""
    with pytest.raises(BadEmail):
        clean_email(typed)


def test_mailboxes_differ_not_by_case() -> None:
    """One mailbox, one cabinet."""
    assert email_key("Aigul@example.kz") == email_key("aigul@example.kz")


@pytest.mark.parametrize("typed", ["100000123", " 100 000 123", "100\u00a0000\u202f123", "100\u200b000123\t"])
def test_blanks_in_an_account_number_do_not_matter(typed: str) -> None:
    """People copy them along."""
    assert clean_account_number(typed) == "100000123"


@pytest.mark.parametrize("typed", ["", "   ", "1" * 21, "100_000", "лс100", "100;drop", "١٢٣"])
def test_other_account_numbers_are_refused(typed: str) -> None:
    """Digits, Latin letters and hyphens only."""
    with pytest.raises(BadAccountNumber):
        clean_account_number(typed)
