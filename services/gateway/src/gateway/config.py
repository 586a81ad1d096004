"""Settings of the gateway, read once from the environment."""

from dataclasses import dataclass

from common.env import BadSettings, load

DEMO_SECRET = "demo-secret-that-protects-nothing-at-all"  # noqa: S105  # refused unless DEMO says so
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
    demo: bool = False
    log_level: str = "INFO"


def from_environment() -> Config:
    """The settings, or one BadSettings that lists what is wrong; the demonstration's secret serves only for one."""
    config = load(Config)
    if config.gateway_secret == DEMO_SECRET and not config.demo:
        raise BadSettings("GATEWAY_SECRET is the demonstration's: make one of 32 or more random characters")
    if len(config.gateway_secret) < _SHORTEST_SECRET:
        raise BadSettings("GATEWAY_SECRET is shorter than 32 characters")
    return config
