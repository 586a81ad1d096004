"""A holder's name as somebody sees it who has not proven enough yet."""


def masked(name: str) -> str:
    """The first letter of each word: `Иванова Айгүл` → `И••• А•••`."""
    return " ".join(f"{word[0]}•••" for word in name.split())
