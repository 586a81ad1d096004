"""Certificates and passwords of a hardened set, made when they are not there, each in a file only its owner reads.

For development and tests: the authority's own key is thrown away at once, so that nobody signs with it later.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

NAMES = ("127.0.0.1", "localhost", "postgres", "kafka", "redis")
BROKER = "settlement-broker"


@dataclass(frozen=True)
class Credentials:
    """A folder of secrets."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate by which clients know the servers."""
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> Path:
        """The servers' certificate with its chain."""
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        """The key to it (PKCS #8, which Java reads as well)."""
        return self.folder / "server.key"

    def make(self) -> None:
        """Certificates for this machine and for the containers' names, unless they are there."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.authority.exists():
            return
        authority = trustme.CA()
        issued = authority.issue_cert(*NAMES, common_name=BROKER)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        write(self.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
        write(self.certificate, "".join(part.bytes().decode() for part in issued.cert_chain_pems))
        # Last, for it says that all are there.
        write(self.authority, authority.cert_pem.bytes().decode())

    def password(self, user: str) -> str:
        """The user's password; the first to ask makes it."""
        file = self.folder / f"{user}.password"
        if not file.exists():
            write(file, secrets.token_urlsafe(24))
        return file.read_text()

    def setting(self, name: str, value: str) -> str:
        """The path of a file that holds a setting, for `X_FILE`."""
        write(self.folder / name, value)
        return str(self.folder / name)


def needed(credentials: Credentials | None) -> Credentials:
    """The credentials of a hardened server; to ask a plain one for an address with a password is our mistake."""
    if credentials is None:
        raise ValueError("this server is not hardened")
    return credentials


def write(file: Path, text: str) -> None:
    """Writes a file that nobody else may read, not even for a moment."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)
