"""`make bench-receipts`: receipts a second on one core (F7) beside plain WeasyPrint, and the memory of a worker.

Needs no server. Pairs are interleaved, so that a busy machine slows both alike; CPU time counts, not the clock.
"""

import gc
import statistics
import time
from collections.abc import Callable
from importlib.resources import files
from typing import Annotated

import psutil
import typer
import weasyprint

from receipts.examples import EXAMPLES, example
from receipts.render import pdf
from receipts.render.document import render
from receipts.render.layout import Inputs, page
from receipts.render.texts import Language

NAMES = [name for name in EXAMPLES if name != "many"]
_FORM: tuple[Language, ...] = ("ru", "kk")


def plain(inputs: Inputs, language: Language) -> bytes:
    """As a first try would: the same form with its style inside, nothing shared between documents."""
    style = files("receipts").joinpath("templates/receipt.css").read_text(encoding="utf-8")
    html = pdf._template().render(p=page(inputs), lang=language, form="one")
    html = html.replace("</head>", f"<style>{style}</style></head>")
    fonts = {f"font:{f.name}": (f.read_bytes(), "font/woff2") for f in files("receipts").joinpath("fonts").iterdir()}
    code = {"qr:code": (pdf._qr(inputs.verify_url), "image/png")}
    document = weasyprint.HTML(string=html, url_fetcher=pdf._OnlyOurs(fonts | code))
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return made


def measure(
    rounds: Annotated[int, typer.Option(envvar="ROUNDS", help="Pairs of all examples in both languages.")] = 5,
    renders: Annotated[int, typer.Option(envvar="RENDERS", help="Documents made while memory is watched.")] = 2000,
) -> None:
    """Prints the ratio pair by pair, its median, and the memory after every quarter of the renders."""
    jobs = [(example(name, language), language) for name in NAMES for language in _FORM]
    for inputs, language in jobs[:2]:
        render(inputs)
        plain(inputs, language)
    ratios = []
    for _ in range(rounds):
        ours = _cpu_s(lambda: [render(inputs) for inputs, _ in jobs])
        theirs = _cpu_s(lambda: [plain(inputs, language) for inputs, language in jobs])
        ratios.append(theirs / ours)
        typer.echo(f"{len(jobs) / ours:.2f} receipts/s of CPU, plain {len(jobs) / theirs:.2f}: {ratios[-1]:.2f}×")
    typer.echo(f"median {statistics.median(ratios):.2f}×, from {min(ratios):.2f}× to {max(ratios):.2f}×")
    gc.collect()
    for number in range(1, renders + 1):
        render(jobs[number % len(jobs)][0])
        if number % max(1, renders // 4) == 0:
            typer.echo(f"after {number} renders {psutil.Process().memory_info().rss / 2**20:.0f} MiB")


def _cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    typer.run(measure)
