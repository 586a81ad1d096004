"""The public HTTP APIs of the centre, called on behalf of a reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import msgspec
from urllib3 import BaseHTTPResponse, Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from gateway.errors import Refused, SignedOut, Unreachable

Json = dict[str, Any]
Service = Literal["identity", "ledger", "receipts"]
_TIMEOUT = Timeout(connect=2.0, read=12.0)
_KEPT_CONNECTIONS = 64


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
        self._pools = {
            name: (
                connection_from_url(address, maxsize=_KEPT_CONNECTIONS, timeout=_TIMEOUT, retries=False),
                urlsplit(address).path.rstrip("/"),
            )
            for name, address in addresses.items()
        }

    def get(self, service: Service, path: str, reader: Reader, **query: Any) -> Json:
        """The answer as JSON; raises Refused, SignedOut, Unreachable."""
        return _json(self.call(service, "GET", path, reader, params=query))

    def send(self, service: Service, method: str, path: str, reader: Reader, body: Json | None, key: str = "") -> Json:
        """A change with a JSON body; `key` is the Idempotency-Key where the call needs one."""
        headers = {"Idempotency-Key": key} if key else {}
        return _json(self.call(service, method, path, reader, json=body, headers=headers))

    def call(
        self,
        service: Service,
        method: str,
        path: str,
        reader: Reader,
        *,
        params: Mapping[str, Any] | None = None,
        json: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> BaseHTTPResponse:
        """The raw answer of a call that went well."""
        pool, prefix = self._pools[service]
        target = prefix + path + (f"?{urlencode(params)}" if params else "")
        try:
            answer = pool.request(method, target, json=json, headers={**reader.headers(), **(headers or {})})
        except HTTPError as error:
            raise Unreachable(service) from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise _refused(answer, reader)
        return answer

    def close(self) -> None:
        """Ends the connections."""
        for pool, _ in self._pools.values():
            pool.close()


def _refused(answer: BaseHTTPResponse, reader: Reader) -> Exception:
    problem = _json(answer) if "json" in answer.headers.get("Content-Type", "") else {}
    if answer.status == HTTPStatus.UNAUTHORIZED and reader.token:
        return SignedOut()
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not problem:
        return Unreachable(str(answer.status))
    return Refused.of(answer.status, problem)


def _json(answer: BaseHTTPResponse) -> Json:
    found: Json = msgspec.json.decode(answer.data) if answer.data else {}
    return found
