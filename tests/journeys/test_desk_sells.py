"""The desk sells, the customer's screen shows the barcode, and the gate lets them in."""

import io
import re
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests import axe
from tests.journeys.camera_stand import CameraStand
from tests.journeys.conftest import Demo, picture
from tests.journeys.walks import verdict
from tests.mail_server import MailServer

Stand = tuple[CameraStand, str]


@pytest.fixture(name="desk", params=["de", "en"])
def _desk(browser: Browser, demo: Demo, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Somebody of the staff, signed in, in each language."""
    context = browser.new_context(
        locale=request.param, viewport={"width": 1440, "height": 1000}, bypass_csp=True
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{demo.staff}?lang={request.param}")
    page.locator("input[name=name]").fill(demo.name)
    page.locator("input[name=password]").fill(demo.password)
    page.keyboard.press("Enter")
    expect(page.locator(".staff__nav")).to_be_visible()
    yield page
    context.close()


def read(page: Page) -> str:
    """The barcode that a picture of the page shows."""
    shot = page.locator("img.barcode").screenshot()
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)))
    return str(found.text)


def test_the_desk_sells_and_the_screen_shows_it(desk: Page, demo: Demo) -> None:
    """One press; the same barcode on both screens; gone with the next customer; axe on each."""
    screen = desk.context.new_page()
    screen.goto(f"{demo.service}/staff/desk/screen")
    assert axe.violations(screen) == []
    desk.goto(f"{demo.service}/staff/desk?offer=day-free")
    assert axe.violations(desk) == []
    desk.locator("[data-step='1']").click()
    expect(desk.locator("#f-party")).to_have_value("2")
    picture(desk, "desk")
    desk.locator(".desk__go").click()
    desk.wait_for_url("**/staff/desk/sold/*")
    assert axe.violations(desk) == []
    picture(desk, "desk-sold")
    expect(screen.locator("img.barcode")).to_be_visible()
    assert axe.violations(screen) == []
    assert read(screen) == read(desk)
    desk.emulate_media(media="print")
    expect(desk.locator(".print-card")).to_be_visible()
    expect(desk.locator(".sold")).to_be_hidden()
    desk.emulate_media(media="screen")
    desk.locator("form[action='/staff/desk/next'] button").click()
    desk.wait_for_url("**/staff/desk")
    expect(screen.locator("img.barcode")).to_have_count(0)


def test_a_sold_ticket_is_found_and_its_page_tells_all(desk: Page, demo: Demo) -> None:
    """List, search, the page; a question is asked before a new barcode; axe on each."""
    desk.goto(f"{demo.service}/staff/desk?offer=day-free")
    desk.locator("#f-holder").fill("Žofie Škvorová")
    desk.locator(".desk__go").click()
    desk.wait_for_url("**/staff/desk/sold/*")
    desk.goto(f"{demo.service}/staff/tickets")
    assert axe.violations(desk) == []
    picture(desk, "tickets")
    desk.locator("#f-q").fill("skvor")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/staff/tickets/search")
    assert axe.violations(desk) == []
    desk.locator("td a").first.click()
    expect(desk.locator("h1")).to_have_text("Žofie Škvorová")
    before = read(desk)
    desk.locator("details.confirm:has(form[action$='/reissue']) summary").click()
    assert axe.violations(desk) == []
    picture(desk, "ticket")
    desk.locator("form[action$='/reissue'] button").click()
    expect(desk.locator(".staff__told")).to_be_visible()
    assert read(desk) != before
    assert "kvor" not in desk.url


def test_the_gate_lets_in_who_bought_at_the_desk(
    desk: Page, station_page: Page, demo: Demo, stand: Stand
) -> None:
    """The card that is printed, before the camera."""
    desk.goto(f"{demo.service}/staff/desk?offer=day-adult")
    desk.locator("#f-holder").fill("Jördis Wömpener")
    desk.locator(".desk__go").click()
    desk.wait_for_url("**/staff/desk/sold/*")
    address = desk.locator(".print-card").get_attribute("src")
    stand[0].clear()
    card = desk.request.get(f"{demo.service}{address}").body()
    stand[0].show(card)
    expect(verdict(station_page, "admit")).to_contain_text("Jördis Wömpener")
    stand[0].clear()


def test_the_desk_sends_by_e_mail(desk: Page, demo: Demo, mail_server: MailServer) -> None:
    """By the worker, to a real server; the picture holds the barcode, the page says so."""
    desk.goto(f"{demo.service}/staff/desk?offer=day-free")
    desk.locator(".desk__go").click()
    desk.wait_for_url("**/staff/desk/sold/*")
    before = len(mail_server.mails)
    desk.locator("details.confirm > summary").click()
    assert axe.violations(desk) == []
    desk.locator("#f-address").fill("anna@example.org")
    picture(desk, "desk-mail")
    desk.locator("#f-address").fill("anna@example")  # good enough for a browser
    desk.keyboard.press("Enter")
    expect(desk.locator("#wrong-address")).to_be_visible()
    expect(desk.locator("#f-address")).to_be_focused()
    assert axe.violations(desk) == []
    desk.locator("#f-address").fill("anna@example.org")
    desk.keyboard.press("Enter")
    expect(desk.locator("#mails .status")).to_have_text(re.compile("gelöscht|deleted"))
    assert axe.violations(desk) == []
    [mail] = mail_server.mails[before:]
    [drawn] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.get_content())))
    assert found.text == read(desk)
