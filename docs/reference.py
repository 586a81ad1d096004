"""Hooks of the site: pages made from the contracts and the decisions, so that no list is kept by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

SERVICES = Path(__file__).parents[1] / "services"
DECISIONS = Path(__file__).parent / "adr"
CODES = SERVICES / "provider-sync" / "contracts" / "codes.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page of calls and the OpenAPI document per service, the codes, and the list of decisions."""
    for document in sorted(SERVICES.glob("*/contracts/openapi.json")):
        folder = f"reference/{document.parents[1].name}"
        files.append(File.generated(config, f"{folder}/api.md", content=_calls(document)))
        files.append(File.generated(config, f"{folder}/openapi.json", content=document.read_text("utf-8")))
    files.append(File.generated(config, "reference/provider-sync/codes.md", content=CODES.read_text("utf-8")))
    files.append(File.generated(config, "adr/index.md", content=_decisions()))
    return files


def _calls(document: Path) -> str:
    spec = json.loads(document.read_text("utf-8"))
    rows = "\n".join(_rows(spec["paths"]))
    return (
        f"# HTTP API of {document.parents[1].name}\n\nAll fields and answers stand in [openapi.json](openapi.json).\n\n"
        f"| call | what |\n|---|---|\n{rows}\n"
    )


def _rows(paths: dict[str, dict[str, Any]]) -> Iterator[str]:
    for path, calls in paths.items():
        for verb, call in calls.items():
            yield f"| `{verb.upper()} {path}` | {call['summary']} |"


def _decisions() -> str:
    pages = sorted(page for page in DECISIONS.glob("0*.md"))
    titles = (page.read_text("utf-8").splitlines()[0].lstrip("# ") for page in pages)
    return "# Decisions\n\n" + "\n".join(f"- [{title}]({page.name})" for page, title in zip(pages, titles, strict=True))
