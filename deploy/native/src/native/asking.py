"""Asks a service by its own command, with the environment of one of its processes."""

import json
import subprocess
import sys
from typing import Any

from native.paths import ROOT
from native.site import Site
from native.supervisor import environment_of


def told(site: Site, process: str, package: str, *words: str) -> Any:
    """The JSON it prints; `error` with its last words when it prints none."""
    done = asked(site, process, package, *words)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"error": (done.stderr or done.stdout).strip()[-500:]}


def asked(site: Site, process: str, package: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command as it ended."""
    program = [sys.executable, "-m", package, *words]
    environment = environment_of(site.plan.named(process))
    return subprocess.run(program, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
