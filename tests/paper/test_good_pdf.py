"""The files are good PDF: for qpdf, for a voice, for a search, for a phone's camera, and the same every time."""

import io
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image
from pypdf import PdfReader
from pyzbar.pyzbar import ZBarSymbol, decode

from receipts.examples import ADDRESS, EXAMPLES
from receipts.render.formats import file_name
from receipts.render.texts import PRINTED, Printed
from tests.paper.pictures import OUT, document, pictures

KAZAKH = "ӘҒҚҢӨҰҮҺІәғқңөұүһі"
_DIGEST = "import sys, hashlib; from tests.paper.pictures import document; \
print(hashlib.sha256(document(sys.argv[1], sys.argv[2]).data).hexdigest())"
VERAPDF = Path(__file__).parent / "verapdf"


@pytest.mark.parametrize("language", PRINTED)
def test_qpdf_finds_nothing_wrong(language: Printed) -> None:
    """As `qpdf --check`: neither an error nor a warning."""
    for name in ("fifteen", "open", "many"):
        with pikepdf.open(io.BytesIO(document(name, language).data)) as pdf:
            assert pdf.check_pdf_syntax() == []


@pytest.mark.parametrize("language", PRINTED)
def test_the_printed_code_leads_to_the_verification(language: Printed) -> None:
    """Decoded by zbar from the page as a printer draws it, and nothing else is read from the page."""
    page = pictures(document("normal", language).data, f"code.{language.replace('+', '-')}", dpi=150)[0]
    with Image.open(page) as image:
        assert [found.data.decode() for found in decode(image, symbols=[ZBarSymbol.QRCODE])] == [ADDRESS]


@pytest.mark.parametrize("language", PRINTED)
def test_it_is_tagged_and_says_its_language(language: Printed) -> None:
    """PDF/UA-1: a structure tree, the language of the whole and of the Russian parts, a title, words for the plot."""
    pdf = PdfReader(io.BytesIO(document("fifteen", language).data))
    root: Any = pdf.trailer["/Root"]
    assert root["/Lang"] == language.removeprefix("ru+")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b'pdfuaid:part="1"' in root["/Metadata"].get_data()
    elements = list(_elements(root["/StructTreeRoot"]))
    kinds = {element["/S"] for element in elements}
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure"} <= kinds
    assert all(element.get("/Alt") for element in elements if element["/S"] == "/Figure")
    if language == "ru+kk":
        assert {element["/Lang"] for element in elements if "/Lang" in element} >= {"ru"}


@pytest.mark.parametrize("language", ["kk", "ru+kk"])
def test_kazakh_letters_come_back_intact(language: Printed) -> None:
    """As a search in the file or a copied line has them, in both weights."""
    pages = PdfReader(io.BytesIO(document("long-names", language).data)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Мұхаммедғалиұлы-Шыңғысхановский Әбілмансұр-Абылайхан Құрманғазыұлы" in text
    assert "ыстық сумен жабдықтау" in text
    assert [letter for letter in KAZAKH if letter not in text] == []
    assert "\ufffd" not in text


@pytest.mark.parametrize("language", PRINTED)
def test_another_process_makes_the_same_bytes(language: Printed) -> None:
    """Also with another seed of hashes; nothing of a clock, a path or an order goes in."""
    made = subprocess.run(
        [sys.executable, "-c", _DIGEST, "fifteen", language], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert made.stdout.strip() == sha256(document("fifteen", language).data).hexdigest()


def test_the_file_is_named_for_its_reader() -> None:
    """In the language of the document, with month and account."""
    assert file_name("2026-10", "100000123", "ru") == "Квитанция_2026-10_100000123.pdf"
    assert file_name("2026-10", "100000123", "kk") == "Түбіртек_2026-10_100000123.pdf"
    assert file_name("2026-10", "100000123", "ru+kk") == "Түбіртек-Квитанция_2026-10_100000123.pdf"


@pytest.mark.slow
def test_verapdf_calls_every_example_pdf_ua() -> None:
    """The reference checker of PDF/UA-1 passes every example in every language."""
    jars = VERAPDF / "target"
    fetch = ["mvn", "-q", "-B", "-f", str(VERAPDF / "pom.xml"), "dependency:copy-dependencies"]
    subprocess.run([*fetch, f"-DoutputDirectory={jars}"], check=True, stdout=subprocess.DEVNULL)
    folder = OUT / "verapdf"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.{language}.pdf" for name in EXAMPLES for language in PRINTED]
    for file, (name, language) in zip(files, [(n, p) for n in EXAMPLES for p in PRINTED], strict=True):
        file.write_bytes(document(name, language).data)
    check = ["java", "-cp", f"{jars}/*", "org.verapdf.apps.GreenfieldCliWrapper", "-f", "ua1", "--format", "text"]
    said = subprocess.run([*check, *map(str, files)], capture_output=True, text=True)
    verdicts = [line.split()[0] for line in said.stdout.splitlines() if line.strip()]
    assert verdicts == ["PASS"] * len(files), said.stdout + said.stderr


def _elements(node: Any) -> Any:
    """The elements of a structure tree, parents first."""
    node = node.get_object()
    if "/S" in node:
        yield node
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        if not isinstance(kid, int) and isinstance(kid.get_object(), dict):
            yield from _elements(kid)
