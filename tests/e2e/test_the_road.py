"""The whole product, once, on servers and ports of its own: a small city is loaded, walked by HTTP and by browser."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from common.clock import now
from demo.doors import wait_for
from demo.load import PASSWORD
from demo.memory import Memory
from native.paths import ROOT
from tests.e2e import keyboard
from tests.e2e.browser import Look, chromium, looking
from tests.e2e.city import City, running
from tests.unit.gateway.test_texts import ALIKE, catalogue

STEPS = 14
A4_PX = 794
PAGES = (
    "", "accounts/add", "accounts/{n}", "accounts/{n}/data", "accounts/{n}/months", "accounts/{n}/months/2026-09",
    "accounts/{n}/payments", "accounts/{n}/changes", "accounts/{n}/receipt", "accounts/{n}/remove", "settings",
    "settings/devices", "settings/activity", "settings/close",
)  # fmt: skip
STRANGERS = ("sign-in", "register", "forgot", "reset?token=x", "confirm?token=x")
_BASH = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ELSEWHERE = re.compile(r"^make (?:run|test|demo)\b.*\n", re.MULTILINE)
_END = "--- that was one block ---"
_GIVEN: set[str] = set()
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city of sixty, running."""
    with running(tmp_path_factory.mktemp("city") / "run") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    with chromium() as found:
        yield found


@pytest.fixture
def stranger(city: City) -> tuple[str, Decimal]:
    """An account nobody has in a cabinet yet, with its last payment; each is given once, none was paid just now."""
    state = Memory.read(city.folder / "demo" / "state.json")
    taken = _GIVEN | {account for resident in state.residents for account in resident.accounts}
    lately = f"{now() - timedelta(days=4):%Y-%m-%d}"
    for papers in city.papers().all():
        amount = papers.last_payment()
        paid_lately = any(row["paid_at"] >= lately for row in papers.payments)
        if amount and not (papers.account in taken or papers.was_sold() or papers.is_closed() or paid_lately):
            _GIVEN.add(papers.account)
            return papers.account, amount
    raise LookupError("everybody has a cabinet")


def test_a_providers_file_becomes_a_receipt_in_a_residents_hands(city: City) -> None:
    """Twice on the same city: the first walk closes October, the second finds it closed; then the summary."""
    walks = [_typed("make demo", city) for _ in range(2)]
    for walk in walks:
        assert walk.returncode == 0, f"{walk.stdout}\n{walk.stderr}\n{city.logs()}"
        assert walk.stdout.count("every row, every total and every printed number equals") == 1
        assert walk.stdout.count(f"\n{STEPS}. ") == 1
    assert "2026-10 is closed" in walks[0].stdout
    assert "2026-10 was closed on an earlier walk" in walks[1].stdout
    summary = city.command("demo", "summary").stdout
    assert "Key of provider uy-service: " in summary
    assert city.cabinet in summary


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/tour.md", "docs/lesson-integrator.md", "docs/lesson-gateway.md", "docs/lesson-operator.md"],
)
def test_every_command_of_the_first_pages_works(city: City, page: str) -> None:
    """As a newcomer types them, one after the other, with the key, login and account that `make run` printed."""
    memory = Memory.read(city.folder / "demo" / "state.json")
    resident = memory.residents[0]
    known = {
        "KEY": memory.keys["uy-service"], "ACCOUNT": resident.accounts[0], "LOGIN": resident.user_name,
        "PASSWORD": PASSWORD, "OPEN": f"{now():%Y-%m}",
    }  # fmt: skip
    commands = _commands(ROOT / page, city)
    done = _typed("".join(f"{command}\necho '{_END}'\n" for command in commands), city, known)
    said = done.stdout.split(_END)
    assert done.returncode == 0, f"{commands[len(said) - 1]}\n{done.stdout}\n{done.stderr}"
    assert [command for command, text in zip(commands, said, strict=False) if not text.strip()] == []


def test_the_doctor_finds_nothing_wrong_and_the_month_is_a_list(city: City) -> None:
    """Every service answers for itself; the list of a month has all its steps."""
    settlement = Path(sys.executable).with_name("settlement")
    doctor = _typed(f"{settlement} doctor --json", city)
    found = json.loads(doctor.stdout)
    assert found.keys() == {"centre", "provider_sync", "ledger", "identity", "receipts"}
    assert [(who, f) for who, said in found.items() for f in said if f["state"] == "ill"] == []
    assert doctor.returncode == 0
    month = _typed(f"{settlement} month {now():%Y-%m} --json || true", city)
    steps = {step["check"]: step["state"] for step in json.loads(month.stdout)}
    assert {"submissions", "uploads", "held", "unmatched", "parked", "close", "receipts", "mail"} <= steps.keys()
    assert "ill" not in steps.values()


def _typed(command: str, city: City, known: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Types it into a shell beside the running city."""
    return subprocess.run(
        ["bash", "-euc", command], cwd=ROOT, env={**city.environment, **(known or {})}, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip


def _commands(page: Path, city: City) -> list[str]:
    """The shell blocks of a page, on the ports of this city and with this Python.

    Left out: this city came up by `make run`'s command, this test by `make test`, and the test above types `make demo`.
    """
    shift = int(city.environment["PORT_BASE"])
    text = re.sub(r"127\.0\.0\.1:(1\d{4})", lambda m: f"127.0.0.1:{int(m[1]) + shift}", page.read_text("utf-8"))
    blocks = (_ELSEWHERE.sub("", block).strip() for block in _BASH.findall(text))
    return [block.replace(".venv/bin/", f"{Path(sys.executable).parent}/") for block in blocks if block]


@pytest.mark.parametrize(
    ("language", "width", "scripts"),
    [
        ("ru", 360, True),
        ("kk", 360, False),
        pytest.param("kk", 1280, True, marks=pytest.mark.slow),
        pytest.param("ru", 1280, False, marks=pytest.mark.slow),
    ],
)
def test_from_registration_to_the_downloaded_receipt(
    city: City, browser: Browser, stranger: tuple[str, Decimal], language: str, width: int, scripts: bool
) -> None:
    """By the form and the letter's link; then three taps from signing in to the PDF."""
    account, paid = stranger
    name = f"resident-{language}-{width}-{account}"
    with looking(browser, city.cabinet, width=width, scripts=scripts) as look:
        page = look.open(f"/{language}/register")
        _register(page, name, account, paid)
        page.goto(_link(city, f"{name}@mail.example", "confirm"))
        page.click("main button")
        _sign_in(page, name)  # the first tap
        page.click(".cards .button.primary")
        page.click("main button.primary")
        page.wait_for_selector("a[download]", timeout=60_000)
        with page.expect_download() as download:
            page.click("a[download]")
        assert download.value.path().read_bytes().startswith(b"%PDF")
        assert account in download.value.suggested_filename
        assert look.troubles == []


@pytest.mark.parametrize(
    ("language", "width", "zoom"),
    [
        ("kk", 360, 1),
        pytest.param("ru", 360, 1, marks=pytest.mark.slow),
        pytest.param("ru", 1280, 1, marks=pytest.mark.slow),
        pytest.param("kk", 1280, 1, marks=pytest.mark.slow),
        pytest.param("ru", 1280, 2, marks=pytest.mark.slow),
        pytest.param("kk", 1280, 2, marks=pytest.mark.slow),
    ],
)
def test_every_page_is_fit_for_everybody(city: City, browser: Browser, language: str, width: int, zoom: float) -> None:
    """No barrier that axe finds serious, no error, no other host, nothing sideways, nothing small, one language."""
    resident = Memory.read(city.folder / "demo" / "state.json").residents[0]
    with looking(browser, city.cabinet, width=width, zoom=zoom) as look:
        found = {path: _unfit(look, f"/{language}/{path}", width) for path in STRANGERS}
        look.open(f"/{language}/sign-in")
        _sign_in(look.page, resident.user_name, PASSWORD)
        for path in PAGES:
            found[path] = _unfit(look, f"/{language}/{path.format(n=resident.accounts[0])}", width)
        if language == "kk":
            found["russian"] = _russian(look, resident.accounts[0])
    assert {path: unfit for path, unfit in found.items() if unfit} == {}


@pytest.mark.parametrize("language", ["kk", pytest.param("ru", marks=pytest.mark.slow)])
def test_the_keyboard_alone_is_enough(
    city: City, browser: Browser, stranger: tuple[str, Decimal], language: str
) -> None:
    """From the registration to the downloaded receipt by Tab and Enter."""
    account, paid = stranger
    name = f"keys-{language}-{account}"
    tenge, _, tiyn = f"{paid:.2f}".partition(".")
    form = {"user_name": name, "email": f"{name}@mail.example", "password": PASSWORD, "password_again": PASSWORD}
    with looking(browser, city.cabinet, width=360) as look:
        page = look.open(f"/{language}/register")
        for field, value in (form | {"account": account, "tenge": tenge, "tiyn": tiyn}).items():
            keyboard.write(page, field, value)
        keyboard.press(page, "main button.primary")
        page.goto(_link(city, f"{name}@mail.example", "confirm"))
        keyboard.press(page, "main button")
        page.wait_for_url("**/sign-in*")
        keyboard.write(page, "login", name)
        keyboard.write(page, "password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".cards")
        keyboard.press(page, ".cards .button.primary")
        page.wait_for_url("**/receipt*")
        keyboard.press(page, "main button.primary")
        page.wait_for_selector("a[download]", timeout=60_000)
        with page.expect_download() as download:
            keyboard.press(page, "a[download]")
        assert account in download.value.suggested_filename
        assert look.troubles == []


@pytest.mark.parametrize("language", ["kk", pytest.param("ru", marks=pytest.mark.slow)])
def test_every_link_of_a_letter_leads_into_the_cabinet(
    city: City, browser: Browser, stranger: tuple[str, Decimal], language: str
) -> None:
    """A new e-mail is confirmed and taken back, a newcomer is known; one button each, in the reader's language."""
    account, paid = stranger
    first, second = f"first-{language}-{account}", f"second-{language}-{account}"
    home, moved = f"{first}@mail.example", f"moved-{first}@mail.example"
    with looking(browser, city.cabinet, width=360) as look:
        page = look.page
        for name in (first, second):
            look.open(f"/{language}/register")
            _register(page, name, account, paid)
            page.goto(_link(city, f"{name}@mail.example", "confirm"))
            page.click("main button")
        page.goto(_link(city, home, "link-notice"))
        assert account in page.inner_text("main")
        page.click("main button[value=known]")
        assert page.locator("main button[value=known]").count() == 0
        look.open(f"/{language}/sign-in")
        _sign_in(page, first)
        look.open(f"/{language}/settings")
        page.click("details:has(form[action$='/settings/email']) summary")
        page.fill("form[action$='/settings/email'] [name=email]", moved)
        page.fill("form[action$='/settings/email'] [name=current_password]", PASSWORD)
        page.click("form[action$='/settings/email'] button")
        for address, way in ((moved, "email"), (home, "email-undo")):
            page.goto(_link(city, address, way))
            assert look.misfits(narrow=True) + look.barriers() == []
            page.click("main button")
            assert page.locator(".said").count() == 1, page.inner_text("main")
        assert page.url.endswith(f"/{language}/sign-in")


def test_a_new_name_is_on_the_next_page(city: City, browser: Browser) -> None:
    """Though the cabinet keeps names for a moment, whoever gives one sees it at once, on every page of the account."""
    resident = Memory.read(city.folder / "demo" / "state.json").residents[0]
    account = f"/ru/accounts/{resident.accounts[0]}"
    with looking(browser, city.cabinet, width=360) as look:
        look.open("/ru/sign-in")
        _sign_in(look.page, resident.user_name)
        for name in ("Дача", "Бабушка", ""):
            page = look.open(account)
            page.fill("#nickname", name)
            page.click("form[action$='/name'] button")
            for path in (account, f"{account}/data"):
                assert look.open(path).inner_text("h1") == (name or f"Лицевой счёт {resident.accounts[0]}")


@pytest.mark.parametrize("language", ["ru", pytest.param("kk", marks=pytest.mark.slow)])
def test_a_month_is_printed_with_everything_and_nothing_else(city: City, browser: Browser, language: str) -> None:
    """On paper no way on, no form, no menu; every service with its particulars, and the whole within the sheet."""
    resident = Memory.read(city.folder / "demo" / "state.json").residents[0]
    with looking(browser, city.cabinet, width=A4_PX) as look:
        look.open(f"/{language}/sign-in")
        _sign_in(look.page, resident.user_name)
        page = look.open(f"/{language}/accounts/{resident.accounts[0]}/months/2026-09")
        page.emulate_media(media="print")
        services = page.locator(".service").count()
        assert services > 0
        assert page.locator(".service .pairs").filter(visible=True).count() == services
        assert page.locator("header, footer, nav, form, button").filter(visible=True).count() == 0
        assert look.misfits(narrow=False) == []


def _unfit(look: Look, path: str, width: int) -> list[str]:
    look.open(path)
    return look.misfits(narrow=width == 360) + look.barriers()


def _russian(look: Look, account: str) -> list[str]:
    """Our Russian texts on a Kazakh page."""
    kazakh = "\n".join(catalogue("kk").values())
    russian = {text for text in catalogue("ru").values() if len(text) > 4 and "%" not in text and text not in kazakh}
    look.open(f"/kk/accounts/{account}/months/2026-09")
    shown = look.page.inner_text("main") + look.page.inner_text("footer")
    return [text for text in russian - ALIKE if re.search(rf"\b{re.escape(text)}\b", shown)]


def _register(page: Page, name: str, account: str, paid: Decimal) -> None:
    for field, value in {"user_name": name[:32], "email": f"{name}@mail.example", "account": account}.items():
        page.fill(f"#{field}", value)
    page.fill("#password", PASSWORD)
    page.fill("#password_again", PASSWORD)
    page.fill("#tenge", str(int(paid)))
    page.fill("#tiyn", f"{paid:.2f}".rpartition(".")[2])
    page.click("main button.primary")
    assert f"{name}@mail.example" in page.inner_text("main"), page.inner_text("main")


def _sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.fill("#login", name[:32])
    page.fill("#password", password)
    page.click("main button.primary")
    assert not page.url.endswith("sign-in"), page.inner_text("main")


def _link(city: City, email: str, to: str) -> str:
    """The link to a page of the cabinet in the newest letter that has one."""

    def look() -> str | None:
        answer = httpx.get(f"{city.environment['MAIL_URL']}/messages", params={"to": email}).json()
        letters = answer["messages"] if isinstance(answer, dict) else answer
        texts = (letter["text"] for letter in letters)
        return next((found[0] for text in texts if (found := re.search(rf"http\S+/{to}\?token=\S+", text))), None)

    return wait_for(f"the letter to {email}", look, 90)
