"""`settlement doctor`: what each service says of itself, and what only an outsider sees: processes, topics, disk."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import typer
import yaml

from common import topics
from common.doctor import ILL, Finding, State, line
from common.kafka import KafkaError
from native.asking import asked, findings
from native.paths import ROOT
from native.site import Site, answer

SERVICES = {
    "provider_sync": "provider-sync-project",
    "ledger": "ledger-project",
    "identity": "identity-project",
    "receipts": "receipts-project",
}
TOPICS = ROOT / "deploy" / "kafka" / "topics.yaml"
_FREE_ILL, _FREE_WATCH = 0.05, 0.15


def look(site: Site, deep: bool) -> dict[str, list[Finding]]:
    """All findings, by who said them; services are asked at the same time."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        said = dict(zip(SERVICES, pool.map(lambda package: _service(site, package), SERVICES), strict=True))
    if deep:
        said["ledger"].append(_folded(site))
    return {"centre": [*_processes(site), *_topics(site), *_disk(site)], **said}


def show(found: dict[str, list[Finding]]) -> None:
    """A section for each, and the sum in one sentence."""
    for who, said in found.items():
        typer.echo(f"\n{who.replace('_', '-')}")
        for finding in said:
            typer.echo(f"  {line(finding)}")
    states = [finding.state for said in found.values() for finding in said]
    ill, watch = states.count("ill"), states.count("watch")
    typer.echo(f"\n{ill} to act on now, {watch} to look at, {states.count('well')} well")


def _service(site: Site, package: str) -> list[Finding]:
    said = findings(site, SERVICES[package], package)
    if isinstance(said, dict):
        return [Finding("doctor", "ill", f"`python -m {package} doctor` did not answer: {said['error']}")]
    return [Finding(**one) for one in said]


def _folded(site: Site) -> Finding:
    """One account in a hundred, folded from the log by code that shares nothing with the ledger's."""
    done = asked(site, SERVICES["ledger"], "ledger", "verify", "--log", "--one-in", "100")
    if done.returncode == 0:
        return Finding("fold", "well", "one account in a hundred agrees with a second fold of the log")
    if done.returncode == ILL:
        return Finding("fold", "ill", "balances and log disagree: `python -m ledger verify --log` names the accounts")
    return Finding("fold", "ill", f"`ledger verify --log` did not answer: {done.stderr.strip()[-300:]}")


def _processes(site: Site) -> Iterator[Finding]:
    lasting = site.plan.lasting()
    with ThreadPoolExecutor(len(lasting)) as pool:
        answers = dict(zip((process.name for process in lasting), pool.map(answer, lasting), strict=True))
    down = {name: said for name, said in answers.items() if said}
    for name, said in down.items():
        yield Finding("processes", "ill", f"{name} is not ready: {said}")
    yield Finding("processes", "well", f"{len(answers) - len(down)} of {len(answers)} are ready")


def _topics(site: Site) -> Iterator[Finding]:
    kafka = site.plan.named("topics").setting("KAFKA_BOOTSTRAP_SERVERS")
    wanted = yaml.safe_load(TOPICS.read_text(encoding="utf-8"))["topics"]
    try:
        wrong = topics.differences(kafka, wanted)
    except KafkaError as error:
        yield Finding("topics", "ill", f"Kafka does not answer ({type(error).__name__}): is it running?")
        return
    for text in wrong:
        yield Finding("topics", "ill", f"{text}; deploy/kafka/topics.yaml says how it is to be")
    if not wrong:
        yield Finding("topics", "well", f"{len(wanted)} are as deploy/kafka/topics.yaml says")


def _disk(site: Site) -> Iterator[Finding]:
    usage = shutil.disk_usage(site.folder)
    free = usage.free / usage.total
    state: State = "ill" if free < _FREE_ILL else "watch" if free < _FREE_WATCH else "well"
    yield Finding("disk", state, f"{usage.free / 2**30:,.0f} GiB free of {usage.total / 2**30:,.0f}")
