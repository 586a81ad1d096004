"""The catalogues: nothing missing, nothing left untranslated, nothing unused."""

import gettext
import io
import re
from importlib.resources import files
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from receipts.errors import _REASONS
from receipts.render import texts
from receipts.render.texts import LANGUAGES, Language

# The same word in both languages.
SAME = {"tariff", "cause_tariff", "channel_bank", "channel_terminal", "channel_cash", "title_short_both"}
_KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_FAMILIES = re.compile("(basis|source|channel|premises|reason|month|cause)_")


def po(language: Language) -> Catalog:
    """The catalogue as a translator's tool reads it, the strict way."""
    with files("receipts").joinpath(f"locale/{language}/LC_MESSAGES/receipts.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def test_every_text_exists_in_both_languages() -> None:
    """No text is missing, empty or fuzzy, and no kk one equals the ru one outside a short list."""
    assert texts.catalogue("ru").keys() == texts.catalogue("kk").keys()
    for language in LANGUAGES:
        entries = [entry for entry in po(language) if entry.id]
        assert [e.id for e in entries if e.fuzzy or not str(e.string).strip()] == []
        assert len(entries) == len(texts.catalogue(language))
    same = {key for key, ru in texts.catalogue("ru").items() if ru == texts.catalogue("kk")[key]}
    assert same == SAME


def test_the_russian_text_stands_above_each_kazakh_one() -> None:
    """A speaker proof-reads one file; a Russian text that was changed is seen here."""
    stale = [e.id for e in po("kk") if e.id and list(e.auto_comments) != [texts.text(str(e.id), "ru")]]
    assert stale == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_compile(language: Language) -> None:
    """As GNU gettext reads them, too: the compiled form says the same."""
    compiled = io.BytesIO()
    write_mo(compiled, po(language))
    compiled.seek(0)
    spoken = gettext.GNUTranslations(compiled)
    assert all(spoken.gettext(key) == said for key, said in texts.catalogue(language).items())


def test_both_languages_have_the_same_placeholders() -> None:
    """A translation that forgets a sum is a wrong bill."""
    for key in texts.catalogue("ru"):
        ru, kk = ({name for _, name, _, _ in Formatter().parse(texts.text(key, at)) if name} for at in LANGUAGES)
        assert ru == kk, key


def test_no_kazakh_letter_is_found_in_a_russian_text() -> None:
    """Nor are Kazakh months written with Russian letters only, where Kazakh has its own."""
    for key, ru in texts.catalogue("ru").items():
        assert not _KAZAKH.search(ru) or key == "title_short_both", key
    months = [texts.text(f"month_{number:02d}", "kk") for number in range(1, 13)]
    assert sum(bool(_KAZAKH.search(month)) for month in months) == 8


def test_the_template_uses_no_text_the_catalogue_lacks_and_none_is_unused() -> None:
    """Every key has a reader: the template, the view or a code from outside."""
    sources = [files("receipts").joinpath(f"templates/{name}").read_text() for name in ("receipt.html", "verify.html")]
    sources += [f.read_text() for f in files("receipts").joinpath("render").iterdir() if f.name.endswith(".py")]
    sources.append(files("receipts").joinpath("api/__init__.py").read_text())
    used = " ".join(sources)
    for key in texts.catalogue("ru"):
        assert _FAMILIES.match(key) or re.search(rf"""[."']{key}\b""", used), key


def test_every_failure_has_its_texts() -> None:
    """A stated failure is stated in the reader's language."""
    for code, said in _REASONS.items():
        assert set(said) == {"ru", "kk", "en"}, code
        assert _KAZAKH.search(said["kk"]), code
