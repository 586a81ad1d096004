"""The public HTTP APIs of the centre, called on behalf of a reader."""

from dataclasses import dataclass
from typing import Any, Literal

import httpx
import msgspec

from gateway.errors import Refused, SignedOut, Unreachable

Json = dict[str, Any]
Service = Literal["identity", "ledger", "receipts"]
_TIMEOUT = httpx.Timeout(12.0, connect=2.0)
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16)


@dataclass(frozen=True)
class Reader:
    """On whose behalf: language of texts, access token, position that reads must have reached, address, request id."""

    language: str
    token: str = ""
    after: str = ""
    address: str = ""
    agent: str = ""
    request_id: str = ""

    def headers(self) -> dict[str, str]:
        """What goes with each call."""
        given = {
            "Accept-Language": self.language,
            "Authorization": f"Bearer {self.token}" if self.token else "",
            "Read-After": self.after,
            "X-Forwarded-For": self.address,
            "User-Agent": self.agent,
            "X-Request-Id": self.request_id,
        }
        return {name: value for name, value in given.items() if value}


class Centre:
    """One pool of connections per service; made after the fork."""

    def __init__(self, identity: str, ledger: str, receipts: str) -> None:
        addresses = {"identity": identity, "ledger": ledger, "receipts": receipts}
        self._clients = {
            name: httpx.Client(base_url=address, timeout=_TIMEOUT, limits=_LIMITS)
            for name, address in addresses.items()
        }

    def get(self, service: Service, path: str, reader: Reader, **query: Any) -> Json:
        """The answer as JSON; raises Refused, SignedOut, Unreachable."""
        return _json(self.call(service, "GET", path, reader, params=query))

    def send(self, service: Service, method: str, path: str, reader: Reader, body: Json | None, key: str = "") -> Json:
        """A change with a JSON body; `key` is the Idempotency-Key where the call needs one."""
        headers = {"Idempotency-Key": key} if key else {}
        return _json(self.call(service, method, path, reader, json=body, headers=headers))

    def call(self, service: Service, method: str, path: str, reader: Reader, **more: Any) -> httpx.Response:
        """The raw answer of a call that went well."""
        headers = reader.headers() | more.pop("headers", {})
        try:
            answer = self._clients[service].request(method, path, headers=headers, **more)
        except httpx.TransportError as error:
            raise Unreachable(service) from error
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise _refused(answer, reader)
        return answer

    def close(self) -> None:
        """Ends the connections."""
        for client in self._clients.values():
            client.close()


def _refused(answer: httpx.Response, reader: Reader) -> Exception:
    problem = _json(answer) if "json" in answer.headers.get("Content-Type", "") else {}
    if answer.status_code == httpx.codes.UNAUTHORIZED and reader.token:
        return SignedOut()
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and not problem:
        return Unreachable(str(answer.status_code))
    return Refused.of(answer.status_code, problem)


def _json(answer: httpx.Response) -> Json:
    found: Json = msgspec.json.decode(answer.content) if answer.content else {}
    return found
