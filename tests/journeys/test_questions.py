"""Every question that a button opens: on the screen, whole, and good to answer by hand and key."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import axe
from tests.journeys.conftest import Demo
from tests.journeys.stock import PAGES, Stock
from tests.journeys.walks import signed_in

WIDTHS = (320, 390, 768, 1280, 1440)
KINDS = {
    "offers/*/slots/*/capacity", "stations/*/change", "stations/*/revoke", "stations/gates/*",
    "codes/*/stop", "codes/*/delete", "people/*/reset", "people/*/remove",
    "programs/keys/*/revoke", "programs/webhooks/*/rotate", "programs/webhooks/*/delete",
    "tickets/*/mail", "tickets/*/name", "tickets/*/reissue", "tickets/*/revoke",
    "tickets/*/scans/*/annul", "tickets/*/scans/*/override", "desk/sold/*/mail",
}  # fmt: skip
"""What they are about; passkeys and codes from an app are in test_staff_in_a_browser.py."""
WORDS = {word for kind in KINDS for word in kind.split("/")}


@pytest.fixture(name="admin")
def _admin(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", bypass_csp=True)
    yield signed_in(context, demo, "de")
    context.close()


def kind_of(question: Locator) -> str:
    """What a question is about: where its form goes, without the names in it."""
    address = question.locator("form").first.get_attribute("action") or ""
    parts = address.removeprefix("/staff/").split("/")
    return "/".join(part if part in WORDS else "*" for part in parts)


def is_whole(page: Page, box: Locator) -> bool:
    """The box lies within the window, and the page is no wider than it."""
    size, found = page.viewport_size, box.bounding_box()
    assert size is not None
    assert found is not None
    is_within = found["x"] >= 0 and found["x"] + found["width"] <= size["width"]
    is_within = is_within and found["y"] >= 0 and found["y"] + found["height"] <= size["height"]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return bool(is_within and wide <= size["width"])


def test_each_question_is_whole_and_can_be_answered(admin: Page, demo: Demo, stock: Stock) -> None:
    """Opened by mouse at each width; its buttons take a click; axe with it open."""
    seen = set[str]()
    for path in map(stock.address, PAGES):
        admin.goto(demo.service + path)
        questions = admin.locator("details.confirm")
        fresh = dict[str, int]()
        for n in range(questions.count()):
            fresh.setdefault(kind_of(questions.nth(n)), n)
        for kind in fresh.keys() - seen:
            for width in WIDTHS:
                admin.set_viewport_size({"width": width, "height": 800})
                question = questions.nth(fresh[kind])
                question.locator("summary").click()
                box = question.locator(".confirm__box")
                assert is_whole(admin, box), (kind, width)
                for button in box.locator("form button").all():
                    button.click(trial=True)
                if width in {390, 1280}:
                    assert axe.violations(admin) == [], (kind, width)
                box.locator("[data-close]").click()
                expect(box).to_be_hidden()
        seen |= fresh.keys()
    assert seen == KINDS


def test_a_question_is_closed_by_key_and_beside_it(admin: Page, demo: Demo, stock: Stock) -> None:
    """Enter opens it, Tab goes into it, Escape or leaving it closes it; so does a click beside."""
    admin.set_viewport_size({"width": 1280, "height": 800})
    admin.goto(demo.service + stock.address("/staff/codes/<batch>"))
    button = admin.locator("details.confirm summary").first
    box = admin.locator(".confirm__box").first
    button.focus()
    admin.keyboard.press("Enter")
    expect(box).to_be_visible()
    admin.keyboard.press("Tab")
    admin.keyboard.press("Tab")
    expect(box.locator("form button")).to_be_focused()
    admin.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(button).to_be_focused()
    admin.keyboard.press("Enter")
    for _ in range(3):
        admin.keyboard.press("Tab")
    expect(box).to_be_hidden()
    button.click()
    expect(box).to_be_visible()
    admin.mouse.click(5, 795)
    expect(box).to_be_hidden()


def test_the_week_shows_all_its_days(admin: Page, demo: Demo, stock: Stock) -> None:
    """Seven beside each other on a desktop, fewer below each other elsewhere; none is cut."""
    for width in WIDTHS:
        admin.set_viewport_size({"width": width, "height": 800})
        admin.goto(demo.service + stock.address("/staff/offers/<slug>/slots"))
        days = admin.locator(".week > section").all()
        places = [day.bounding_box() for day in days]
        assert len(places) == 7
        assert all(one and one["x"] + one["width"] <= width for one in places)
        assert admin.locator(".week").evaluate("(it) => it.scrollWidth <= it.clientWidth")
        rows = {one["y"] for one in places if one}
        assert (len(rows) == 1) is (width >= 1280)
