"""Charges like one before them but for their own values: most lines of a file, read without a JSON reader."""

import re
from typing import TypeAlias

from common.money import AMOUNT
from provider_sync.domain import facts
from provider_sync.domain.facts import QUANTITY, Amount, ChargePosted
from provider_sync.domain.rules import NUMBER

# What a line may have of its own, in the order of the fact's form. A value of another form is read the whole way.
_OWN = {
    "account": NUMBER.pattern,
    "reference": r"[!#-\[\]-~]{1,100}",
    "volume": QUANTITY,
    "amount": AMOUNT.pattern,
    "reading_previous": QUANTITY,
    "reading_current": QUANTITY,
}
_MEMBER = re.compile(rf'("({"|".join(_OWN)})": *")([^"]*)(?=")')
# A model costs what it saves in some hundred and fifty lines, to look for one as much as two lines; where too few lines
# come that are like others, there is an end to it.
_MODEL, _LOOK, _CREDIT = 150, 2, 5_000
# A fact and its one form (see `form_of`).
Read: TypeAlias = tuple[ChargePosted, str]


class _Model:
    """Lines alike: what they have in common as a pattern, as a fact and as the form of one."""

    def __init__(self, line: str, fact: ChargePosted) -> None:
        parts = _MEMBER.split(line)
        names, pieces = parts[2::4], [re.escape(parts[0])]
        for head, name, rest in zip(parts[1::4], names, parts[4::4], strict=True):
            pieces.append(f"{re.escape(head)}(?P<{name}>{_OWN[name]}){re.escape(rest)}")
        self._match = re.compile("".join(pieces), re.ASCII).fullmatch
        self._own = own = [name for name in _OWN if name in names]
        self._amount = own.index("amount")
        self._quantities = [(place, name) for place, name in enumerate(own) if _OWN[name] is QUANTITY]
        self._copy = fact.__copy__  # type: ignore[attr-defined]  # every struct of msgspec has it
        self._text = facts.encode(fact).decode().replace("%", "%%")
        for name in own:
            quote, value = "" if name == "amount" else '"', str(getattr(fact, name)).replace("%", "%%")
            self._text = self._text.replace(f',"{name}":{quote}{value}{quote}', f',"{name}":{quote}%s{quote}', 1)

    def read(self, line: str) -> Read | None:
        """The fact of a line that is alike; None for another."""
        found = self._match(line)
        if found is None:
            return None
        values = list(found.group(*self._own))
        fact: ChargePosted = self._copy()
        fact.account, fact.reference = values[0], values[1]
        digits = values[self._amount].replace(".", "")
        fact.amount = Amount(digits)
        values[self._amount] = str(int(digits)) if digits[0] in "-0" else digits
        for place, name in self._quantities:
            setattr(fact, name, values[place])
        return fact, self._text % tuple(values)


class Alike:
    """The lines of one file: after a line comes what came after one like it before, so that services may take turns."""

    def __init__(self) -> None:
        self._models: dict[str, _Model] = {}
        self._following: dict[_Model | None, _Model] = {}
        self._last: _Model | None = None
        self._credit = _CREDIT

    def read(self, line: bytes) -> Read | None:
        """The fact of a line if it is like another; else None, and it is to be read the whole way."""
        model = self._following.get(self._last)
        if model is None:
            return None
        try:
            found = model.read(line.decode())
        except UnicodeDecodeError:
            return None
        if found is not None:
            self._last = model
            self._credit += 1
        return found

    def learn(self, line: bytes, fact: object) -> None:
        """Remembers a line that was read the whole way and found good."""
        if type(fact) is not ChargePosted or fact.at or fact.tiers or b"\\" in line or self._credit < _MODEL:
            return
        text = line.decode()
        common = _MEMBER.sub(r"\1", text)
        model = self._models.get(common)
        self._credit -= _LOOK
        if model is None:
            self._credit -= _MODEL
            model = _Model(text, fact)
            if model.read(text) != (fact, facts.encode(fact).decode()):
                return
            self._models[common] = model
        self._following[self._last] = self._last = model
