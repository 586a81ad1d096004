"""`python -m tests.paper`: draw the committed pictures and the contact sheets of docs/ anew, after looking at them."""

from pathlib import Path

from receipts.render.texts import PRINTED
from tests.paper.pictures import write_looks, write_sheet

CASES = ["normal", "debt", "advance", "adjustment", "fifteen", "long-names", "first-month", "masked"]
SHEETS = Path(__file__).parents[2] / "docs" / "receipts"

if __name__ == "__main__":
    write_looks()
    for language in PRINTED:
        write_sheet(CASES, language, SHEETS / f"sheet.{language.replace('ru+kk', 'both')}.png")
    write_sheet(["fifteen", "reissued", "open", "zeros"], "ru", SHEETS / "states.ru.png")
    write_sheet(["fifteen", "reissued", "open", "zeros"], "kk", SHEETS / "states.kk.png")
