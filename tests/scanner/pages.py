"""The station's page in a real Chromium, for tests that look at it."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from scanner.station import Station


@contextmanager
def page_of(browser: Browser, station: Station, *, script: str = "") -> Iterator[Page]:
    """The page, once it shows the time; a word in the console is a failure in the end.

    Chromium itself says there that an answer was a refusal (422), which tests want to see.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(10_000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text))
    if script:
        page.add_init_script(script)
    page.goto(station.address)
    expect(page.locator("#time")).not_to_be_empty()
    yield page
    page.close()
    assert [one for one in troubles if "422" not in one] == []


def word(page: Page, expected: str) -> None:
    """The one big word."""
    expect(page.locator(".verdict__word")).to_have_text(expected)
