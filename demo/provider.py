"""A sender's side of provider-sync: files and single facts under its key."""

import gzip
from pathlib import Path
from typing import Any

from demo.doors import Door, wait_for
from demo.records import Row

GZIP_FROM_BYTES = 100_000
_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_ENDED = ("done", "refused")


class Sender:
    """One sender with its key."""

    def __init__(self, base: str, key: str) -> None:
        self._door = Door(base, f"Bearer {key}")

    def upload(self, path: Path, form: str, batch: str, totals: dict[str, str] | None = None) -> str:
        """Send a file; the answer is the upload's id. Large files travel packed."""
        body, headers = path.read_bytes(), {"Content-Type": _TYPES[form]}
        if len(body) > GZIP_FROM_BYTES:
            body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
        query = {"format": form, "batch": batch, **(totals or {})}
        return str(self._door.json("POST", "/v1/uploads", 202, params=query, content=body, headers=headers)["id"])

    def state(self, upload: str) -> dict[str, Any]:
        """How far an upload is."""
        answer: dict[str, Any] = self._door.json("GET", f"/v1/uploads/{upload}", 200)
        return answer

    def finished(self, upload: str, deadline_s: float = 180) -> dict[str, Any]:
        """The upload when it is done or refused."""

        def look() -> dict[str, Any] | None:
            state = self.state(upload)
            return state if state["state"] in _ENDED else None

        return wait_for(f"the end of upload {upload}", look, deadline_s)

    def rejected(self, upload: str) -> str:
        """The refused rows, as the file they come back as."""
        return self._door.call("GET", f"/v1/uploads/{upload}/rejected", 200).text

    def push(self, facts: list[Row]) -> list[dict[str, Any]]:
        """Send single facts; one result for each."""
        results: list[dict[str, Any]] = self._door.json("POST", "/v1/facts", 200, json={"facts": facts})["results"]
        return results
