"""Alert rules and dashboards against Prometheus's own tool: they are well-formed, name what exists, fire and clear."""

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
import yaml
from prometheus_client import REGISTRY

from common import consumer, telemetry
from native.compose import COMPOSE_FILE
from native.paths import ROOT

FOLDER = ROOT / "deploy" / "observability"
GROUPS = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
BOARDS = sorted(FOLDER.glob("dashboards/*.json"))
ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
KNOWN = {metric.name + end for metric in REGISTRY.collect() for end in ENDS.get(metric.type, ())}


def named(expression: str) -> set[str]:
    """The metrics of ours that an expression names."""
    return set(re.findall(r"settlement_\w+", expression))


def expressions(board: Path) -> list[str]:
    """What the panels of a dashboard ask for."""
    panels = json.loads(board.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def promtool(*words: object) -> str:
    """What it prints; wrong input is a failed test. `make setup` as root installs it with the other test tools."""
    if which("promtool") is None:
        pytest.skip("promtool is not installed here: apt-get install prometheus")
    done = subprocess.run(["promtool", *map(str, words)], cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_names_known_metrics_and_a_page(rule: dict[str, str | dict[str, str]]) -> None:
    """A renamed metric would silence its alarm."""
    assert telemetry.LAG in REGISTRY._collector_to_names
    assert named(str(rule["expr"])) <= KNOWN
    page, _, anchor = rule["annotations"]["runbook"].partition("#")  # type: ignore[index]  # a table of texts
    heading = f"## {rule['alert']}"
    assert heading in (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert anchor == str(rule["alert"]).lower()


def test_a_counter_that_an_alert_looks_at_is_there_before_it_first_counts() -> None:
    """Prometheus sees no increase in a series that begins with 1: the first stall would ring for nobody."""
    asked = "from common import telemetry as t; print(t.generate_latest().decode())"
    shown = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    for kind in ("broker", "partition"):
        assert f'settlement_stalls_total{{kind="{kind}"}} 0.0' in shown


def test_prometheus_asks_while_a_process_that_stood_still_waits_to_be_asked() -> None:
    """Or nobody would ever see the counter that dies with it."""
    told = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert int(told.removesuffix("s")) + 2 < consumer.TOLD_S


def test_each_alert_fires_by_its_fault_and_clears() -> None:
    """By series written down for each: first the alarm, then none."""
    promtool("test", "rules", "alerts_test.yml")
    cases = yaml.safe_load((FOLDER / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    seen = [(case["alertname"], bool(case["exp_alerts"])) for test in cases for case in test["alert_rule_test"]]
    assert sorted(seen) == sorted((rule["alert"], fires) for rule in RULES for fires in (True, False))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_each_dashboard_asks_for_known_metrics_in_prometheus_language(board: Path, tmp_path: Path) -> None:
    """Each question as the expression of a rule, which promtool reads."""
    asked = expressions(board)
    assert set().union(*map(named, asked)) <= KNOWN
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": board.stem, "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", "--lint=none", file)


def test_every_metric_is_shown_somewhere() -> None:
    """A metric that no dashboard asks for is a cost without a reader."""
    shown = set().union(*(named(expression) for board in BOARDS for expression in expressions(board)))
    unread = {m.name for m in REGISTRY.collect() if m.name.startswith("settlement_") and not _shown(m.name, shown)}
    assert unread == set()


def _shown(metric: str, shown: set[str]) -> bool:
    return any(name.startswith(metric) for name in shown)


def test_prometheus_asks_every_process_of_the_compose_file() -> None:
    """All but the catcher of mail, which is for demonstrations."""
    promtool("check", "config", "prometheus.yml")
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    asked = {(name, str(found["port"])) for found in job["dns_sd_configs"] for name in found["names"]}
    services = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    ours = {name: one.get("environment", {}) for name, one in services.items() if name != "mail"}
    assert asked == {(name, str(one["ADMIN_PORT"])) for name, one in ours.items() if "ADMIN_PORT" in one}
