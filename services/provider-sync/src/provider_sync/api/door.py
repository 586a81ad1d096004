"""What every route of the door shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response, request
from flask_openapi.models.tag import Tag

from common.web import problem_answers
from provider_sync.config import Config
from provider_sync.gateways import Spool
from provider_sync.handlers import access
from provider_sync.handlers.base import Base
from provider_sync.handlers.gathered import Gathering
from provider_sync.store.keys import Key


@dataclass(frozen=True)
class Door:
    """What every route needs."""

    base: Base
    spool: Spool
    config: Config
    gathering: Gathering

    def key(self) -> Key:
        """The caller's key; raises BadKey."""
        return access.authenticate(self.base, request.headers.get("Authorization"))


def answers(model: Any, tag: Tag, status: str = "200", more: Sequence[str] = ()) -> dict[str, Any]:
    """The documentation of a route: its answer, and the problems every route, and this one more, may answer with."""
    problems = problem_answers("401", "403", "404", "413", "415", *more)
    return {"tags": [tag], "security": [{"bearer": []}], "responses": {status: model, **problems}}


def json(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(body), status, content_type="application/json")
