"""The account's number in what a payer typed."""

import pytest

from provider_sync.formats.banks.purpose import account_in


@pytest.mark.parametrize(
    "text",
    [
        "ЛС: 50133547364",
        "ЛС 50133547364; ул. Тестовая, д.123/2, кв.321",
        "оплата по л/с №50133547364 за октябрь",
        "Л/СЧ 50133547364",
        "л.с.50133547364",
        "лицевой счёт № 50133547364",
        "Лицевой счет:50133547364",
        "ЛИЦ.СЧЕТ 50133547364",
        "лиц. сч. 50133547364 кв 5",
        "дербес шот 50133547364",
        "дербес (жеке) шот № 50133547364",
        "Жеке шоты 50133547364",
        "д/ш 50133547364",
        "account no. 50133547364",
        "ЛС\u00a050\u00a0133\u00a0547\u00a0364",
        "ЛС 50133547364, ещё раз л/с 50133547364",
    ],
)
def test_the_usual_spellings_are_read(text: str) -> None:
    """Russian, Kazakh, English; with and without signs between."""
    assert account_in(text) == "50133547364"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Оплата за техническое обслуживание за март 2022г. по сч.34 от 31.03.2022",
        "Оплата услуги по договору 12345",
        "Щ150/2",
        "ПОЛС 1234567",
        "ЛС 1234567 и ЛС 7654321",
        "ЛС",
        "лс 12",
        "кв. 321, тел. 87011234567",
    ],
)
def test_no_number_is_better_than_a_guess(text: str) -> None:
    """Nothing marked as an account, or two different ones: an operator decides."""
    assert account_in(text) is None


def test_groups_of_digits_are_never_cut() -> None:
    """The first group alone could be somebody else's account."""
    assert account_in("ЛС 100 000 120, кв. 5") == "100000120"
    assert account_in("ЛС 123456789012345678901234") is None
