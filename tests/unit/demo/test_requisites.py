"""Invented requisites pass the checks that real ones pass."""

from demo.city.catalogue import UTILITIES


def test_every_iban_leaves_one_modulo_97() -> None:
    """ISO 13616: the first four signs go last, letters become numbers."""
    for utility in UTILITIES:
        assert len(utility.iban) == 20
        digits = "".join(str(int(sign, 36)) for sign in utility.iban[4:] + utility.iban[:4])
        assert int(digits) % 97 == 1, utility.iban


def test_every_bin_ends_with_its_control_digit() -> None:
    """Weights 1…11; a remainder of ten is weighed again from 3."""
    for utility in UTILITIES:
        digits = [int(digit) for digit in utility.bin]
        control = sum(digit * weight for digit, weight in zip(digits, range(1, 12), strict=False)) % 11
        if control == 10:
            again = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
            control = sum(digit * weight for digit, weight in zip(digits, again, strict=False)) % 11
        assert (len(digits), digits[11]) == (12, control), utility.bin
