"""The ledger's settings; see common.env for how they are read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """One value from the environment; `topic_prefix` lets tests have topics of their own."""

    database_url: str
    kafka_bootstrap_servers: str = "127.0.0.1:19092"
    http_host: str = "127.0.0.1"
    http_port: int = 18102
    http_shared: bool = False
    admin_port: int = 0
    web_workers: int = 1
    web_threads: int = 8
    currency: str = "KZT"
    topic_prefix: str = ""
    consumer_member: str = ""
    close_chunk: int = 200
    directory_fresh_s: int = 30
    log_level: str = "INFO"
    running_role: str = ""

    def topic(self, name: str) -> str:
        """The topic's name on this installation's broker."""
        return self.topic_prefix + name


@dataclass(frozen=True)
class Operator:
    """Who acts by the command line."""

    operator_key: str
