"""Walks that several journeys take: through the chat to a ticket, what the gate says, a page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests import axe

if TYPE_CHECKING:
    from tests.journeys.conftest import Demo

ANSWER_LIMIT_S = 10.0


def call(page: Page, demo: Demo, method: str, path: str, body: object = None) -> Any:
    """What the API says."""
    answer = page.request.fetch(
        f"{demo.service}/api/v1{path}",
        method=method,
        headers={"Authorization": f"Bearer {demo.api_key}"},
        data=body,
    )
    assert answer.ok, answer.text()
    return answer.json()


def signed_in(context: BrowserContext, demo: Demo, lang: str) -> Page:
    """A page of somebody who has just signed in."""
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{demo.staff}?lang={lang}")
    page.locator("input[name=name]").fill(demo.name)
    page.locator("input[name=password]").fill(demo.password)
    page.keyboard.press("Enter")
    expect(page.locator(".staff__nav")).to_be_visible()
    return page


def start(page: Page, address: str) -> None:
    """Open the chat and begin; nothing is stored before that."""
    page.goto(address)
    assert page.context.cookies() == []
    page.get_by_role("button", name="Chat beginnen").click()


def tap(page: Page, label: str) -> None:
    """Press the newest open button of that name, as on a phone."""
    button = page.locator(f"#turns button:not([disabled]):has-text('{label}')").last
    button.wait_for()
    before = newest(page)
    button.click()
    await_answer(page, before)


def newest(page: Page) -> int:
    """The number of the newest message on the page."""
    return int(page.locator("#turns li").last.get_attribute("data-id") or 0)


def await_answer(page: Page, before: int) -> None:
    """Wait until the museum has answered what was said after message `before`."""
    own = page.locator("#turns li[data-own]").last
    expect(own).to_be_visible()
    deadline = time.monotonic() + ANSWER_LIMIT_S
    while time.monotonic() < deadline:
        last = page.locator("#turns li").last
        if newest(page) > before and last.get_attribute("data-own") is None:
            return
        page.wait_for_timeout(50)
    raise AssertionError("the museum did not answer")


def say(page: Page, text: str) -> None:
    """Type something and send it."""
    before = newest(page)
    page.locator("#say").fill(text)
    page.keyboard.press("Enter")
    await_answer(page, before)


def card_of(page: Page) -> Locator:
    """The newest ticket picture in the chat."""
    picture = page.locator("#turns img").last
    expect(picture).to_be_visible()
    return picture


def card_bytes(page: Page) -> bytes:
    """The newest ticket picture as the phone has it, PNG."""
    address = card_of(page).get_attribute("src")
    assert address is not None
    answer = page.request.get(page.url.split("/chat")[0] + address)
    assert answer.ok
    return answer.body()


def free_ticket(page: Page, address: str, holder: str) -> bytes:
    """From the first hello to a free ticket for today; the card's picture."""
    start(page, address)
    tap(page, "Nein, danke")
    tap(page, "Nein, danke")
    tap(page, "Ticket holen")
    tap(page, "Tageskarte · frei")
    tap(page, "Heute")
    tap(page, "1")
    say(page, holder)
    return card_bytes(page)


def flawless(page: Page, width: int) -> None:
    """The page has no violation and nothing that scrolls sideways at this width."""
    page.set_viewport_size({"width": width, "height": 900})
    assert axe.violations(page) == [], (page.url, width)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, (page.url, width, wide)


def verdict(station: Page, kind: str) -> Locator:
    """Wait until the gate shows this verdict; the panel."""
    panel = station.locator(f"#verdict[data-verdict='{kind}']")
    expect(panel).to_be_visible()
    return panel
