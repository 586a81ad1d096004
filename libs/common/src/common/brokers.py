"""How an address of Kafka is read: plain, or with TLS, a user and a password, as one setting that may be a file.

`host:port,host:port` speaks plainly. `kafkas://user:password@host:port,host:port?ca=/etc/ca.pem` speaks TLS, checks the
broker's name and certificate against that file (else against the system's), and signs in by SCRAM-SHA-512.
"""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SCHEME = "kafkas"
_FORM = "kafkas://user:password@host:port,…?ca=file"


class BadAddress(ValueError):
    """Kafka's address cannot be understood; the message never repeats it, for it may hold a password."""


def settings(address: str) -> dict[str, Any]:
    """What the client is to be told. Raises BadAddress."""
    if "://" not in address:
        return {"bootstrap_servers": address}
    parts = urlsplit(address)
    if parts.scheme != SCHEME:
        raise BadAddress(f"Kafka's address begins with {parts.scheme}://; give host:port or {_FORM}")
    signed, _, hosts = parts.netloc.rpartition("@")
    user, _, password = signed.partition(":")
    if not (user and password and hosts):
        raise BadAddress(f"Kafka's address lacks a user, a password or a host: {_FORM}")
    return {
        "bootstrap_servers": hosts.split(","),
        "security_protocol": "SASL_SSL",
        "ssl_cafile": _authority(parts.query),
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": unquote(user),
        "sasl_plain_password": unquote(password),
    }


def shown(address: str) -> str:
    """The address without user and password, for messages."""
    return address.rpartition("@")[2].partition("?")[0]


def _authority(query: str) -> str | None:
    given = parse_qs(query, keep_blank_values=True)
    if given.keys() - {"ca"}:
        raise BadAddress(f"Kafka's address knows `ca` only, not {', '.join(sorted(given.keys() - {'ca'}))}: {_FORM}")
    return given["ca"][-1] if "ca" in given else None
