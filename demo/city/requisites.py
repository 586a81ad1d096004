"""Requisites that are invented but well-shaped: their check digits are right."""

_BIN_WEIGHTS = tuple(range(1, 12))
_BIN_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)


def iban(bank: str, account: str) -> str:
    """A Kazakh IBAN: KZ, two check digits (ISO 7064 mod 97-10), bank code of 3, account of 13."""
    rest = f"{bank}{account:0>13}"
    digits = "".join(str(int(sign, 36)) for sign in f"{rest}KZ00")
    return f"KZ{98 - int(digits) % 97:02d}{rest}"


def business_number(eleven: str) -> str:
    """A БИН: eleven digits and a control digit; ten is carried to the second row of weights."""
    control = _weigh(eleven, _BIN_WEIGHTS)
    if control == 10:
        control = _weigh(eleven, _BIN_SECOND_WEIGHTS)
    if control == 10:
        raise ValueError(f"no control digit exists for {eleven}")
    return f"{eleven}{control}"


def _weigh(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
