"""`python -m common.topics FILE`: creates the topics of FILE that do not exist yet; changes none that do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml

from common import kafka
from common.env import load
from common.process import settings_or_exit

READY_S = 60.0
app = typer.Typer(help=__doc__)


def create(bootstrap: str, wanted: dict[str, dict[str, Any]], prefix: str = "") -> list[str]:
    """Creates the missing topics of `{name: {partitions, replication, config}}`; returns the names made now.

    They can be used at once; raises kafka.KafkaError when a partition of them does not answer within a minute.
    """
    client = kafka.admin(bootstrap)
    try:
        present = set(client.list_topics())
        missing = {prefix + name: _spec(topic) for name, topic in wanted.items() if prefix + name not in present}
        if missing:
            client.create_topics(missing)
            kafka.wait_until_led(bootstrap, {name: spec["num_partitions"] for name, spec in missing.items()}, READY_S)
        return sorted(missing)
    finally:
        client.close()


def grants(wanted: dict[str, dict[str, Any]], prefix: str = "") -> list[kafka.Grant]:
    """What each service may do: write its own topics, read those that name it, and use groups under its own name.

    provider-sync makes and uses the inboxes of senders as well (`x-inboxes`).
    """
    found = []
    for name, topic in wanted.items():
        found += [kafka.Grant(topic["owner"], "topic", prefix + name, kafka.OWNING)]
        found += [kafka.Grant(reader, "topic", prefix + name, kafka.READING) for reader in topic.get("readers", ())]
    for service in {topic["owner"] for topic in wanted.values()}:
        found += [kafka.Grant(service, "group", f"{prefix}{service}.", ("READ",), begins=True)]
        found += [kafka.Grant(service, "group", kafka.RESTORE_GROUP, ("READ",))]
    inboxes = kafka.Grant("provider-sync", "topic", f"{prefix}providers.", (*kafka.OWNING, "CREATE"), begins=True)
    return [*found, inboxes]


def differences(bootstrap: str, wanted: dict[str, dict[str, Any]], prefix: str = "") -> list[str]:
    """Where the broker's topics are not those of the file: missing, another number of partitions, another setting."""
    client = kafka.admin(bootstrap)
    try:
        names = {prefix + name: _spec(topic) for name, topic in wanted.items()}
        found = {t["name"]: t for t in client.describe_topics(list(names)) if not t.get("error_code")}
        settings = kafka.topic_settings(client, sorted(found))
        return [text for name, spec in names.items() for text in _different(name, spec, found, settings)]
    finally:
        client.close()


def _different(
    name: str, spec: dict[str, Any], found: dict[str, Any], settings: dict[str, dict[str, str]]
) -> Iterator[str]:
    if name not in found:
        yield f"{name} is missing"
        return
    if (count := len(found[name]["partitions"])) != spec["num_partitions"]:
        yield f"{name} has {count} partitions instead of {spec['num_partitions']}"
    for key, value in spec["configs"].items():
        if (there := settings[name].get(key)) != value:
            yield f"{name}: {key} is {there} instead of {value}"


def _spec(topic: dict[str, Any]) -> dict[str, Any]:
    return {
        "num_partitions": topic.get("partitions", kafka.PARTITIONS),
        "replication_factor": topic.get("replication", 1),
        "configs": {key: str(value) for key, value in topic.get("config", {}).items()},
    }


@dataclass(frozen=True)
class Config:
    """Where Kafka is, and with `grants` that it knows its clients and is told who may do what."""

    kafka_bootstrap_servers: str
    kafka_grants: bool = False


@app.command()
def main(file: Path = typer.Argument(..., help="The YAML file that lists the topics.")) -> None:
    """Create the topics of FILE that do not exist yet (KAFKA_BOOTSTRAP_SERVERS; KAFKA_GRANTS=yes: with their ACLs)."""
    config = settings_or_exit(lambda: load(Config))
    wanted = yaml.safe_load(file.read_text(encoding="utf-8"))["topics"]
    made = create(config.kafka_bootstrap_servers, wanted)
    typer.echo(f"{len(made)} topics created" + (": " + ", ".join(made) if made else ""))
    if config.kafka_grants:
        kafka.allow(config.kafka_bootstrap_servers, grants(wanted))
        typer.echo("owners may write, readers may read, nobody else")


if __name__ == "__main__":
    app()
