"""deploy/kubernetes, without a cluster: the schemas of Kubernetes, and the compose file's own list of processes."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from native.compose import COMPOSE_FILE
from native.paths import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
BASE, CITY = FOLDER / "base", FOLDER / "city"
CUSTOM = {"ScaledObject", "TriggerAuthentication"}
Manifest = dict[str, Any]


def manifests(folder: Path) -> list[Manifest]:
    """What the folder's kustomization names, in this folder; that each file is there is part of the test."""
    named = yaml.safe_load((folder / "kustomization.yaml").read_text())
    files = [name for name in named["resources"] if name.endswith(".yaml")]
    files += [patch["path"] for patch in named.get("patches", [])]
    return [found for file in files for found in yaml.safe_load_all((folder / file).read_text())]


def kind(name: str) -> dict[str, Manifest]:
    """The base's manifests of a kind, by name."""
    return {one["metadata"]["name"]: one for one in manifests(BASE) if one["kind"] == name}


def container(manifest: Manifest) -> Manifest:
    """The one container of a deployment or job."""
    (found,) = manifest["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize("folder", [BASE, CITY], ids=["base", "city"])
def test_every_manifest_follows_the_schema_of_its_kind(folder: Path) -> None:
    """Strictly: a mistyped field is refused here, not ignored there."""
    for manifest in manifests(folder):
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, "1.37", strict=True)


def test_a_mistyped_field_is_refused() -> None:
    """The check can fail."""
    wrong = kind("Deployment")["ledger-web"]
    wrong["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


def test_the_processes_are_those_of_the_compose_file() -> None:
    """Each with the same command and ports; nothing is forgotten when one is added there."""
    services = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    ours = {name: one for name, one in services.items() if one.get("image", "").startswith("settlement/")}
    found = kind("Deployment") | kind("Job")
    assert found.keys() == ours.keys() - {"mail"}
    for name, manifest in found.items():
        assert container(manifest)["command"] == ours[name]["command"]
        wanted = {str(ours[name]["environment"].get(key)) for key in ("HTTP_PORT", "ADMIN_PORT")} - {"None"}
        assert {str(port["containerPort"]) for port in container(manifest).get("ports", [])} == wanted


def test_what_a_manifest_names_is_there() -> None:
    """Settings, deployments that are guarded or scaled, files, and in the city's overlay images and numbers."""
    deployments, settings = kind("Deployment"), kind("ConfigMap")
    for manifest in [*deployments.values(), *kind("Job").values()]:
        named = {one["configMapRef"]["name"] for one in container(manifest)["envFrom"] if "configMapRef" in one}
        assert named <= settings.keys()
        claims = [v["persistentVolumeClaim"]["claimName"] for v in _volumes(manifest) if "persistentVolumeClaim" in v]
        assert set(claims) <= kind("PersistentVolumeClaim").keys()
    assert kind("PodDisruptionBudget").keys() <= deployments.keys()
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in kind("ScaledObject").values()}
    assert scaled == {"ledger-project", "receipts-worker"}
    city = yaml.safe_load((CITY / "kustomization.yaml").read_text())
    assert {one["name"] for one in city["replicas"]} <= deployments.keys()
    assert {one["name"] for one in city["images"]} == {container(one)["image"] for one in deployments.values()}


def test_each_process_asks_for_the_memory_that_it_was_seen_to_take() -> None:
    """By the table of `make bench-footprint`; a limit leaves room for half as much again."""
    table = (ROOT / "docs" / "figures" / "footprint.md").read_text()
    most = dict(re.findall(r"^\| ([a-z-]+) \| \d+ \| (\d+) \|", table, re.MULTILINE))
    for name, manifest in kind("Deployment").items():
        given = container(manifest)["resources"]
        asked, limit = (int(given[what]["memory"].removesuffix("Mi")) for what in ("requests", "limits"))
        assert int(most[name]) <= asked <= limit / 1.5, name


def test_no_secret_is_written_down() -> None:
    """Secrets are named, and made by whoever holds them."""
    assert not [one for folder in (BASE, CITY) for one in manifests(folder) if one["kind"] == "Secret"]
    named = {one["secretRef"]["name"] for d in kind("Deployment").values() for one in container(d)["envFrom"][-1:]}
    assert named == {"provider-sync", "ledger", "identity", "receipts", "gateway"}


def _volumes(manifest: Manifest) -> list[Manifest]:
    return list(manifest["spec"]["template"]["spec"]["volumes"])
