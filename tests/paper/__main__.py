"""`python -m tests.paper [example …]`: draw the committed pictures and sheets anew, after looking at them."""

import sys
from pathlib import Path

from receipts.examples import EXAMPLES
from receipts.render.texts import PRINTED
from tests.paper.pictures import write_looks, write_sheet

CASES = ["normal", "debt", "advance", "adjustment", "fifteen", "long-names", "first-month", "masked"]
SHEETS = Path(__file__).parents[2] / "docs" / "receipts"

if __name__ == "__main__":
    write_looks(sys.argv[1:] or list(EXAMPLES))
    for language in PRINTED:
        write_sheet(CASES, language, SHEETS / f"sheet.{language.replace('ru+kk', 'both')}.png")
    write_sheet(["fifteen", "reissued", "open", "zeros"], "ru", SHEETS / "states.ru.png")
    write_sheet(["fifteen", "reissued", "open", "zeros"], "kk", SHEETS / "states.kk.png")
