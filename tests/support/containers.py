"""The tests' servers as containers, from the images of docker-compose.yml.

Not verified: no container engine was at hand when this was written; only the choice is tested.
"""

import json
from pathlib import Path
from typing import Any

import docker
import yaml
from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs

from native.paths import ROOT
from native.servers import free_ports
from tests.support.servers import Addresses


def start(folder: Path) -> Addresses:
    """Start the three containers, and write their ids down for `stop`."""
    images = _images()
    port = free_ports().kafka
    postgres = (
        DockerContainer(images["postgres"]).with_env("POSTGRES_HOST_AUTH_METHOD", "trust").with_exposed_ports(5432)
    )
    redis = DockerContainer(images["redis"]).with_exposed_ports(6379)
    kafka = _kafka(images["kafka"], port)
    for container, sign in ((postgres, "ready to accept"), (redis, "Ready to accept"), (kafka, "Kafka Server started")):
        container.start()
        wait_for_logs(container, sign, timeout=90)
    ids = [one.get_wrapped_container().id for one in (postgres, redis, kafka)]
    (folder / "containers.json").write_text(json.dumps(ids))
    host = postgres.get_container_host_ip()
    return Addresses(
        f"postgresql://postgres@{host}:{postgres.get_exposed_port(5432)}/postgres",
        f"{host}:{port}",
        f"redis://{host}:{redis.get_exposed_port(6379)}/0",
        "containers",
    )


def stop(folder: Path) -> None:
    """Remove the containers that `start` made."""
    client = docker.from_env()
    for one in json.loads((folder / "containers.json").read_text()):
        client.containers.get(one).remove(force=True, v=True)
    client.close()


def _kafka(image: str, port: int) -> DockerContainer:
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:{port}",
        "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    container = DockerContainer(image).with_bind_ports(port, port)
    for name, value in settings.items():
        container = container.with_env(f"KAFKA_{name}", value)
    return container


def _images() -> dict[str, str]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: services[name]["image"] for name in ("postgres", "kafka", "redis")}
