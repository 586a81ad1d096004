"""Refusals of provider-sync: of a fact (rows.py), of a call (calls.py), and what the gate says (held.py)."""

from common.errors import Refusal
from provider_sync.errors.calls import *  # noqa: F403  # the two files are one list, split by length
from provider_sync.errors.held import *  # noqa: F403  # the same
from provider_sync.errors.rows import *  # noqa: F403  # the same


def by_code(code: str) -> type[Refusal]:
    """The class of a stored code, for its text in another language."""
    own = (kind for kind in Refusal.__subclasses__() if kind.__module__.startswith(__name__))
    return next((kind for kind in own if kind.code == code), Refusal)
