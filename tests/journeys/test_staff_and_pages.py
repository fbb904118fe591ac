"""What staff and visitors see beside the gate, in a real browser."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import Demo, picture
from tests.journeys.walks import card_of, free_ticket, newest, say, start, tap


@pytest.fixture(name="desk")
def _desk(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def sign_in(desk: Page, demo: Demo, password: str | None = None) -> None:
    """Open the staff page and sign in."""
    desk.goto(demo.staff)
    desk.locator("input[name=name]").fill(demo.name)
    desk.locator("input[name=password]").fill(password or demo.password)
    desk.keyboard.press("Enter")


def test_staff_see_offers_tickets_scans_and_a_pairing_code(
    desk: Page, page: Page, demo: Demo
) -> None:
    """The plain page: what there is, what happened, and how a station is added."""
    free_ticket(page, demo.chat, "Ayşe Demirtaş")
    sign_in(desk, demo)
    desk.get_by_role("link", name="Angebote").first.click()
    expect(desk.locator("main")).to_contain_text("Tageskarte Erwachsene")
    desk.get_by_role("link", name="Tickets").first.click()
    expect(desk.locator("main")).to_contain_text("Ayşe Demirtaş")
    desk.get_by_role("link", name="Stationen").first.click()
    desk.locator("form[action='/staff/stations/pairing'] input[name=name]").fill("Kasse 2")
    desk.locator("form[action='/staff/stations/pairing'] button").click()
    expect(desk.locator("main")).to_contain_text(re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}"))
    picture(desk, "staff")


def test_the_pairing_code_on_the_screen_pairs_a_gate_pc(
    desk: Page, demo: Demo, tmp_path: Path
) -> None:
    """A photo of the page is enough: address, code and the pinned keys are in its QR code."""
    sign_in(desk, demo)
    desk.get_by_role("link", name="Stationen").first.click()
    form = desk.locator("form[action='/staff/stations/pairing']")
    form.locator("input[name=name]").fill("Kasse 3")
    form.locator("button").click()
    photo = tmp_path / "photo.png"
    desk.locator(".pairing__qr").screenshot(path=photo)
    [found] = zxingcpp.read_barcodes(Image.open(photo))
    told = json.loads(found.text)
    assert told["u"] == demo.service
    expect(desk.locator(".pairing__code")).to_have_text(told["c"])
    assert re.fullmatch(r"[\w-]{43}", told["k"])
    command = [sys.executable, "-m", "scanner", "--home", str(tmp_path / "gate"), "pair", "--json"]
    forged = json.dumps(told | {"c": "00000-00000", "k": "A" * 43})
    wrong = subprocess.run([*command, forged], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    paired = subprocess.run(
        [*command, "--qr", str(photo)], capture_output=True, text=True, check=False
    )
    assert paired.returncode == 0, paired.stderr
    assert json.loads(paired.stdout)["server"] == demo.service
    desk.get_by_role("link", name="Stationen").first.click()
    expect(desk.locator("main")).to_contain_text("Kasse 3")


def test_a_wrong_password_says_so_and_lets_nobody_in(desk: Page, demo: Demo) -> None:
    """One sentence, no hint which of the two was wrong."""
    sign_in(desk, demo, password="wrong password")  # noqa: S106  a wrong one
    expect(desk.locator("[role=alert]")).to_be_visible()
    assert "/staff/sign-in" in desk.url


def test_the_ticket_page_shows_the_card_and_its_facts(page: Page, demo: Demo) -> None:
    """The link below the picture opens the ticket's own page; nothing on it is cached."""
    free_ticket(page, demo.chat, "Mathéo Škvorový")
    page.locator("#turns a", has_text="Ticket öffnen").last.click()
    expect(page.locator("main")).to_contain_text("Mathéo Škvorový")
    expect(page.locator("main img")).to_be_visible()
    assert re.search(r"/t/[\w.-]+(\?lang=de)?$", page.url)
    assert "Math" not in page.url
    picture(page, "ticket-page")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("A" * 300, "Der Name ist mir zu lang"),
        ("😀🎟️", "Ich brauche einen Namen"),
    ],
)
def test_a_name_that_fits_no_ticket_is_asked_for_again(
    page: Page, demo: Demo, name: str, answer: str
) -> None:
    """The bot says what is wrong; the next name is taken."""
    start(page, demo.chat)
    for label in ("Nein, danke", "Nein, danke", "Ticket holen", "Tageskarte · frei", "Heute", "1"):
        tap(page, label)
    say(page, name)
    expect(page.locator("#turns")).to_contain_text(answer)
    say(page, "Zoë Müßig")
    expect(card_of(page)).to_have_attribute("alt", re.compile("Zoë Müßig"))


@pytest.mark.parametrize("name", ["<b>Fett</b><script>alert(1)</script>", "\u202eمحمد عبد الله"])
def test_a_strange_name_harms_nothing(page: Page, demo: Demo, name: str) -> None:
    """Markup and right-to-left letters are text: a ticket comes, no script runs."""
    told: list[str] = []
    page.on("dialog", lambda dialog: told.append(dialog.message))
    free_ticket(page, demo.chat, name)
    assert page.locator("#turns b, #turns script").count() == 0
    assert told == []


def test_the_chat_speaks_english(browser: Browser, demo: Demo) -> None:
    """An English browser is greeted in English; a button changes to German."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(demo.chat)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#turns")).to_contain_text("not a human")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    picture(page, "chat-desktop-en")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    context.close()


def test_the_chat_works_without_javascript(browser: Browser, demo: Demo) -> None:
    """Plain forms lead to a ticket as well."""
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(demo.chat)
    page.get_by_role("button", name="Chat beginnen").click()
    for label in ("Nein, danke", "Nein, danke", "Ticket holen", "Tageskarte · frei", "Heute", "1"):
        _press_when_there(page, label)
    _reload_until(page, "Auf welchen Namen")
    page.locator("#say").fill("Ohne Skript")
    page.locator("#say-form button").click()
    _reload_until(page, "Hier ist dein Ticket")
    expect(page.locator("#turns img")).to_have_attribute("alt", re.compile("Ohne Skript"))
    context.close()


def _press_when_there(page: Page, label: str) -> None:
    button = page.locator(f"#turns button:not([disabled]):has-text('{label}')").last
    for _ in range(30):
        if button.count():
            before = newest(page)
            button.click()
            if newest(page) > before:
                return
        page.wait_for_timeout(200)
        page.goto(page.url.split("#")[0])
    raise AssertionError(f"no open button: {label}")


def _reload_until(page: Page, text: str) -> None:
    for _ in range(30):
        if text in page.locator("#turns").inner_text():
            return
        page.wait_for_timeout(200)
        page.goto(page.url.split("#")[0])
    raise AssertionError("the answer did not come")


def test_three_megabytes_are_refused_by_the_running_service(
    context: BrowserContext, demo: Demo
) -> None:
    """413 with a page that says why; the service lives on."""
    answer = context.request.post(
        demo.chat + "/messages",
        form={"text": "x" * 3_000_000},
        headers={"Origin": demo.service},
    )
    assert answer.status == 413
    assert context.request.get(demo.service + "/readyz").ok


def test_a_second_init_and_a_taken_port_are_refused_beside_a_running_demo(demo: Demo) -> None:
    """Nothing of the running museum is touched."""
    command = [sys.executable, "-m", "ticketing", "--home", str(demo.home)]
    again = subprocess.run([*command, "init"], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "nothing was changed" in again.stderr
    port = demo.service.rsplit(":", 1)[1]
    serve = [*command, "serve", "--port", port]
    taken = subprocess.run(serve, capture_output=True, text=True, check=False)
    assert taken.returncode == 1
    assert "is taken" in taken.stderr
