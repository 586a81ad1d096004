"""`python -m native.audit`: the locked packages held against the published advisories, by pip-audit."""

import json
import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer

from native.paths import ROOT

LOCK = ROOT / "requirements.txt"
app = typer.Typer(help=__doc__)


@app.command()
def main(
    program: Annotated[Path, typer.Option(help="pip-audit, installed apart from what it audits.")],
    required: Annotated[bool, typer.Option(envvar="AUDIT_REQUIRED", help="Not to know is a failure, too.")] = False,
) -> None:
    """Exit 1 when a package has a known hole; without a source of advisories say so, and exit 0 or, if required, 3."""
    options = ["--requirement", str(LOCK), "--disable-pip", "--require-hashes", "--format=json"]
    command = [str(program), *options, "--progress-spinner=off"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    raise typer.Exit(judged(ended.stdout, ended.stderr, required=required))


def judged(answer: str, errors: str, *, required: bool) -> int:
    """The exit status for pip-audit's JSON, and a line for each thing found; an empty answer is no answer."""
    packages: list[dict[str, Any]] = json.loads(answer)["dependencies"] if answer.strip() else []
    unknown = [package for package in packages if "skip_reason" in package]
    holes = [(package, hole) for package in packages for hole in package.get("vulns", ())]
    for package, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        typer.echo(f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}")
    known = len(packages) - len(unknown)
    if not known:
        why = "it knows none of the packages" if packages else (errors.strip() or "no answer").splitlines()[-1]
        typer.echo(f"NOT AUDITED: no source of advisories answers here ({why}); repeat it with a network", err=True)
    else:
        typer.echo(f"{known} of {len(packages)} packages audited, {len(holes)} holes known")
    if holes:
        return 1
    return 3 if required and (unknown or not known) else 0


if __name__ == "__main__":
    app()
