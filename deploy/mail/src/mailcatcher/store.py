"""The messages, one file each as they came; the file's name begins with the moment of arrival."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path


@dataclass(frozen=True)
class Message:
    """What a person sees of a message."""

    received_at: str
    sender: str
    to: list[str]
    subject: str
    text: str


def keep(folder: Path, content: bytes) -> None:
    """Write a message; under its final name it is always whole."""
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.eml"
    draft = folder / f".{name}"
    draft.write_bytes(content)
    draft.rename(folder / name)


def messages(folder: Path, to: str | None = None, limit: int = 100) -> list[Message]:
    """The newest messages first, only those to one address when it is given."""
    found: list[Message] = []
    for message in _newest_first(folder):
        if to is None or to.lower() in (address.lower() for address in message.to):
            found.append(message)
        if len(found) == limit:
            break
    return found


def _newest_first(folder: Path) -> Iterator[Message]:
    for file in sorted(folder.glob("[0-9]*.eml"), reverse=True):
        arrived = datetime.fromtimestamp(int(file.name[:20]) / 1e9, UTC)
        yield _read(file.read_bytes(), arrived.isoformat(timespec="milliseconds"))


def _read(content: bytes, received_at: str) -> Message:
    email = message_from_bytes(content, policy=policy.default)
    body = email.get_body(preferencelist=("plain", "html"))
    addresses = [one.addr_spec for name in ("to", "cc") for one in getattr(email[name], "addresses", ())]
    text = body.get_content() if body else ""
    return Message(received_at, str(email["from"] or ""), addresses, str(email["subject"] or ""), text)
