"""Settings of identity, read once from the environment."""

from dataclasses import dataclass, field

from common.env import BadSettings, load
from common.money import BadAmount, Tiyn, parse_amount

_SECRET_LENGTH = 32


@dataclass(frozen=True)
class Config:
    """One field per variable, named like it."""

    database_url: str
    kafka_bootstrap_servers: str
    identity_key_secret: str = field(repr=False)
    admin_port: int = 0
    http_host: str = "127.0.0.1"
    http_port: int = 18103
    http_shared: bool = False
    web_workers: int = 1
    web_threads: int = 8
    trusted_proxies: int = 0
    public_url: str = "http://127.0.0.1:18103"
    cabinet_url: str = "http://127.0.0.1:18100"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 18025
    mail_from: str = "cabinet@settlement.example"
    log_level: str = "INFO"
    running_role: str = ""
    topic_prefix: str = ""
    consumer_member: str = ""
    hash_concurrency: int = 2
    proof_minimum: str = "500.00"
    proofs_per_account: int = 5
    proofs_per_user: int = 10
    proofs_per_source: int = 100
    proof_failures_in_city: int = 500
    masked_for_h: int = 72
    one_time_code_days: int = 30
    mails_per_address: int = 5
    mail_lease_s: int = 60
    free_sign_ins: int = 5

    @property
    def minimum(self) -> Tiyn:
        """Payments below it prove nothing."""
        return parse_amount(self.proof_minimum)

    @property
    def budgets(self) -> dict[str, int]:
        """Tries a day, by kind of budget."""
        return {
            "account": self.proofs_per_account,
            "person": self.proofs_per_user,
            "source": self.proofs_per_source,
            "mail": self.mails_per_address,
        }


@dataclass(frozen=True)
class Operator:
    """Who acts by the command line."""

    operator: str


def from_environment() -> Config:
    """The settings, or one BadSettings that lists what is wrong."""
    config = load(Config)
    mistakes = list(_mistakes(config))
    if mistakes:
        raise BadSettings("settings are wrong or missing:\n  " + "\n  ".join(mistakes))
    return config


def _mistakes(config: Config) -> list[str]:
    found = []
    if len(config.identity_key_secret) < _SECRET_LENGTH:
        found.append(f"IDENTITY_KEY_SECRET: needs at least {_SECRET_LENGTH} characters")
    try:
        parse_amount(config.proof_minimum)
    except BadAmount as error:
        found.append(f"PROOF_MINIMUM: {error}")
    return found
