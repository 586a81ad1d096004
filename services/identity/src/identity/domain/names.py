"""User names, e-mail addresses and account numbers as people type them, and the keys under which they are compared."""

import re
import unicodedata

from identity.errors import BadAccountNumber, BadEmail, BadUserName

# Pairs that look alike in print (after folding case), from the Unicode list of confusables as far as Latin, Cyrillic,
# Kazakh and Greek go.
_LOOK_ALIKES = str.maketrans(
    "авеёзіјкмнорсѕтуүұхһԛԝαβεικνορτυχ01",
    "abee3ijkmhopcstyyyxhqwabeikvoptyxol",
)
_ALLOWED = re.compile(r"[^\W_](?:[\w.\-]{1,38})[^\W_]")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,20}", re.ASCII)


def clean_user_name(typed: str) -> str:
    """The name as it is shown: composed, without invisible characters; raises BadUserName."""
    name = _visible(unicodedata.normalize("NFKC", typed)).strip()
    if _ALLOWED.fullmatch(name) is None:
        raise BadUserName(field="/user_name")
    return name


def name_key(typed: str) -> str:
    """What a name is compared by: case, invisible characters and look-alike letters do not tell two names apart."""
    folded = _visible(unicodedata.normalize("NFKC", typed)).strip().casefold()
    return unicodedata.normalize("NFKC", folded.translate(_LOOK_ALIKES))


def clean_email(typed: str) -> str:
    """One address with its domain in the form of DNS; raises BadEmail."""
    local, at, domain = typed.strip().rpartition("@")
    host = _dns_form(domain)
    well_formed = at and len(local) <= 64 and _LOCAL.fullmatch(local) and host and len(local) + len(host) < 254
    if not well_formed:
        raise BadEmail(field="/email")
    return f"{local}@{host}"


def email_key(email: str) -> str:
    """What an address is compared by: mailboxes that differ only in case are one."""
    return email.casefold()


def login_key(typed: str) -> tuple[str, bool]:
    """What somebody signs in with, as it is compared, and whether it is an address rather than a name."""
    by_email = "@" in typed
    return email_key(typed.strip()) if by_email else name_key(typed), by_email


def clean_account_number(typed: str) -> str:
    """An account number without the blanks people copy along; raises BadAccountNumber."""
    number = "".join(_visible(typed).split())
    if _NUMBER.fullmatch(number) is None:
        raise BadAccountNumber(field="/account")
    return number


def _visible(text: str) -> str:
    """Without format and control characters: zero-width joiners, direction overrides and their like."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Cs", "Co", "Cn"))


def _dns_form(domain: str) -> str | None:
    try:
        host = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = host.split(".")
    return host if len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) else None
