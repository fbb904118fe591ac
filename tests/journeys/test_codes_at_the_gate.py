"""A discount code at the gate: shown, redeemed or left by staff, in both languages."""

import io
import time
from typing import Any

import qrcode
from playwright.sync_api import Page, expect

from tests.journeys.camera_stand import CameraStand
from tests.journeys.conftest import Demo, picture
from tests.journeys.walks import call, verdict

Stand = tuple[CameraStand, str]
GONE_S = 2.5
AUTUMN = {"name": "Herbst", "prefix": "HERBST", "count": 3}


def codes_of(page: Page, demo: Demo, **changes: Any) -> tuple[str, list[str]]:
    """A new batch and its codes."""
    effect = {"kind": "percent", "value": 20}
    batch = call(page, demo, "POST", "/code-batches", AUTUMN | {"effect": effect} | changes)
    listed = call(page, demo, "GET", f"/code-batches/{batch['id']}/codes")
    return batch["id"], [one["code"] for one in listed["items"]]


def printed(text: str) -> bytes:
    """A code as a QR picture, PNG."""
    symbol = qrcode.QRCode(border=6, box_size=16)
    symbol.add_data(text)
    file = io.BytesIO()
    symbol.make_image().save(file)
    return file.getvalue()


def typed(station: Page, text: str) -> None:
    """A hand scanner, or somebody who types."""
    station.keyboard.type(text)
    station.keyboard.press("Enter")


def redeemed(page: Page, demo: Demo, batch: str) -> int:
    """How many of a batch are redeemed."""
    return int(call(page, demo, "GET", f"/code-batches/{batch}")["tally"]["redeemed"])


def test_a_code_is_shown_redeemed_and_then_used_up(
    station_page: Page, demo: Demo, stand: Stand
) -> None:
    """By camera and by hand; what it takes off stands there; the second time it is refused."""
    batch, codes = codes_of(station_page, demo, offers=["day-adult"])
    stand[0].show(printed(codes[0]))
    panel = verdict(station_page, "discount")
    expect(panel).to_contain_text("20 % günstiger")
    expect(panel).to_contain_text("Tageskarte Erwachsene: 7,20 € statt 9,00 €.")
    assert redeemed(station_page, demo, batch) == 0
    station_page.keyboard.press("F2")
    expect(panel).to_contain_text("eingelöst")
    assert redeemed(station_page, demo, batch) == 1
    stand[0].clear()
    time.sleep(GONE_S)
    typed(station_page, codes[0].lower())
    expect(verdict(station_page, "refuse")).to_contain_text("eingelöst")
    assert redeemed(station_page, demo, batch) == 1


def test_a_code_that_is_left_stays_good_in_english_too(station_page: Page, demo: Demo) -> None:
    """F4 leaves it; the next time it is as good; it may be for several offers."""
    batch, codes = codes_of(station_page, demo, effect={"kind": "free"})
    station_page.keyboard.press("F9")
    typed(station_page, codes[1])
    panel = verdict(station_page, "discount")
    expect(panel).to_contain_text("Free entry")
    expect(panel).to_contain_text("instead of")
    station_page.keyboard.press("F4")
    verdict(station_page, "refuse")
    time.sleep(GONE_S)
    typed(station_page, codes[1])
    expect(verdict(station_page, "discount")).to_contain_text("Leave it")
    assert redeemed(station_page, demo, batch) == 0
    station_page.keyboard.press("F2")
    expect(verdict(station_page, "discount")).to_contain_text("redeemed")
    assert redeemed(station_page, demo, batch) == 1
    station_page.keyboard.press("F9")


def test_what_a_code_takes_off_is_shown_before_and_after(
    station_page: Page, demo: Demo, stand: Stand
) -> None:
    """In English; what stands there before it is redeemed stands there afterwards, too."""
    batch, codes = codes_of(station_page, demo, offers=["day-adult"])
    station_page.keyboard.press("F9")
    stand[0].show(printed(codes[2]))
    panel = verdict(station_page, "discount")
    expect(panel).to_contain_text("Day ticket, adult: €7.20 instead of €9.00.")
    picture(station_page, "station-code-en")
    station_page.keyboard.press("F2")
    expect(panel).to_contain_text("redeemed")
    picture(station_page, "station-code-redeemed-en")
    assert redeemed(station_page, demo, batch) == 1
    stand[0].clear()
    station_page.keyboard.press("F9")
