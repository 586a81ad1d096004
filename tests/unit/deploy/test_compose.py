"""docker-compose.yml, as containers and as the native runner read it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from native.compose import COMPOSE_FILE, NotANumber, Plan, filled, placed, read_plan, shifted
from native.paths import ROOT

SCRIPTS = Path(sys.executable).parent
FOLDER = Path("/data")


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan of the committed file, whatever the environment of the tester says."""
    for name in ("CURRENCY", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    return read_plan(FOLDER, 0, COMPOSE_FILE)


def test_the_file_follows_the_compose_specification() -> None:
    """An unknown key would be ignored or refused only when somebody starts the containers."""
    command = [str(SCRIPTS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE_FILE)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_dockerfile_has_no_known_mistakes() -> None:
    """Hadolint finds what a build would not."""
    checked = subprocess.run([SCRIPTS / "hadolint", ROOT / "deploy" / "Dockerfile"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_every_lasting_process_has_an_admin_port_of_its_own(plan: Plan) -> None:
    """Two processes on one port would make one of them die for ever."""
    ports = [p.environment["ADMIN_PORT"] for p in plan.lasting()]
    ports += [p.environment["HTTP_PORT"] for p in plan.lasting() if p.name != "mail" and p.public_url]
    assert len(ports) == len(set(ports))


def test_a_process_is_built_from_the_service_whose_command_it_runs() -> None:
    """The image and the command name the same service."""
    services = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    built = {
        name: service for name, service in services.items() if "build" in service and name not in ("mail", "topics")
    }
    for name, service in built.items():
        part = service["build"]["args"]["SERVICE"]
        assert name.startswith(part)
        assert service["command"][2] == part.replace("-", "_")


def test_what_a_process_needs_is_in_the_file(plan: Plan) -> None:
    """Nobody waits for what never comes."""
    known = {process.name for process in plan.processes} | {"postgres", "kafka", "redis"}
    assert all(process.needs <= known for process in plan.processes)


def test_natively_a_process_finds_the_servers_of_this_machine(plan: Plan) -> None:
    """The variables of the file are filled from its x-native part."""
    settings = plan.named("receipts-worker").environment
    assert settings["DATABASE_URL"] == "postgresql://receipts:receipts@127.0.0.1:15432/receipts"
    assert settings["REDIS_URL"] == "redis://127.0.0.1:16379/0"
    assert settings["FILES_DIR"] == "/data/files/receipts"
    assert settings["CURRENCY"] == "KZT"


def test_a_second_checkout_moves_every_port_once() -> None:
    """Addresses that were put in for a variable are not moved twice."""
    plan = read_plan(FOLDER, 1000, COMPOSE_FILE)
    settings = plan.named("identity-web").environment
    assert settings["DATABASE_URL"].endswith("@127.0.0.1:16432/identity")
    assert settings["PUBLIC_URL"] == "http://127.0.0.1:19103"
    assert settings["ADMIN_PORT"] == "19203"
    assert plan.ports["KAFKA"] == 20092


def test_only_our_ports_are_moved() -> None:
    """Other numbers stay what they are."""
    assert shifted("a:18101/b 15 20000 115000 1.18101", 500) == "a:18601/b 15 20000 115000 1.18101"


def test_a_variable_without_a_value_takes_its_default() -> None:
    """As compose fills it."""
    assert filled("${A:-x}/${B}/${C:-y}", {"A": "1"}) == "1//y"


def test_only_the_data_folder_is_placed() -> None:
    """Another path stays."""
    assert placed(".run/files", FOLDER) == "/data/files"
    assert placed("/srv/.run", FOLDER) == "/srv/.run"


def test_as_many_processes_of_a_kind_as_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a name in its consumer group and an admin port; webs of a kind share their public port."""
    monkeypatch.setenv("LEDGER_PROJECTORS", "12")
    monkeypatch.setenv("LEDGER_WEBS", "2")
    plan = read_plan(FOLDER, 0, COMPOSE_FILE)
    projectors = [p for p in plan.lasting() if p.name.startswith("ledger-project")]
    assert {p.environment["CONSUMER_MEMBER"] for p in projectors} == {f"ledger-project-{n}" for n in range(1, 13)}
    ports = [p.environment["ADMIN_PORT"] for p in plan.lasting()]
    assert len(ports) == len(set(ports))
    webs = [plan.named("ledger-web"), plan.named("ledger-web-2")]
    assert [(w.environment["HTTP_PORT"], w.environment["HTTP_SHARED"]) for w in webs] == [("18102", "yes")] * 2
    assert plan.named("identity-web").environment["HTTP_SHARED"] == "no"


@pytest.mark.parametrize("wanted", ["0", "13", "many"])
def test_a_wrong_number_of_processes_is_refused(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is started, with the process's name."""
    monkeypatch.setenv("RECEIPT_WORKERS", wanted)
    with pytest.raises(NotANumber, match="receipts-worker"):
        read_plan(FOLDER, 0, COMPOSE_FILE)
