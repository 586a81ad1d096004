"""Settings of provider-sync, read once from the environment."""

from dataclasses import dataclass
from pathlib import Path

SERVICE = "provider-sync"
ACCOUNTS_TOPIC = "provider-sync.accounts.v1"
HOLDERS_TOPIC = "provider-sync.holders.v1"
DIRECTORY_TOPIC = "provider-sync.directory.v1"
# deploy/kafka/topics.yaml states the same rule under x-inboxes.
INBOX_TOPICS = {
    "providers.{provider}.inbox.v1": {
        "partitions": 12,
        "config": {"cleanup.policy": "delete", "retention.ms": 2592000000},
    },
    "providers.{provider}.outbox.v1": {
        "partitions": 12,
        "config": {"cleanup.policy": "delete", "retention.ms": 2592000000},
    },
}


@dataclass(frozen=True)
class Config:
    """Every process reads all of them; sizes in bytes, times in seconds. tests set `topic_prefix`."""

    database_url: str
    topic_prefix: str = ""
    kafka_bootstrap_servers: str = "127.0.0.1:19092"
    http_host: str = "127.0.0.1"
    http_port: int = 18101
    http_shared: bool = False
    admin_port: int = 0
    consumer_member: str = ""
    web_workers: int = 1
    web_threads: int = 48
    web_connections: int = 8
    currency: str = "KZT"
    spool_dir: Path = Path(".run/spool")
    profiles_dir: Path = Path()
    gate_rules: Path = Path()
    ack_key_file: Path = Path(".run/ack-key.pem")
    upload_limit_bytes: int = 8 << 30
    unpacked_limit_bytes: int = 16 << 30
    facts_limit_bytes: int = 4 << 20
    atomic_rows_max: int = 50_000
    batch_rows: int = 8_000
    load_workers: int = 2
    lease_s: int = 30
    log_level: str = "INFO"
    running_role: str = ""


@dataclass(frozen=True)
class Operator:
    """The key of who acts, `<key id>.<secret>`; better in a file that OPERATOR_KEY_FILE names."""

    operator_key: str


@dataclass(frozen=True)
class OperatorFile:
    """Where a new operator's key is put with `operators issue --save`."""

    operator_key_file: Path
