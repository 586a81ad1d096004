"""Routes of batches that came before with another content: what differs, and the word that is needed."""

from uuid import UUID

from flask import Response
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI

from provider_sync.api import models, render
from provider_sync.api.door import Door, answers, json
from provider_sync.handlers import uploads
from provider_sync.handlers.base import Act
from provider_sync.store.keys import Key

_BATCHES = Tag(
    name="batches", description="A batch sent again with another content: shown, then confirmed or dismissed."
)


def add(app: OpenAPI, door: Door) -> None:
    """All routes of this file."""

    def state(key: Key, ident: UUID) -> Response:
        found = uploads.own(door.base, key.owner, ident)
        return json(render.upload(found, uploads.counted_differences(door.base, found)))

    @app.get("/v1/uploads/<uuid:upload>/differences", **answers(None, _BATCHES))
    def differences(path: models.UploadPath) -> Response:
        """What the file changes beside the batch that came before, row by row, as NDJSON.

        Each line: `line` in the file (null for rows it lacks), `reference`, `what` (`new`, `adjusted`, `replaced`,
        `missing`), the amounts it `was` and `becomes`, and the names of the `fields` that differ.
        """
        found = uploads.own(door.base, door.key().owner, path.upload)
        return Response(uploads.differences(door.base, found), content_type="application/x-ndjson")

    @app.post("/v1/uploads/<uuid:upload>/confirm", **answers(models.UploadState, _BATCHES, more=("408", "409")))
    def confirm(path: models.UploadPath) -> Response:
        """The changed batch is meant as it is: rows that are new are taken, rows that changed answer `conflict`.

        To have changed rows corrected and missing ones undone, send the file again with `supersedes` instead.
        """
        key = door.key()
        uploads.confirm(door.base, key.owner, path.upload, Act(key.id))
        return state(key, path.upload)

    @app.post("/v1/uploads/<uuid:upload>/dismiss", **answers(models.UploadState, _BATCHES, more=("408", "409")))
    def dismiss(path: models.UploadPath) -> Response:
        """The changed batch was sent by mistake: nothing of it is taken."""
        key = door.key()
        uploads.dismiss(door.base, door.spool, key.owner, path.upload, Act(key.id))
        return state(key, path.upload)
