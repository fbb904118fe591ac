"""What staff do where a barcode does not help, with the real service behind the station."""

import os
import subprocess
import sys
import time

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.camera_stand import CameraStand
from tests.journeys.conftest import Demo, picture
from tests.journeys.walks import free_ticket, verdict

Stand = tuple[CameraStand, str]
PIN = "271828"
GONE_S = 2.5


@pytest.fixture(name="supervisor")
def _supervisor(demo: Demo) -> str:
    """The admin of the demo, with a PIN."""
    command = [sys.executable, "-m", "ticketing", "--home", str(demo.home)]
    command += ["staff", "pin", demo.name]
    environment = os.environ | {"EINLASS_PIN": PIN}
    subprocess.run(command, check=True, input=PIN + "\n", text=True, env=environment)
    return demo.name


def test_a_ticket_is_found_by_name_and_a_supervisor_lets_in_again(
    page: Page, station_page: Page, demo: Demo, stand: Stand, supervisor: str
) -> None:
    """Trial run, search, a refusal overruled; the pass stands after the upload."""
    stand[0].clear()
    card = free_ticket(page, demo.chat, "Žofie Überreiter")
    station_page.keyboard.press("F1")
    stand[0].show(card)
    expect(station_page.locator(".verdict__reason")).to_have_text("Gelesen: Das funktioniert")
    picture(station_page, "station-trial")
    stand[0].clear()
    time.sleep(GONE_S)
    station_page.keyboard.press("F1")

    station_page.keyboard.press("F3")
    station_page.fill("#search-name", "überr")
    station_page.keyboard.press("Enter")
    expect(station_page.locator(".match")).to_have_count(1)
    expect(station_page.locator(".match")).to_contain_text("Tageskarte")
    picture(station_page, "station-search")
    station_page.keyboard.press("Enter")
    expect(verdict(station_page, "admit")).to_contain_text("Žofie Überreiter")

    stand[0].show(card)
    verdict(station_page, "refuse")
    station_page.keyboard.press("F10")
    for field, text in (("by", supervisor), ("pin", PIN), ("why", "Kind zurückgebracht")):
        station_page.fill(f"#override-{field}", text)
    picture(station_page, "station-override")
    station_page.keyboard.press("F10")
    expect(verdict(station_page, "admit")).to_contain_text("mit Freigabe")
    stand[0].clear()
    expect(station_page.locator("#link")).to_have_text("Verbunden · nichts offen")
    expect(station_page.locator("#alarm")).to_be_hidden()
    written = "".join(path.read_text() for path in (demo.home / "logs").glob("*.log"))
    assert PIN not in written
    assert "berreiter" not in written
