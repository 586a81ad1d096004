"""Every refusal explains itself: a code of its own, and texts in Russian, Kazakh and English."""

import re
import string
from collections import Counter

import pytest

from common.errors import Refusal
from provider_sync import errors

REFUSALS = sorted(
    (k for k in Refusal.__subclasses__() if k.__module__.startswith("provider_sync")), key=lambda k: k.__name__
)


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_refusal_speaks_three_languages_with_the_same_parameters(kind: type[Refusal]) -> None:
    """And each text is in its own language."""
    assert set(kind.texts) == {"ru", "kk", "en"}
    names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in kind.texts.values()]
    assert names[0] == names[1] == names[2]
    assert re.search("[а-я]", kind.texts["ru"])
    assert re.search("[әғқңөұүһі]", kind.texts["kk"])
    assert not re.search("[а-яәғқңөұүһі]", kind.texts["en"])
    assert kind.__doc__


def test_codes_are_distinct_and_can_be_found_again() -> None:
    """Stored codes get their text in the reader's language later."""
    counted = Counter(kind.code for kind in REFUSALS)
    assert max(counted.values()) == 1
    assert all(errors.by_code(kind.code) is kind for kind in REFUSALS)
