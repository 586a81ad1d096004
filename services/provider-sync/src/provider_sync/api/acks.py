"""Routes of signed acknowledgements, and the public keys they are checked with."""

import json as plain
from collections.abc import Iterator
from uuid import UUID

from flask import Response
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI

from common.clock import to_wire
from provider_sync.api import models
from provider_sync.api.door import Door, answers, json
from provider_sync.gateways.signing import AckKey
from provider_sync.handlers import acks
from provider_sync.store.seals import Stored

_TAG = Tag(
    name="acknowledgements",
    description="What the centre signs for: counts, sums per service and month, sequences, and digests of the stored "
    "facts, each naming the digest of the one before.",
)
KEYS_PATH = "/.well-known/acknowledgement-keys.json"


def add(app: OpenAPI, door: Door) -> None:
    """All routes of this file."""

    def stored(name: str) -> Stored:
        owner = door.key().owner
        if name.isdigit():
            return acks.of_number(door.base, owner, int(name))
        return acks.of_batch(door.base, owner, UUID(name))

    @app.get("/v1/acknowledgements", **answers(models.AckList, _TAG))
    def chain(query: models.AckPage) -> Response:
        """Your acknowledgements by number. Every batch has one about a minute after it ended, or as soon as you ask."""
        page = acks.page(door.base, door.key().owner, query.after, query.limit)
        links = [
            {"number": s.no, "at": to_wire(s.at), "sha256": acks.digest_of(s.body), "batches": _batches(s)}
            for s in page
        ]
        return json({"acknowledgements": links, "next": page[-1].no if len(page) == query.limit else None})

    @app.get("/v1/acknowledgements/<string:name>", **answers(None, _TAG, more=("409",)))
    def one(path: models.AckPath) -> Response:
        """An acknowledgement as a compact JWS (ES256), by upload, by the `batch` of a push, or by number.

        409 `not-ended` while the upload runs. Keep it: with it you can prove what the centre took.
        """
        signed = acks.sign(door.base, AckKey.at(door.config.ack_key_file), stored(path.name))
        return Response(signed + "\n", content_type="application/jose")

    @app.get("/v1/acknowledgements/<string:name>/rows", **answers(None, _TAG, more=("409",)))
    def rows(path: models.AckPath) -> Response:
        """The stored facts behind it as NDJSON: account, sequence, id and data, from which its digests follow."""
        found = acks.rows(door.base, stored(path.name))
        return Response(_lines(found), content_type="application/x-ndjson")

    @app.get(KEYS_PATH, tags=[_TAG], responses={"200": models.JsonWebKeySet})
    def keys() -> Response:
        """The public keys of all acknowledgements ever signed, as a JWK set; no API key is needed."""
        known = acks.public_keys(door.base, AckKey.at(door.config.ack_key_file))
        return json({"keys": [jwk | {"kid": kid, "use": "sig", "alg": "ES256"} for kid, jwk in known.items()]})


def _batches(stored: Stored) -> list[str]:
    said = plain.loads(stored.body)
    return list(dict.fromkeys([*(b["id"] for b in said["batches"]), *(e["batch"] for e in said["entries"])]))


def _lines(found: Iterator[dict[str, object]]) -> Iterator[str]:
    for row in found:
        yield plain.dumps(row, ensure_ascii=False) + "\n"
