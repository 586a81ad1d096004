"""Settings of receipts, read once from the environment."""

from dataclasses import dataclass

from common.env import load


@dataclass(frozen=True)
class Config:
    """One field per variable, named like it."""

    database_url: str
    kafka_bootstrap_servers: str
    redis_url: str
    files_dir: str
    admin_port: int = 0
    http_host: str = "127.0.0.1"
    http_port: int = 18104
    http_shared: bool = False
    web_workers: int = 1
    web_threads: int = 8
    public_url: str = "http://127.0.0.1:18104"
    log_level: str = "INFO"
    running_role: str = ""
    topic_prefix: str = ""
    consumer_member: str = ""
    s3_endpoint: str = ""
    render_processes: int = 2
    render_limit_s: int = 30
    sweep_every_s: int = 30
    draft_deadline_s: int = 60
    bulk_turns: int = 2
    verify_per_minute: int = 60


@dataclass(frozen=True)
class Operator:
    """Who acts by the command line."""

    operator: str


def from_environment() -> Config:
    """The settings, or one BadSettings that lists what is wrong."""
    return load(Config)
