"""Every example looks as it was looked at and found good, in every language; pictures are left in tests/paper/out."""

from dataclasses import replace

import pytest
from PIL import Image

from receipts.examples import EXAMPLES, example
from receipts.examples.statements import decoded
from receipts.render.document import render
from receipts.render.texts import PRINTED, Printed
from tests.paper.pictures import LOOKS, OUT, alike, difference, document, look, pictures, stem

ONE_PAGE = [name for name in EXAMPLES if name != "many"]
# Forty pages in `make test`; those that differ from another one in a few words only are left to `make test-full`.
ALIKE = {(name, "ru+kk") for name in ("debt", "advance", "adjustment", "reissued", "masked", "zeros")}
CASES = [
    pytest.param(name, language, marks=[pytest.mark.slow] if (name, language) in ALIKE else [])
    for name in EXAMPLES
    for language in PRINTED
]


@pytest.mark.parametrize(("name", "language"), CASES)
def test_an_example_looks_as_committed(name: str, language: Printed) -> None:
    """Page by page, within a tolerance; `python -m tests.paper` draws the committed ones anew."""
    pages = pictures(document(name, language).data, stem(name, language))
    committed = sorted(LOOKS.glob(f"{stem(name, language)}-*.png"))
    assert [page.name for page in pages] == [page.name for page in committed]
    for page, then in zip(pages, committed, strict=True):
        with Image.open(then) as image:
            now = look(page)
            assert alike(now, image), f"{page.name} differs by {difference(now, image)}, see {OUT}"


@pytest.mark.parametrize("name", ONE_PAGE)
def test_up_to_fifteen_services_are_one_page(name: str) -> None:
    """In Russian and in Kazakh, which is a tenth wider; of at most 80 kB, also with both languages side by side."""
    assert [document(name, language).pages for language in ("ru", "kk")] == [1, 1]
    looked_at = [language for language in PRINTED if (name, language) not in ALIKE]
    assert all(len(document(name, language).data) <= 80_000 for language in looked_at)


def test_another_digit_is_seen() -> None:
    """What the comparison must not overlook: one sum that is another by a thousand tenge."""
    found = EXAMPLES["fifteen"]()
    found.statement["rows"][4]["charged"] += 100_000
    other = replace(example("fifteen", "ru"), statement=decoded(found.statement))
    changed = look(pictures(render(other).data, "seen")[0])
    with Image.open(LOOKS / "fifteen.ru-1.png") as committed:
        assert not alike(changed, committed), difference(changed, committed)
