"""Documents as pictures: drawn by poppler, compared with the committed ones, laid out on contact sheets."""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from receipts.examples import example
from receipts.render.document import render
from receipts.render.pdf import Rendered
from receipts.render.texts import PRINTED, Printed

HERE = Path(__file__).parent
LOOKS, OUT = HERE / "looks", HERE / "out"
DPI, SHRINK, BLOCK, LEVELS = 100, 2, 4, 16
# Of 255, over a square of about two letters. Another poppler smooths letters a little differently; another digit or a
# line moved by a pixel is above.
BLOCK_TOLERANCE, MEAN_TOLERANCE = 12, 0.5


@cache
def document(name: str, language: Printed) -> Rendered:
    """An example's document; made once for all tests of a process."""
    return render(example(name, language))


def pictures(data: bytes, stem: str, folder: Path = OUT, dpi: int = DPI) -> list[Path]:
    """One PNG a page."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{stem}-*.png"):
        old.unlink()
    command = ["pdftoppm", "-r", str(dpi), "-png", "-", str(folder / stem)]
    subprocess.run(command, input=data, check=True, capture_output=True)
    return sorted(folder.glob(f"{stem}-*.png"))


def look(picture: Path) -> Image.Image:
    """What is committed of a page: half as large, sixteen greys."""
    with Image.open(picture) as page:
        grey = page.convert("L").reduce(SHRINK)
    return grey.point([value // LEVELS * (255 // (LEVELS - 1)) for value in range(256)])


def difference(now: Image.Image, then: Image.Image) -> tuple[float, float]:
    """The largest difference of a square and the mean one, of 255; pages of another size differ wholly."""
    if now.size != then.size:
        return 255.0, 255.0
    squares = ImageChops.difference(now, then.convert("L")).reduce(BLOCK)
    values = squares.tobytes()
    return float(max(values)), sum(values) / len(values)


def alike(now: Image.Image, then: Image.Image) -> bool:
    """Whether a person would call them the same page."""
    block, mean = difference(now, then)
    return block <= BLOCK_TOLERANCE and mean <= MEAN_TOLERANCE


def stem(name: str, language: Printed) -> str:
    """The file name of an example's pictures."""
    return f"{name}.{language.replace('ru+kk', 'both')}"


def write_looks(names: Sequence[str]) -> None:
    """Draws examples anew into the folder of committed pictures."""
    for name in names:
        for language in PRINTED:
            for old in LOOKS.glob(f"{stem(name, language)}-*.png"):
                old.unlink()
            for page in pictures(document(name, language).data, stem(name, language)):
                look(page).quantize(LEVELS).save(LOOKS / page.name, optimize=True)


def write_sheet(names: list[str], language: Printed, path: Path) -> None:
    """A labelled contact sheet of first pages, four in a row."""
    width, height, head = 560, 792, 26
    sheet = Image.new("RGB", (4 * (width + 12) + 12, -(-len(names) // 4) * (height + head + 12) + 12), "#8a949b")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype("DejaVuSans.ttf", 16)
    for place, name in enumerate(names):
        left, top = 12 + place % 4 * (width + 12), 12 + place // 4 * (height + head + 12)
        draw.text((left, top), f"{name} · {language}", fill="white", font=font)
        with Image.open(pictures(document(name, language).data, stem(name, language))[0]) as page:
            sheet.paste(page.convert("RGB").resize((width, height), Image.Resampling.LANCZOS), (left, top + head))
    sheet.quantize(192).save(path, optimize=True)
