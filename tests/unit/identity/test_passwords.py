"""Which passwords are worth hashing."""

import pytest

from identity.domain.passwords import check, is_common
from identity.errors import CommonPassword, PasswordsDiffer, PasswordTooLong, PasswordTooShort
from identity.gateways.words import common_passwords

COMMON = common_passwords()


@pytest.mark.parametrize(
    "password",
    [
        "қызыл алма көк аспан",
        " leading space counts",
        "correct horse battery",
        "😀😁😂🤣😃😄😅😆😉😊😋😎",
        "x7!kQ9$mW2#v",
        "7402 1185 9936 2048 5517",
    ],
)
def test_a_long_phrase_is_good(password: str) -> None:
    """No rule of composition: letters of any kind, blanks, pictures."""
    assert check(password, password, COMMON) == password


@pytest.mark.parametrize(
    "password",
    [
        "1234567890123",
        "qwertyuiop123",
        "Qwerty123456!",
        "йцукенгшщзхъ",
        "ЙЦУКЕН123456",
        "gfhjkmgfhjkm",  # «парольпароль» on the Latin layout
        "пароль123456",
        "password2026!",
        "aaaaaaaaaaaaaa",
        "abababababab",
        "алматы2026!!!",
        "құпиясөз12345",
    ],
)
def test_what_guessers_try_first_is_refused(password: str) -> None:
    """Lists of the world and of the country, decorated, repeated or typed on the other layout."""
    with pytest.raises(CommonPassword):
        check(password, password, COMMON)


def test_words_of_the_owner_are_refused() -> None:
    """The user name with digits behind it is nobody's secret."""
    assert is_common("baurzhanov1985", COMMON, {"Baurzhanov"})
    assert not is_common("baurzhanov1985", COMMON, {"other"})


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    """Telephones and computers send й in different forms."""
    composed, decomposed = "мой тихий двор", "мои\u0306 тихии\u0306 двор"
    assert check(decomposed, composed, COMMON) == composed


def test_length_is_what_counts() -> None:
    """Twelve characters at least, 256 at most."""
    with pytest.raises(PasswordTooShort) as short:
        check("ёлка и дуб!", "ёлка и дуб!", COMMON)
    assert "12" in short.value.text("kk")
    with pytest.raises(PasswordTooLong):
        check("ab cd ef" * 33, "ab cd ef" * 33, COMMON)


def test_the_repetition_must_be_the_same() -> None:
    """A slip of the finger is found before it locks somebody out."""
    with pytest.raises(PasswordsDiffer) as differ:
        check("correct horse battery", "correct horse batterz", COMMON)
    assert differ.value.field == "/password_again"
