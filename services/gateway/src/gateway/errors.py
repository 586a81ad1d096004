"""What a page cannot show: nobody is signed in, a service refused, a service does not answer."""

from dataclasses import dataclass, field
from typing import Any


class SignedOut(Exception):
    """No session, or one that identity ended: the way leads to the sign-in page."""


class Unreachable(Exception):
    """A service did not answer in time; the page says so and offers to try again."""


@dataclass
class Refused(Exception):
    """A problem document of a service (RFC 9457); `detail` is in the reader's language."""

    status: int
    code: str
    detail: str
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, problem: dict[str, Any]) -> "Refused":
        """Reads the document; a body that is none is told by its status alone."""
        errors = problem.get("errors") or []
        fields = {str(e.get("pointer", e.get("field", ""))).strip("/"): str(e.get("detail", "")) for e in errors}
        return cls(status, str(problem.get("code", "")), str(problem.get("detail", "")), fields)
