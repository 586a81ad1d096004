"""The containers: no root, nothing to write on but what is named, no secret inside the image."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from native.compose import COMPOSE_FILE
from native.paths import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SECRET = re.compile(r"secret|password|token|_key\b", re.IGNORECASE)


def instructions(word: str) -> list[str]:
    """The Dockerfile's lines that begin with the word."""
    return [line.removeprefix(word).strip() for line in DOCKERFILE.splitlines() if line.startswith(f"{word} ")]


def test_an_image_runs_as_a_user_without_rights() -> None:
    """The last word on the user is a number that is not root's, so that Kubernetes can check it."""
    assert int(instructions("USER")[-1]) >= 10_000
    last = max(DOCKERFILE.rindex(word) for word in ("\nRUN ", "\nCOPY "))
    assert last < DOCKERFILE.rindex("\nUSER ")


def test_no_secret_is_baked_into_an_image() -> None:
    """What ENV, ARG or COPY brings stands in every layer for ever."""
    brought = [*instructions("ENV"), *instructions("ARG"), *instructions("COPY")]
    assert brought
    assert not [line for line in brought if SECRET.search(line) or line.split()[0] == "."]


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_writes_nowhere_and_gains_nothing(name: str) -> None:
    """Its root is read-only, it has no capability, and no program in it can get one."""
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "user" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_a_published_port_is_for_this_machine_only(name: str) -> None:
    """What other machines are to reach stands behind a proxy with TLS."""
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


def compose_client() -> bool:
    """Whether this machine has Docker's client with its compose plugin."""
    found = shutil.which("docker")
    return bool(found) and not subprocess.run([str(found), "compose", "version"], capture_output=True).returncode


@pytest.mark.skipif(not compose_client(), reason="docker compose is not installed; the schema check runs everywhere")
def test_docker_compose_reads_the_file() -> None:
    """Merges, variables and conditions as the client itself understands them."""
    command = ["docker", "compose", "-f", str(COMPOSE_FILE), "config", "--quiet"]
    read = subprocess.run(command, capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
