"""The main job: a visitor gets a ticket in the chat, holds it up, and is let in once."""

import re
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from scanner.sight import default_sight
from tests.journeys.camera_stand import CameraStand
from tests.journeys.conftest import Demo, keep, picture
from tests.journeys.walks import card_bytes, card_of, free_ticket, say, start, tap, verdict
from ticketing.edge.barcode import barcode_png
from ticketing.edge.chance import SystemChance
from ticketing.edge.signer import FileSigner, create_ring
from ticketing.wire.token import verify

Stand = tuple[CameraStand, str]
GONE_S = 2.5  # longer than a code must be away to count as a new presentation


@pytest.fixture(autouse=True)
def _empty_hall(stand: Stand, demo: Demo) -> None:  # noqa: ARG001  the demo must run
    stand[0].clear()
    time.sleep(GONE_S)


def test_a_visitor_is_let_in_once(page: Page, station_page: Page, demo: Demo, stand: Stand) -> None:
    """Chat, notice, consent, ticket, camera: admit with the name; the second time refused."""
    start(page, demo.chat)
    expect(page.locator("#turns")).to_contain_text("kein Mensch")
    expect(page.locator("#turns")).to_contain_text("Bevor du etwas von dir erzählst")
    picture(page, "chat-consent")
    tap(page, "Ja, ich bin 16+")
    tap(page, "Nein, danke")
    tap(page, "Ticket holen")
    tap(page, "Tageskarte · frei")
    tap(page, "Heute")
    tap(page, "1")
    say(page, "Jördis Kowalewski")
    expect(card_of(page)).to_have_attribute("alt", re.compile("Jördis Kowalewski"))
    expect(page.locator("#turns")).to_contain_text("Hier ist dein Ticket")
    card = card_bytes(page)
    card_of(page).evaluate("picture => picture.scrollIntoView({block: 'start'})")
    picture(page, "chat-phone")
    keep("card.png", card)

    stand[0].show(card, severity=2)
    panel = verdict(station_page, "admit")
    expect(panel).to_contain_text("Jördis Kowalewski")
    expect(panel).to_contain_text("Einlass")
    expect(panel).to_contain_text("Tageskarte")
    expect(panel).to_have_attribute("role", "alert")
    picture(station_page, "station-admit")

    time.sleep(GONE_S)  # still held up: one presentation is one scan
    verdict(station_page, "admit")
    stand[0].clear()
    time.sleep(GONE_S)
    stand[0].show(card)
    panel = verdict(station_page, "refuse")
    expect(panel).to_contain_text(re.compile(r"Um \d\d:\d\d an Eingang Süd benutzt"))
    expect(panel).to_contain_text("Jördis Kowalewski")
    picture(station_page, "station-used")


def test_a_ticket_of_another_key_is_forged(
    station_page: Page, page: Page, demo: Demo, stand: Stand, tmp_path: Path
) -> None:
    """The same claims under a key with the same number, but not ours."""
    card = free_ticket(page, demo.chat, "Fälscher Fritz")
    text = read_back(card)
    genuine = verify(text, FileSigner(demo.home / "keys").ring())
    create_ring(tmp_path, SystemChance())
    forged = FileSigner(tmp_path).barcode(genuine.claims)
    stand[0].show(barcode_png(forged.text))
    panel = verdict(station_page, "refuse")
    expect(panel).to_contain_text(re.compile("[Ff]älsch|nicht echt|Unterschrift|Signatur"))
    expect(panel).not_to_contain_text("Fälscher Fritz")


def test_a_foreign_code_is_a_calm_hint(station_page: Page, stand: Stand) -> None:
    """A web address is none of ours: no alarm, nothing stored."""
    encoder = cv2.QRCodeEncoder.create()
    plain = cv2.resize(
        encoder.encode("https://example.org/menu"), None, fx=12, fy=12, interpolation=0
    )
    framed = cv2.copyMakeBorder(plain, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=255)
    stand[0].show(bytes(cv2.imencode(".png", framed)[1]))
    expect(station_page.locator("#verdict")).to_contain_text("Nicht von uns")
    expect(station_page.locator("#verdict")).to_have_attribute("role", "status")
    picture(station_page, "station-foreign")


def test_paying_at_the_desk_is_confirmed_by_staff(
    page: Page, station_page: Page, demo: Demo, stand: Stand
) -> None:
    """An unpaid ticket asks staff; F2 takes the money and lets in; again it is used."""
    start(page, demo.chat)
    tap(page, "Nein, danke")
    tap(page, "Nein, danke")
    tap(page, "Ticket holen")
    tap(page, "Tageskarte Erwachsene")
    tap(page, "Heute")
    say(page, "Thaddäus Wömpener")
    expect(page.locator("#turns")).to_contain_text(re.compile(r"Du zahlst 9(,00)?\s€ an der Kasse"))
    stand[0].show(card_bytes(page))
    verdict(station_page, "attention")
    picture(station_page, "station-check")
    station_page.keyboard.press("F2")
    expect(verdict(station_page, "admit")).to_contain_text("Thaddäus Wömpener")


def test_refusing_every_consent_still_gives_a_ticket(page: Page, demo: Demo) -> None:
    """A no costs nothing: the ticket comes, and nothing else is asked or kept."""
    card = free_ticket(page, demo.chat, "Božena Škvorová")
    assert len(read_back(card)) == 154


def read_back(card: bytes) -> str:
    """The barcode's text in a card's picture."""
    plane = cv2.imdecode(np.frombuffer(card, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert plane is not None
    [reading] = default_sight().look(plane)
    return reading.text
