"""A holder's name and address as somebody sees them who has not proven enough yet."""

HIDDEN = "•••"


def masked(name: str) -> str:
    """The first letter of each word: `Иванова Айгүл` → `И••• А•••`."""
    return " ".join(f"{word[0]}{HIDDEN}" for word in name.split())


def masked_address(address: str) -> str:
    """The street without house and flat: every word with a digit is hidden."""
    words = [HIDDEN if any(map(str.isdigit, word)) else word for word in address.split()]
    return " ".join(word for place, word in enumerate(words) if word != HIDDEN or words[place - 1 : place] != [HIDDEN])
