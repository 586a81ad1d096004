"""The catalogues of `locale/`, read as translators keep them: no compiled form to forget."""

import io
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("ru", "kk")


@cache
def translations(language: str) -> GNUTranslations:
    """The texts of one language, by their English originals."""
    source = files("gateway") / "locale" / language / "LC_MESSAGES" / "gateway.po"
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def text(language: str, message: str, **values: object) -> str:
    """A text with its values."""
    return translations(language).gettext(message) % values if values else translations(language).gettext(message)
