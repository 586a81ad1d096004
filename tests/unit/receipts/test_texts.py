"""The catalogue: nothing missing, nothing left untranslated."""

import re
from importlib.resources import files
from string import Formatter

from receipts.errors import _REASONS
from receipts.render import texts

# The same word in both languages.
SAME = {"tariff", "channel_bank", "channel_terminal", "channel_cash", "coefficient"}
_KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")


def test_every_text_exists_in_both_languages() -> None:
    """No kk text is empty, and none equals the ru one outside a short list."""
    for key, (ru, kk) in texts._CATALOGUE.items():
        assert ru.strip(), key
        assert kk.strip(), key
        assert (ru == kk) == (key in SAME), key


def test_both_languages_have_the_same_placeholders() -> None:
    """A translation that forgets a sum is a wrong bill."""
    for key, pair in texts._CATALOGUE.items():
        ru, kk = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in pair)
        assert ru == kk, key


def test_no_kazakh_letter_is_found_in_a_russian_text() -> None:
    """Nor are Kazakh months written with Russian letters only, where Kazakh has its own."""
    for key, (ru, _) in texts._CATALOGUE.items():
        assert not _KAZAKH.search(ru), key
    assert sum(bool(_KAZAKH.search(month)) for month in texts.MONTHS["kk"]) == 8


def test_the_template_uses_no_text_the_catalogue_lacks_and_none_is_unused() -> None:
    """Every key has a reader: the template, the view or a code from outside."""
    sources = [files("receipts").joinpath(f"templates/{name}").read_text() for name in ("receipt.html", "verify.html")]
    sources += [f.read_text() for f in files("receipts").joinpath("render").iterdir() if f.name.endswith(".py")]
    sources.append(files("receipts").joinpath("api/__init__.py").read_text())
    used = " ".join(source for source in sources if "_CATALOGUE" not in source)
    for key in texts._CATALOGUE:
        family = re.match("(basis|source|channel|premises|reason)_", key)
        assert family or re.search(rf"""[."']{key}\b""", used), key


def test_every_failure_has_its_texts() -> None:
    """A stated failure is stated in the reader's language."""
    for code, said in _REASONS.items():
        assert set(said) == {"ru", "kk", "en"}, code
        assert _KAZAKH.search(said["kk"]), code
