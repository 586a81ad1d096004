"""Codes that people copy from paper: one-time codes of operators, recovery codes of the second factor."""

import secrets

# Crockford's letters: none of I, L, O, U, so that nothing is mistaken for a digit or spells a word.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILOАВСЕНКМОРТХ", "110ABCEHKM0PTX")
_GROUPS, _LENGTH = 3, 4


def new_code() -> str:
    """Twelve letters and digits in groups, `7K3M-9QX2-BD40`: 60 bits, more than anybody guesses."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(_GROUPS))


def typed_code(text: str) -> str:
    """The code as it was made, however it was typed: small letters, no hyphens, O for 0, Cyrillic twins."""
    bare = "".join(c for c in text.upper().translate(_MISREAD) if c.isalnum())
    return "-".join(bare[start : start + _LENGTH] for start in range(0, len(bare), _LENGTH))
