"""The operator of the centre: provider-sync's own command line, run as a command."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any


class OperatorRefused(Exception):
    """The operator's command did not do what was asked."""


class Operator:
    """Adds providers, issues keys, closes months, under a key of the demo's own."""

    def __init__(self, command: str, folder: Path) -> None:
        words = shlex.split(command)
        # The very interpreter that runs the demo, whatever the PATH says.
        self._command = [sys.executable if words[0] == "python" else words[0], *words[1:]]
        self._second = folder / "second-operator.key"

    def sign_on(self) -> None:
        """Become the first operator; who was it before has the key in the file that OPERATOR_KEY_FILE names."""
        try:
            self._run("operators", "issue", "demo", "--save", "--json")
        except OperatorRefused as refusal:
            if "operator-key-required" not in str(refusal) and "too-many-live-keys" not in str(refusal):
                raise

    def add_provider(self, sender: str, name_ru: str, name_kk: str) -> None:
        """Make a sender known; repeating it changes nothing."""
        self._run("providers", "add", sender, "--name-ru", name_ru, "--name-kk", name_kk)

    def issue_key(self, owner: str, scopes: list[str], label: str) -> str:
        """A new key, as its owner writes it into the Authorization header."""
        answer = self._run("keys", "issue", "--owner", owner, "--scopes", ",".join(scopes), "--label", label, "--json")
        issued: dict[str, Any] = json.loads(answer)
        return str(issued["key"])

    def close(self, month: str) -> None:
        """Close a month, confirmed by a second operator of the demo's; one that is closed already stays so."""
        if not self._second.exists():
            self._run("operators", "issue", "demo-second", "--to", str(self._second), "--reason", "confirms closes")
        why = ("--reason", "nobody of the demo says that this was all")
        try:
            self._run("periods", "close", month, "--confirm-key", str(self._second), *why, "--json")
        except OperatorRefused as refusal:
            if "already closed" not in str(refusal):
                raise

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._command, *words], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise OperatorRefused(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout
