"""Asks a service by its own command, with the environment of one of its processes."""

import json
import subprocess
import sys
from typing import Any

from common.doctor import ILL
from native.paths import ROOT
from native.site import Site
from native.supervisor import environment_of


def told(site: Site, process: str, package: str, *words: str, answered: tuple[int, ...] = (0,)) -> Any:
    """The JSON it prints; `error` with its last words when it ended with another status than `answered`."""
    done = asked(site, process, package, *words)
    if done.returncode not in answered:
        return {"error": (done.stderr or done.stdout).strip()[-500:]}
    return json.loads(done.stdout)


def findings(site: Site, process: str, package: str) -> Any:
    """What a service's own `doctor` says: a list, or `error`; with its status for what is ill it has answered, too."""
    return told(site, process, package, "doctor", "--json", answered=(0, ILL))


def asked(site: Site, process: str, package: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command as it ended."""
    program = [sys.executable, "-m", package, *words]
    environment = environment_of(site.plan.named(process))
    return subprocess.run(program, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
