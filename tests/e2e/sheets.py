"""`python -m tests.e2e.sheets`: draw the cabinet's contact sheets anew, in both languages; then look at them."""

import io
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from demo.load import PASSWORD
from demo.memory import Memory
from native.paths import ROOT
from tests.e2e.browser import Look, chromium, looking
from tests.e2e.city import running

SHEETS = ROOT / "docs" / "cabinet"
PAGES = {
    "sign-in": "sign-in", "registration": "register", "accounts": "", "account": "accounts/{n}",
    "months": "accounts/{n}/months", "one month": "accounts/{n}/months/2026-09",
    "account data": "accounts/{n}/data", "payments": "accounts/{n}/payments", "receipt": "accounts/{n}/receipt",
    "settings": "settings",
}  # fmt: skip
WIDTH, HEIGHT, GAP, COLUMNS = 360, 1100, 20, 5


def draw(look: Look, language: str, account: str, login: str) -> Image.Image:
    """One sheet: each page from its top, labelled."""
    tiles = {}
    for name, path in PAGES.items():
        page = look.open(f"/{language}/{path.format(n=account)}")
        if name == "accounts":
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.click("main button.primary")
        tiles[name] = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + 2 * GAP + 10) + GAP), "#8b979d")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    for place, (name, tile) in enumerate(tiles.items()):
        x = GAP + place % COLUMNS * (WIDTH + GAP)
        y = GAP + place // COLUMNS * (HEIGHT + 2 * GAP + 10)
        pen.text((x, y - 4), name, "white", font)
        sheet.paste(tile.crop((0, 0, WIDTH, min(tile.height, HEIGHT))), (x, y + 24))
    return sheet.quantize(256)


def main() -> None:
    """Starts a city, looks at it, stops it."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "run") as city, chromium() as browser:
        resident = Memory.read(city.folder / "demo" / "state.json").residents[0]
        for language in ("ru", "kk"):
            with looking(browser, city.cabinet, width=WIDTH) as look:
                draw(look, language, resident.accounts[0], resident.user_name).save(SHEETS / f"sheet.{language}.png")


if __name__ == "__main__":
    main()
