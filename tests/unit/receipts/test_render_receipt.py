"""A statement becomes a page that says what the statement says."""

import io
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import segno
from jinja2 import Environment
from pypdf import PdfReader

from common.money import print_amount
from receipts.events.holder import Holder
from receipts.examples import CODE, example
from receipts.examples.statements import HOLDER, drafted_statement, full_statement, totals
from receipts.render import pdf
from receipts.render.document import render
from receipts.render.layout import ROWS_LIMIT, TooManyRows
from receipts.render.texts import Language
from tests.unit.receipts.pages import inputs, rendered, words

BOTH: tuple[Language, ...] = ("ru", "kk")
SIZE_LIMIT_BYTES = 80_000
HOSTILE = [
    "<img src=file:///etc/passwd>",
    "<link rel=attachment href=file:///etc/passwd>",
    "<img src=http://127.0.0.1:9/x>",
    "{{7*7}}{% raw %}",
    "</td></table><style>*{display:none}</style>",
]


def printed(tiyn: int) -> str:
    """An amount as the text of the page has it."""
    return print_amount(tiyn).replace("\u00a0", " ")


@pytest.mark.parametrize("language", BOTH)
def test_fifteen_services_fit_one_small_page(language: Language) -> None:
    """One A4 page of at most 80 kB in both languages, also with six meters and names of 60 letters and more."""
    statement = full_statement()
    assert len(statement["rows"]) == 15
    extra = [meter | {"meter": f"{meter['meter']}-2"} for meter in statement["meters"][:2]]
    long_name = Holder("1", 1, "Мұхаммедғалиұлы-Шыңғысхановский Әбілмансұр-Абылайхан Құрманғазыұлы", HOLDER.address_ru)
    for document in (
        rendered(statement, language),
        rendered(drafted_statement(), language),
        rendered(statement | {"meters": statement["meters"] + extra}, language, long_name),
    ):
        assert document.pages == 1
        assert len(document.data) <= SIZE_LIMIT_BYTES


@pytest.mark.parametrize("language", BOTH)
def test_the_same_inputs_give_the_same_bytes(language: Language) -> None:
    """Also after another document was made in the same process."""
    first = rendered(full_statement(), language)
    rendered(drafted_statement(), language)
    assert render(inputs(full_statement(), language)) == first


def test_every_amount_of_the_statement_stands_on_the_page() -> None:
    """Rows and totals, to the tiyn."""
    statement = full_statement()
    text = words(rendered(statement).data)
    for part in [*statement["rows"], statement["totals"]]:
        for name in ("opening", "charged", "adjusted", "benefit", "penalty", "paid", "closing"):
            if part[name]:
                assert printed(part[name]).removesuffix(" ₸") in text, (part.get("service"), name)
    assert f"Итого к оплате {printed(statement['totals']['to_pay'])}" in text
    assert f"сумму к оплате) {printed(statement['totals']['advances'])}" in text


def test_kazakh_letters_come_back_intact() -> None:
    """Names, labels and services, as search and screen readers see them."""
    text = words(rendered(full_statement(), "kk").data)
    for said in (
        "Тұрғын үй-коммуналдық қызметтерге ақы төлеуге арналған шот-түбіртек",
        "2026 жылғы қазан",
        "Әбдіғаппарова Қарлығаш Үмбетқызы",
        "Бостандық ауданы, Тимирязев көшесі",
        "Суық сумен жабдықтау",
        "Үйге ортақ есептеу аспабына қызмет көрсету",
        "05.11.2026 18:00 жағдай бойынша ескерілді",
    ):
        assert said in text


def test_what_explains_a_sum_is_printed() -> None:
    """Tiers, late-billed heat, the reason of an adjustment, the formula of a penalty, the benefit."""
    text = words(rendered(full_statement()).data)
    for said in (
        "Период потребления: сентябрь 2026 г.",
        "Электроснабжение +999,05 объём потребления +751,00; тариф +229,00; пеня +19,05",
        "ТОО «АлматыЭнергоСбыт» · 8 (727) 356-99-99",
        "в пределах уровня 3 55 кВт·ч 34,518 1 898,50",
        "Перерасчёт −141,30 ₸ за сентябрь 2026 г.: качество услуги — Перебои подачи воды 12–14 сентября",
        "Пеня 19,05 ₸: долг 2 540,10 ₸ × 0,03 % × 25 дн.",
        "Льгота 459,85 ₸: ветеран труда, 10 %",
        "1,204 Гкал",
        "29.10.2026 — 5 000,00 ₸ (приложение)",
    ):
        assert said in text


def test_meters_warn_of_what_costs_money() -> None:
    """An expired verification and an estimated reading are said in words, not only marked."""
    text = words(rendered(full_statement()).data)
    assert "Истёк срок поверки счётчика № CW-771203. До поверки начисление ведётся по норме." in text
    assert "≈ 2 219" in text
    assert "Показание расчётное. Передайте показание" in text
    assert "01.02.2027" in text


def test_an_open_month_cannot_be_taken_for_a_bill() -> None:
    """It says so, what came since the last close and what is due now."""
    text = words(rendered(drafted_statement()).data)
    assert "Предварительно: месяц ещё не закрыт" in text
    assert "К оплате сейчас 9 038,41 ₸" in text
    assert "после закрытия прошлого месяца (05.11.2026 18:00): Начислено 12 800,00 ₸" in text
    assert "Предварительно" not in words(rendered(full_statement()).data)


def test_a_corrected_statement_names_what_it_replaces() -> None:
    """Version 2 stands in the number, version 1 beside it."""
    text = words(rendered(full_statement(version=2, reissue={"version": 1, "reason": "опоздавший файл"})).data)
    assert "Документ № 100000123-2026-10-2" in text
    assert "Исправленный счёт, версия 2: взамен документа № 100000123-2026-10-1. Причина: опоздавший файл" in text


def test_another_currency_prints_with_its_own_sign() -> None:
    """The statement's currency, not a constant."""
    text = words(rendered(full_statement(currency="USD")).data)
    assert "11 538,41 $" in text
    assert "₸" not in text


def test_a_holder_nobody_stated_or_may_see_leaves_a_sentence() -> None:
    """No empty label; the masked reader sees neither name nor address, and all that a payment needs."""
    assert "Плательщик (Ф.И.О.) не указан" in words(rendered(full_statement(), holder=None).data)
    masked = words(render(example("masked", "ru")).data)
    assert "будет показано после подтверждения доступа Адрес будет показано" in masked
    assert "По ней можно платить" in masked
    for needed in ("100000123", "28 705,76 ₸", "25.11.2026", "KZ80 6017 1310 0000 0123", "060640007336"):
        assert needed in masked
    assert not {*HOLDER.name.split(), "Тимирязева, д.", "117"} & set(masked.split())


def test_a_text_of_a_provider_is_never_markup() -> None:
    """Printed letter by letter; nothing embedded, nothing fetched, nothing computed."""
    statement = full_statement()
    for row, hostile in zip(statement["rows"], HOSTILE, strict=False):
        row["name_ru"] = hostile
    statement["rows"][2]["adjustments"][0]["reason"] = HOSTILE[0]
    document = rendered(statement, holder=Holder("1", 1, HOSTILE[0], HOSTILE[0]))
    flat = re.sub(r"\s", "", words(document.data))
    among_meters_and_changes_too = [5, 2, 3, 1, 3]
    assert [flat.count(hostile.replace(" ", "")) for hostile in HOSTILE] == among_meters_and_changes_too
    assert b"/EmbeddedFile" not in document.data
    assert _images(document.data) == _images(rendered(full_statement()).data)


def test_nothing_is_fetched_even_when_markup_gets_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The second wall: with escaping off a picture of this machine is asked for, and does not come."""
    picture = tmp_path / "secret.png"
    segno.make("secret").save(str(picture))
    asked: list[str] = []
    fetch = pdf._OnlyOurs.fetch

    def listening(self: pdf._OnlyOurs, url: str, headers: Any = None) -> Any:
        asked.append(url)
        return fetch(self, url, headers)

    monkeypatch.setattr(pdf._OnlyOurs, "fetch", listening)
    monkeypatch.setattr(pdf, "_template", _unescaped)
    statement = full_statement()
    statement["rows"][0] |= {"name_ru": f"<img src={picture.as_uri()}>A"}
    document = render(inputs(statement))
    assert picture.as_uri() in asked
    assert _images(document.data) == _images(rendered(full_statement()).data)


def test_long_and_invisible_texts_are_tamed() -> None:
    """At most 200 characters, no control and no direction characters."""
    statement = full_statement()
    statement["rows"][0] |= {"name_ru": "Я" * 1_000_000}
    statement["rows"][1] |= {"name_ru": "Вода\u202egnp.exe\x00\x1b[31m"}
    text = words(rendered(statement).data)
    assert text.count("Я") <= 410
    assert not re.search("[\u202a-\u202e\x00\x1b]", text)


def test_a_statement_beyond_the_limit_is_refused() -> None:
    """500 rows are a document, more are not."""
    row = full_statement()["rows"][7]
    with pytest.raises(TooManyRows):
        rendered(full_statement(rows=[row] * ROWS_LIMIT))


def test_a_long_statement_goes_on_over_pages() -> None:
    """Forty services: several pages, the head of the table on each, all rows there."""
    rows = [row | {"service": f"s{n}", "order": n} for n, row in enumerate(full_statement()["rows"] * 4)]
    document = rendered(full_statement(rows=rows, totals=totals(rows)))
    assert document.pages > 1
    assert words(document.data).count("Домофон") == 4


def test_the_document_can_be_read_aloud_and_checked() -> None:
    """PDF/UA with its language; no clock in it; the code printed in groups."""
    document = PdfReader(io.BytesIO(rendered(full_statement(), "kk").data))
    root: Any = document.trailer["/Root"]
    assert root["/Lang"] == "kk"
    assert root["/MarkInfo"]["/Marked"]
    assert "7K3M-QW9X-ABCD-2345" in words(rendered(full_statement(), "kk").data).replace("- ", "-")
    assert CODE.isalnum()


def _unescaped() -> Any:
    source = files("receipts").joinpath("templates/receipt.html").read_text(encoding="utf-8")
    return Environment(autoescape=False).from_string(source)  # noqa: S701  # the wall behind it is what is tested


def _images(data: bytes) -> int:
    return sum(len(page.images) for page in PdfReader(io.BytesIO(data)).pages)


def test_a_warm_process_reads_nothing_for_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """Form, style and fonts are there before the first document's time begins."""
    for kept in (pdf._template, pdf._styles, pdf._fonts):
        kept.cache_clear()
    pdf.warm_up()
    monkeypatch.setattr(pdf, "files", None)
    assert render(inputs(full_statement())).pages == 1
