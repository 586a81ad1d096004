"""The account number in the text that a payer typed."""

import re

# л/с, ЛС, лиц. счёт, лицевой счет №, л.сч., дербес шот, жеке шот, д/ш, account no.; never the end of another word.
_MARK = (
    r"(?<!\w)(?:лицев\w*\s*сч[её]т\w*|лицев\w*|лиц\.?\s*(?:сч[её]т\w*|сч\.?)|л\s*[/\\.]\s*сч?[её]?т?\w*\.?|лсч?\.?"
    r"|дербес\w*\s*(?:\(жеке\)\s*)?шот\w*|жеке\s*шот\w*|д\s*[/\\.]\s*ш\w*\.?|account|acct?\.?)"
)
_JOIN = r"[\s:=#№\-–—.]*(?:(?:no|n|номер\w*|нөмір\w*)(?![a-zа-я])[\s:=#№.]*)?"
# Groups of three digits are one number: reading the first group alone could name somebody else's account.
_NUMBER = r"([0-9]{1,3}(?: [0-9]{3})+(?![0-9])|[0-9]{3,20}(?![0-9]))"
_MARKED = re.compile(_MARK + _JOIN + _NUMBER, re.IGNORECASE)


def account_in(text: str) -> str | None:
    """The number behind one of the usual spellings of "account"; None when there is none or more than one."""
    plain = text.replace("\u00a0", " ")
    found = {number.replace(" ", "") for number in _MARKED.findall(plain)}
    return found.pop() if len(found) == 1 else None
