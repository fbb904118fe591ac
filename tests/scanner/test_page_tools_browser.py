"""The page's tools in a real Chromium: trial run, search, override, cameras, hand scanners, axe."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from scanner.camera import Choice
from scanner.station import Station
from tests.axe import violations
from tests.scanner.frames import bgr, code, packed, paper
from tests.scanner.homes import a_station, today_ticket, until
from tests.scanner.pages import page_of, word
from tests.scanner.service_double import Service, moody, running
from tests.scanner.station_kit import SHORT_CODE, WEB
from tests.scanner.test_hand import typed
from ticketing.wire.token import Flag

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]

PIN = "271828"


def found(holder: str, short_code: str = SHORT_CODE, **changes: Any) -> dict[str, Any]:
    """A ticket as the service lists it for a gate."""
    plain: dict[str, Any] = {
        "holder": holder,
        "offer": "day",
        "offer_name": {"de": "Tageskarte", "en": "Day ticket"},
        "party": 1,
        "state": "valid",
        "short_code": short_code,
        "valid_from": "2026-10-04T00:00:00+02:00",
        "valid_until": "2026-10-05T00:00:00+02:00",
    }
    return plain | changes


def picture(path: Path, text: str) -> str:
    """A camera that always shows this code."""
    path.write_bytes(packed(bgr(paper(code(text, scale=8))), ".png"))
    return str(path)


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service with a supervisor."""
    with running() as service:
        service.pins["sofia"] = PIN
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
    """Its page in German, online; a word in the console is a failure."""
    with page_of(browser, station) as page:
        expect(page.locator("#link")).to_have_text("Verbunden · nichts offen")
        yield page


def scan(page: Page, text: str) -> None:
    """As a hand scanner does: key by key and Enter, wherever the focus is."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def refused(page: Page) -> None:
    """A ticket that was used a moment ago is on the screen."""
    scan(page, today_ticket())
    word(page, "Einlass")
    page.wait_for_timeout(1_600)
    scan(page, today_ticket())
    word(page, "Stopp")


# ---------------------------------------------------------------- the trial run


def test_the_trial_run_reads_a_hand_scanner_and_counts_nothing(
    page: Page, service: Service
) -> None:
    """A ticket that would be good is none now; afterwards it is."""
    page.keyboard.press("F1")
    expect(page.locator(".verdict__reason")).to_have_text("Irgendeinen QR-Code hochhalten")
    scan(page, today_ticket())
    expect(page.locator(".verdict__reason")).to_have_text("Gelesen: Das funktioniert")
    expect(page.locator("[data-state=good]", has_text="Handscanner")).to_have_count(1)
    assert [path for path in service.paths if path.endswith("/scans")] == []
    expect(page.locator("#recent li")).to_have_text("Noch keine Scans")
    page.keyboard.press("F1")
    word(page, "Kamera fehlt")
    scan(page, today_ticket())
    word(page, "Einlass")


def test_the_trial_run_has_a_line_for_each_thing(page: Page, service: Service) -> None:
    """Camera, service, knowledge, clock, disk, unsent entries, pairing, sound."""
    page.keyboard.press("F1")
    word(page, "Nicht bereit")
    expect(page.locator("[data-state=bad]")).to_have_text("KameraKein BildFehler")
    expect(page.locator(".verdict__lines li")).to_have_count(11)
    moody(service, drop=True)
    offline = page.locator("[data-state=warn]", has_text="Dienst")
    expect(offline).to_contain_text("offline seit", timeout=15_000)
    page.keyboard.press("F9")
    word(page, "Not ready")
    expect(page.locator(".verdict__lines")).to_contain_text("offline since")


class TestWithATicketInView:
    """A good ticket before the camera."""

    @pytest.fixture(name="source")
    def _source(self, tmp_path: Path) -> str:
        return picture(tmp_path / "ticket.png", WEB)

    def test_any_code_tells_that_all_is_well(self, page: Page) -> None:
        """Green lines, no verdict, no sound of one."""
        word(page, "Nicht von uns")
        page.keyboard.press("F1")
        word(page, "Alles bereit")
        expect(page.locator(".verdict__reason")).to_have_text("Gelesen: Das funktioniert")
        expect(page.locator("#verdict")).not_to_have_attribute("data-verdict", "admit")

    def test_staff_switch_to_another_camera(
        self, page: Page, station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By keyboard alone; the one in use is marked, no address is shown."""
        other = picture(tmp_path / "other.png", today_ticket())
        cameras = (Choice(other, "HD Pro C920"),)
        monkeypatch.setattr(station._cameras, "_listed", lambda: cameras)
        page.keyboard.press("F7")
        used = page.get_by_label("wie beim Start eingestellt")
        expect(used).to_be_checked()
        expect(used).to_be_focused()
        page.keyboard.press("ArrowDown")
        word(page, "Einlass")
        page.keyboard.press("Escape")
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.press("F7")
        expect(page.get_by_label("HD Pro C920")).to_be_checked()
        assert str(tmp_path) not in page.content()

    def test_picture_and_brightness_are_set_and_kept(self, page: Page) -> None:
        """The preview alone is mirrored; a reload changes nothing."""
        page.keyboard.press("F7")
        page.get_by_label("Vorschau spiegeln").press("Space")
        page.get_by_label("dunkel").check()
        page.reload()
        mirrored = "matrix(-1, 0, 0, 1, 0, 0)"
        expect(page.locator("#live")).to_have_css("transform", mirrored)
        expect(page.locator("#outline")).to_have_css("transform", mirrored)
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.locator("body")).to_have_css("background-color", "rgb(14, 17, 19)")


class TestInTheDark:
    """A camera that sees next to nothing."""

    @pytest.fixture(name="source")
    def _source(self, tmp_path: Path) -> str:
        path = tmp_path / "dark.png"
        path.write_bytes(packed(np.full((360, 640, 3), 12, np.uint8), ".png"))
        return str(path)

    def test_a_dark_picture_is_told(self, page: Page) -> None:
        """Over the picture, and in the check before the doors open."""
        expect(page.locator("#dark")).to_contain_text("Zu dunkel: mehr Licht")
        page.keyboard.press("F1")
        expect(page.locator("[data-state=warn]", has_text="Kamera")).to_contain_text("zu dunkel")


# ---------------------------------------------------------------- search


def test_a_ticket_is_found_by_name_with_the_keyboard_alone(page: Page, service: Service) -> None:
    """Chosen, it goes the way of a typed code; the names are gone then."""
    service.codes[SHORT_CODE] = today_ticket()
    service.tickets = [found("Jörg Ünal", "M4P9TD2K"), found("Jördis Kowalewski")]
    page.keyboard.press("F3")
    page.keyboard.type("jör", delay=90)
    page.keyboard.press("Enter")
    expect(page.locator("#tool-note")).to_have_text("2 Tickets gefunden")
    expect(page.locator(".match").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    word(page, "Einlass")
    expect(page.locator("#tool")).to_be_hidden()
    expect(page.locator("#code")).to_be_focused()
    assert "Ünal" not in page.content()
    assert all("%" not in path and "?" not in path for path in service.paths)


def test_offline_the_search_says_that_it_cannot(page: Page, service: Service) -> None:
    """In the language of the page, which may change meanwhile."""
    page.keyboard.press("F3")
    page.keyboard.type("jör", delay=90)
    moody(service, drop=True)
    page.keyboard.press("Enter")
    expect(page.locator("#tool-note")).to_contain_text("Ohne Verbindung geht die Suche nicht")
    page.keyboard.press("F9")
    expect(page.locator("#tool-note")).to_contain_text("No search while offline")


def test_a_hand_scanner_that_goes_off_in_a_field_is_a_scan(page: Page, service: Service) -> None:
    """Not a name, not a PIN; what was typed before stays."""
    page.keyboard.press("F3")
    before = 0
    for _ in range(5):  # on a busy machine the keys of a test may come slower than a scanner's
        before = len(service.paths)
        page.locator("#search-name").fill("")
        page.keyboard.type("jör", delay=90)
        page.wait_for_timeout(100)
        scan(page, today_ticket())
        page.keyboard.press("Enter")
        with suppress(AssertionError):
            word(page, "Einlass")
            break
    expect(page.locator("#search-name")).to_have_value("jör")
    assert [path for path in service.paths[before:] if path.endswith("search")] == []


# ---------------------------------------------------------------- a supervisor's word


def test_a_supervisor_lets_in_who_was_refused(page: Page, service: Service) -> None:
    """Name, PIN, reason; Enter alone lets nobody in, F10 does."""
    refused(page)
    page.keyboard.press("F10")
    expect(page.locator("#override-whom")).to_contain_text("Lässt ein trotz: Um")
    for text in ("sofia", PIN, "Handy leer"):
        page.keyboard.type(text, delay=70)
        page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    word(page, "Stopp")
    page.keyboard.press("F10")
    word(page, "Einlass")
    expect(page.locator(".verdict__what")).to_contain_text("mit Freigabe")
    expect(page.locator("#tool")).to_be_hidden()
    sent = [one for one in service.asked if "pin" in one]
    assert sent == [{"why": "Handy leer", "by": "sofia", "pin": PIN}]
    assert all(PIN not in path for path in service.paths)
    until(lambda: any('"resolve"' in body for body in service.sync.bodies.values()))
    assert all(PIN not in body for body in service.sync.bodies.values())


def test_a_wrong_pin_is_told_and_then_throttled(page: Page, service: Service) -> None:
    """The field is empty after each try."""
    refused(page)
    page.keyboard.press("F10")
    page.fill("#override-by", "sofia")
    page.fill("#override-why", "Handy leer")
    page.keyboard.press("F10")
    expect(page.locator("#tool-note")).to_have_text("Name, PIN und Begründung eintragen")
    for _ in range(3):
        page.fill("#override-pin", "000000")
        page.keyboard.press("F10")
        expect(page.locator("#tool-note")).to_have_text("Name oder PIN stimmt nicht")
        expect(page.locator("#override-pin")).to_have_value("")
    page.fill("#override-pin", PIN)
    page.keyboard.press("F10")
    expect(page.locator("#tool-note")).to_have_text("Zu viele falsche PINs. Noch 12 Minuten warten")
    word(page, "Stopp")
    page.keyboard.press("Escape")
    page.keyboard.press("F10")
    expect(page.locator("#override-by")).to_have_value("")
    assert service.wrong_pins == 3


def test_what_nobody_may_overrule_has_no_key(page: Page, service: Service) -> None:
    """Neither an open check nor a foreign code; offline the page says why not."""
    scan(page, today_ticket(flags=Flag.PROOF))
    word(page, "Prüfen")
    page.keyboard.press("F10")
    expect(page.locator("#tool")).to_be_hidden()
    page.keyboard.press("F4")
    word(page, "Stopp")
    expect(page.locator(".verdict .key", has_text="F10")).to_have_count(0)
    scan(page, WEB)
    word(page, "Nicht von uns")
    page.keyboard.press("F10")
    expect(page.locator("#tool")).to_be_hidden()
    assert [path for path in service.paths if "override" in path] == []


# ---------------------------------------------------------------- hand scanners, counting


@pytest.mark.parametrize(("scanner", "computer"), [("us", "de"), ("us", "fr"), ("de", "us")])
def test_a_hand_scanner_with_another_layout_opens_the_door(
    page: Page, service: Service, scanner: str, computer: str
) -> None:
    """What arrives looks like nothing; it is read all the same."""
    page.locator("#code").focus()
    page.keyboard.insert_text(typed(today_ticket(), scanner, computer))
    page.keyboard.press("Enter")
    word(page, "Einlass")
    assert [one["barcode"] for one in service.asked if "barcode" in one] == [today_ticket()]


def test_a_number_before_page_up_counts_that_many(page: Page, service: Service) -> None:
    """Enter counts nobody: a hand scanner sends it."""
    page.keyboard.type("12", delay=80)
    page.keyboard.press("PageUp")
    expect(page.locator("#counted")).to_have_text("+12 von Hand")
    expect(page.locator("#code")).to_have_value("")
    until(lambda: any('"delta":12' in body for body in service.sync.bodies.values()))
    page.keyboard.press("PageDown")
    expect(page.locator("#counted")).to_have_text("+11 von Hand")


# ---------------------------------------------------------------- everybody can use it


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_page_has_a_violation(
    page: Page, service: Service, lang: str, theme: str
) -> None:
    """Axe finds nothing in any state, bright or dark."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    if lang == "en":
        page.keyboard.press("F9")
    service.tickets = [found("Jördis Kowalewski")]
    seen: dict[str, list[str]] = {"no camera": violations(page)}
    for key, name in (("F1", "trial run"), ("F1", "its end"), ("F7", "camera")):
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        seen[name] = violations(page)
    page.keyboard.press("F3")
    page.fill("#search-name", "jör")
    page.keyboard.press("Enter")
    expect(page.locator(".match")).to_have_count(1)
    seen["search"] = violations(page)
    page.keyboard.press("Escape")
    kinds: tuple[dict[str, Any], ...] = ({}, {"party": 5}, {"flags": Flag.PROOF})
    for number, changes in enumerate(kinds, start=1):
        scan(page, today_ticket(number, **changes))
        page.wait_for_timeout(500)
        seen[f"scan {number}"] = violations(page)
    page.keyboard.press("F4")
    scan(page, today_ticket(1))
    expect(page.locator(".verdict .key", has_text="F10")).to_be_visible()
    page.keyboard.press("F10")
    seen["override"] = violations(page)
    page.keyboard.press("F10")
    seen["missing"] = violations(page)
    page.keyboard.press("Escape")
    scan(page, WEB)
    page.wait_for_timeout(300)
    seen["foreign"] = violations(page)
    assert {name: found for name, found in seen.items() if found} == {}


def test_every_control_is_reached_by_tab(page: Page) -> None:
    """And Space presses a button instead of going to the field."""
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    keys = {"ready", "search", "direction", "view", "annul", "more", "less", "language"}
    assert {f"key-{one}" for one in keys} <= reached
    page.locator("#key-language").focus()
    page.keyboard.press("Space")
    expect(page.locator("html")).to_have_attribute("lang", "en")
