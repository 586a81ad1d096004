"""Every text of the cabinet exists in both languages, with the same places for values."""

import io
import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from native.paths import ROOT

SOURCE = ROOT / "services" / "gateway" / "src" / "gateway"
PLACES = re.compile(r"%\((\w+)\)s")
# The same word in both languages.
ALIKE = {"Тариф", "Код", "банк", "терминал", "касса", "тиын"}


def catalogue(language: str) -> dict[str, str]:
    """What translators wrote."""
    data = (SOURCE / "locale" / language / "LC_MESSAGES" / "gateway.po").read_bytes()
    return {str(m.id): str(m.string) for m in read_po(io.BytesIO(data), locale=language) if m.id and not m.fuzzy}


@pytest.fixture(scope="module")
def said() -> set[str]:
    """What templates and code say."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    keywords = {"_": None, "say": None}
    return {str(found[2]) for found in extract_from_dir(SOURCE, methods, {}, keywords)}


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_nothing_is_said_that_a_reader_would_get_in_english(said: set[str], language: str) -> None:
    """Each text has a translation that is neither empty nor fuzzy, and none is left over."""
    found = catalogue(language)
    assert said - found.keys() == set()
    assert found.keys() - said == set()
    assert [message for message, text in found.items() if not text.strip()] == []


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_places_for_values_are_those_of_the_original(language: str) -> None:
    """A missing place loses a sum, an unknown one breaks the page."""
    for message, text in catalogue(language).items():
        assert sorted(PLACES.findall(message)) == sorted(PLACES.findall(text)), message


def test_kazakh_is_not_russian() -> None:
    """A text copied from the other language would be noticed."""
    russian, kazakh = catalogue("ru"), catalogue("kk")
    assert {text for message, text in kazakh.items() if russian[message] == text} <= ALIKE
