"""`python -m common.topics FILE`: creates the topics of FILE that do not exist yet; changes none that do."""

from pathlib import Path
from typing import Any

import typer
import yaml

from common import kafka

app = typer.Typer(help=__doc__)


def create(bootstrap: str, wanted: dict[str, dict[str, Any]], prefix: str = "") -> list[str]:
    """Creates the missing topics of `{name: {partitions, replication, config}}`; returns the names made now."""
    client = kafka.admin(bootstrap)
    try:
        present = set(client.list_topics())
        missing = {prefix + name: _spec(topic) for name, topic in wanted.items() if prefix + name not in present}
        if missing:
            client.create_topics(missing)
        return sorted(missing)
    finally:
        client.close()


def _spec(topic: dict[str, Any]) -> dict[str, Any]:
    return {
        "num_partitions": topic.get("partitions", kafka.PARTITIONS),
        "replication_factor": topic.get("replication", 1),
        "configs": {key: str(value) for key, value in topic.get("config", {}).items()},
    }


@app.command()
def main(
    file: Path = typer.Argument(..., help="The YAML file that lists the topics."),
    bootstrap: str = typer.Option(..., envvar="KAFKA_BOOTSTRAP_SERVERS", help="Kafka's address, host:port."),
) -> None:
    """Create the topics of FILE that do not exist yet."""
    made = create(bootstrap, yaml.safe_load(file.read_text(encoding="utf-8"))["topics"])
    typer.echo(f"{len(made)} topics created" + (": " + ", ".join(made) if made else ""))


if __name__ == "__main__":
    app()
