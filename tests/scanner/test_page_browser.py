"""The page in a real Chromium, over a whole station and a real service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scanner.station import Station
from tests.scanner.frames import bgr, code, packed, paper
from tests.scanner.homes import a_station, today_ticket
from tests.scanner.pages import page_of, word
from tests.scanner.service_double import Service, moody, running
from tests.scanner.station_kit import SHORT_CODE, WEB, forged
from ticketing.wire.token import Flag

# What the page plays, by the oscillators it makes.
LISTEN = """
window.played = [];
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const source = make.call(this);
  const start = source.start.bind(source);
  source.start = (at) => { window.played.push(source.type); start(at); };
  return source;
};
"""
DROP = """([bytes, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  dispatchEvent(new DragEvent("dragover", { cancelable: true }));
  dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
}"""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service of our own."""
    with running() as service:
        yield service


@pytest.fixture(name="source")
def _source() -> str:
    """No camera, unless a test says otherwise."""
    return "97"


@pytest.fixture(name="station")
def _station(tmp_path: Path, service: Service, source: str) -> Iterator[Station]:
    """A whole station."""
    with a_station(tmp_path / "home", service, source=source) as station:
        yield station


@pytest.fixture(name="page")
def _page(browser: Browser, station: Station) -> Iterator[Page]:
    """Its page, opened; a word in the console is a failure."""
    with page_of(browser, station, script=LISTEN) as page:
        yield page


def scan(page: Page, text: str) -> None:
    """As a hand scanner does: characters and Enter, wherever the focus is."""
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


def test_a_hand_scanner_opens_the_door(page: Page) -> None:
    """Word, colour, shape, name, sound; the field is ready for the next."""
    scan(page, today_ticket())
    word(page, "Einlass")
    panel = page.locator("#verdict")
    expect(panel).to_have_attribute("data-verdict", "admit")
    expect(panel).to_have_attribute("role", "alert")
    expect(panel).to_have_css("background-color", "rgb(0, 105, 75)")
    expect(page.locator(".verdict__who")).to_have_text("Jördis Kowalewski")
    expect(page.locator(".verdict__shape use")).to_have_attribute("href", "#v-admit")
    expect(page.locator("#inside")).to_have_text("143")
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#code")).to_have_value("")
    assert page.evaluate("played") == ["sine", "sine"]


def test_a_check_is_confirmed_by_its_key_and_never_by_enter(page: Page) -> None:
    """A hand scanner sends Enter: that must not let anybody in."""
    scan(page, today_ticket(flags=Flag.PROOF))
    word(page, "Prüfen")
    expect(page.locator("#key-confirm")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    word(page, "Prüfen")
    page.keyboard.press("F2")
    word(page, "Einlass")
    expect(page.locator("#key-confirm")).to_be_hidden()


def test_a_check_is_declined_with_the_mouse(page: Page) -> None:
    """The focus goes back to the field."""
    scan(page, today_ticket(flags=Flag.PROOF))
    page.locator(".verdict__act .btn").nth(1).click()
    word(page, "Stopp")
    expect(page.locator(".verdict__reason")).to_contain_text("bgelehnt")
    expect(page.locator("#code")).to_be_focused()


def test_refusals_are_red_framed_and_low(page: Page) -> None:
    """The second time, and a forgery."""
    scan(page, today_ticket())
    word(page, "Einlass")
    page.wait_for_timeout(1_600)
    scan(page, today_ticket())
    word(page, "Stopp")
    expect(page.locator(".verdict__in")).to_have_css("outline-style", "solid")
    scan(page, forged(today_ticket(2)))
    expect(page.locator(".verdict__reason")).not_to_contain_text("benutzt")
    assert page.evaluate("played.slice(2)") == ["square", "square"]
    expect(page.locator("#recent li")).to_have_count(3)
    expect(page.locator("#recent")).not_to_contain_text("Kowalewski")


def test_a_foreign_text_is_a_calm_hint(page: Page, service: Service) -> None:
    """No colour, no sound, nobody asked."""
    scan(page, WEB)
    word(page, "Nicht von uns")
    expect(page.locator("#verdict")).to_have_attribute("role", "status")
    assert page.evaluate("played") == []
    assert [one for one in service.asked if "barcode" in one] == []


def test_exit_and_language_have_keys(page: Page) -> None:
    """F6 and F9; the whole page changes its language at once."""
    scan(page, today_ticket())
    word(page, "Einlass")
    page.keyboard.press("F6")
    expect(page.locator("#gate")).to_have_text("Eingang Süd · Ausgang")
    page.wait_for_timeout(1_600)
    scan(page, today_ticket())
    word(page, "Ausgang")
    page.keyboard.press("F9")
    word(page, "Exit")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("label[for=code]")).to_have_text("Scan with a hand scanner or type")
    expect(page.locator("#key-language")).to_have_text("F9 Deutsch")


def test_the_last_admit_is_annulled_by_its_key(page: Page, service: Service) -> None:
    """F8: said plainly, in the list too; a second press takes back nobody else."""
    scan(page, today_ticket(1))
    word(page, "Einlass")
    scan(page, today_ticket(2))
    expect(page.locator("#recent li")).to_have_count(2)
    page.keyboard.press("F8")
    word(page, "Aufgehoben")
    expect(page.locator(".verdict__reason")).to_contain_text("ist aufgehoben")
    expect(page.locator(".verdict__facts")).to_have_count(0)
    expect(page.locator("#recent li").first).to_contain_text("Aufgehoben")
    page.keyboard.press("F8")
    page.wait_for_timeout(300)
    word(page, "Aufgehoben")
    assert len(service.annulled) == 1
    expect(page.locator("#code")).to_be_focused()


def test_a_group_is_made_smaller_by_arrow_keys(page: Page, service: Service) -> None:
    """Two presses, one number; the caps can be touched as well."""
    scan(page, today_ticket(party=5))
    expect(page.locator(".verdict__reason")).to_have_text("5 von 5 Personen")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".verdict__reason")).to_have_text("3 von 5 Personen")
    expect(page.locator("#recent li")).to_have_count(1)
    page.get_by_role("button", name="Eine Person mehr").click()
    expect(page.locator(".verdict__reason")).to_have_text("4 von 5 Personen")
    expect(page.locator("#code")).to_be_focused()
    assert service.inside == 146


def test_people_without_a_ticket_are_counted_by_keys(page: Page, service: Service) -> None:
    """Page Up and Page Down; the service gets them with the next upload."""
    scan(page, today_ticket())
    expect(page.locator("#inside")).to_have_text("143")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageDown")
    expect(page.locator("#counted")).to_have_text("+1 von Hand")
    expect(page.locator("#inside")).to_have_text("144")
    expect(page.locator("#link")).to_have_text("Verbunden · nichts offen")
    word(page, "Einlass")
    assert sum('"kind":"count"' in body for body in service.sync.bodies.values()) == 3


def test_keys_have_their_caps_in_both_languages(page: Page) -> None:
    """Every action has a key, shown."""
    keys = page.locator("#keys")
    expect(keys).to_contain_text("F8 Letzten aufheben")
    expect(keys).to_contain_text("Bild ↑ +1 ohne Ticket")
    page.keyboard.press("F9")
    expect(keys).to_contain_text("F8 Annul last")
    expect(keys).to_contain_text("PgUp +1 without ticket")


def test_offline_is_told_in_the_bar(page: Page, service: Service) -> None:
    """The verdict keeps its colour."""
    moody(service, drop=True)
    scan(page, today_ticket())
    word(page, "Einlass")
    expect(page.locator("#link")).to_contain_text("1 ungesendet")
    expect(page.locator("#link")).to_have_class("status status--off flag")
    expect(page.locator(".verdict__next")).to_contain_text("Offline an der Signatur geprüft")


def test_what_only_the_service_knows_is_waited_for(page: Page, service: Service) -> None:
    """A calm panel for up to two seconds."""
    service.codes[SHORT_CODE] = today_ticket(3)
    moody(service, delay_s=1.2)
    scan(page, SHORT_CODE)
    word(page, "Moment")
    word(page, "Einlass")
    assert [one["barcode"] for one in service.asked if "barcode" in one] == [SHORT_CODE]


def test_without_a_camera_pictures_are_dropped(page: Page) -> None:
    """What is no picture is told beside the field."""
    word(page, "Kamera fehlt")
    expect(page.locator("#message")).to_contain_text("Kein Kamerabild: Bild hierher ziehen")
    page.evaluate(DROP, [list(b"only words"), "notes.txt"])
    expect(page.locator("#note")).to_have_text("Das ist eine Textdatei, kein Bild")
    picture = packed(bgr(paper(code(today_ticket(), scale=5))), ".png")
    page.evaluate(DROP, [list(picture), "ticket.png"])
    word(page, "Einlass")
    expect(page.locator("#note")).to_be_hidden()


class TestWithAPicture:
    """A ticket before the camera."""

    @pytest.fixture(name="source")
    def _source(self, tmp_path: Path) -> str:
        picture = tmp_path / "ticket.png"
        picture.write_bytes(packed(bgr(paper(code(today_ticket(), scale=8))), ".png"))
        return str(picture)

    def test_the_live_picture_shows_the_code_outlined(self, page: Page) -> None:
        """Pixels arrive, and four corners are drawn over them."""
        word(page, "Einlass")
        expect(page.locator("#live")).to_have_js_property("naturalWidth", 640)
        expect(page.locator("#outline path")).to_have_count(1)
        expect(page.locator("#chip")).to_have_text("Live · Aufnahme")


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (800, 1280), (1024, 600)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_long_names_keep_the_keys_in_view(
    browser: Browser, station: Station, service: Service, size: tuple[int, int], scheme: str
) -> None:
    """300 characters, on every screen, in both schemes: nothing is pushed out."""
    service.holder = "Wolfeschlegelsteinhausen " * 12 + "<b>fett</b>"
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(station.address)
    expect(page.locator("#time")).not_to_be_empty()
    scan(page, today_ticket(flags=Flag.PROOF))
    word(page, "Prüfen")
    for inside in ("#code", ".verdict__act .btn:last-child", "#key-language", ".verdict__word"):
        box = page.locator(inside).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_page_says_when_the_station_is_gone(
    browser: Browser, tmp_path: Path, service: Service
) -> None:
    """A frozen verdict would be the worst of all."""
    page = browser.new_page()
    with a_station(tmp_path, service) as station:
        page.goto(station.address)
        expect(page.locator("#time")).not_to_be_empty()
    expect(page.locator("#note")).to_contain_text("Die Station antwortet nicht", timeout=20_000)
    page.close()


def test_sound_waits_for_a_touch_and_says_so(page: Page) -> None:
    """Browsers play nothing before; the hint goes with the first key."""
    expect(page.locator("#sound-hint")).to_be_visible()
    page.keyboard.press("Shift")
    expect(page.locator("#sound-hint")).to_be_hidden()
