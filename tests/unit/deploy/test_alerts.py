"""Alert rules name metrics that exist, and each has its section in the runbook."""

import re

import pytest
import yaml
from prometheus_client import REGISTRY

from common import telemetry
from native.paths import ROOT

GROUPS = yaml.safe_load((ROOT / "deploy" / "observability" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
KNOWN = {sample.name for metric in REGISTRY.collect() for sample in metric.samples} | {
    f"{metric.name}{end}" for metric in REGISTRY.collect() for end in ("", "_total")
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_names_known_metrics_and_a_page(rule: dict[str, str | dict[str, str]]) -> None:
    """A renamed metric would silence its alarm."""
    assert telemetry.LAG in REGISTRY._collector_to_names
    named = set(re.findall(r"settlement_\w+", str(rule["expr"]))) - {"settlement"}
    assert named <= KNOWN
    page, _, anchor = rule["annotations"]["runbook"].partition("#")  # type: ignore[index]  # a table of texts
    heading = f"## {rule['alert']}"
    assert heading in (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert anchor == str(rule["alert"]).lower()
