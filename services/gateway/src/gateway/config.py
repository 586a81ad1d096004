"""Settings of the gateway, read once from the environment."""

from dataclasses import dataclass

from common.env import BadSettings, load

_SHORTEST_SECRET = 32


@dataclass(frozen=True)
class Config:
    """One field per variable, named like it."""

    database_url: str
    identity_url: str
    ledger_url: str
    receipts_url: str
    gateway_secret: str
    http_host: str = "127.0.0.1"
    http_port: int = 18100
    http_shared: bool = False
    admin_port: int = 0
    web_workers: int = 1
    web_threads: int = 8
    cookie_secure: bool = True
    trusted_proxies: int = 0
    idle_hours: int = 12
    log_level: str = "INFO"
    running_role: str = ""


def from_environment() -> Config:
    """The settings, or one BadSettings that lists what is wrong."""
    config = load(Config)
    if len(config.gateway_secret) < _SHORTEST_SECRET:
        raise BadSettings("GATEWAY_SECRET is shorter than 32 characters")
    return config
