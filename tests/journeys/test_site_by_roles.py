"""Every page of the staff's site in a real browser: each role, both languages, no violation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import axe
from tests.journeys.conftest import Demo, picture
from tests.journeys.walks import flawless, free_ticket
from ticketing.domain.accounts import RIGHTS, Right, Role
from ticketing.web.staff.frame import NAVIGATION

PAGES = {
    "/staff": Right.HOUSE_SEE,
    "/staff/tickets": Right.TICKETS_SEE,
    "/staff/visitors": Right.VISITORS_SEE,
    "/staff/desk": Right.TICKETS_SELL,
    "/staff/offers": Right.HOUSE_SEE,
    "/staff/offers/new": Right.OFFERS_CHANGE,
    "/staff/offers/day-free": Right.HOUSE_SEE,
    "/staff/offers/day-free/slots": Right.HOUSE_SEE,
    "/staff/codes": Right.CODES_SEE,
    "/staff/codes/new": Right.CODES_CHANGE,
    "/staff/codes/import": Right.CODES_CHANGE,
    "/staff/stations": Right.HOUSE_SEE,
    "/staff/conflicts": Right.HOUSE_SEE,
    "/staff/numbers": Right.REPORTS_SEE,
    "/staff/report": Right.REPORTS_SEE,
    "/staff/people": Right.PEOPLE_SEE,
    "/staff/programs": Right.KEYS_SEE,
    "/staff/settings": Right.SETTINGS_SEE,
    "/staff/settings/opening": Right.SETTINGS_SEE,
    "/staff/settings/museum": Right.SETTINGS_SEE,
    "/staff/settings/retention": Right.SETTINGS_SEE,
    "/staff/settings/wording": Right.SETTINGS_SEE,
    "/staff/audit": Right.AUDIT_SEE,
}


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


@pytest.fixture(name="admin", params=["de", "en"])
def _admin(browser: Browser, demo: Demo, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        locale=request.param, viewport={"width": 1440, "height": 1000}, bypass_csp=True
    )
    yield signed_in(context, demo, request.param)
    context.close()


def test_the_list_of_pages_is_the_navigation() -> None:
    """A page that is added to the site is added here."""
    assert {link.address for link in NAVIGATION} <= PAGES.keys()


def test_no_page_has_a_violation_or_scrolls_sideways(admin: Page, demo: Demo) -> None:
    """On a desktop, then on a phone."""
    for width in (1440, 390):
        for path in PAGES:
            admin.goto(demo.service + path)
            flawless(admin, width)
    admin.set_viewport_size({"width": 1440, "height": 1000})
    for path, name in (("/staff", "staff-today"), ("/staff/numbers", "staff-numbers")):
        admin.goto(demo.service + path)
        picture(admin, name)


@pytest.mark.parametrize("role", [Role.DESK, Role.EDITOR, Role.AUDITOR])
def test_each_role_sees_its_own_pages(
    admin: Page, browser: Browser, demo: Demo, role: Role
) -> None:
    """Invited by a link, they find in the navigation what they may, and no other page opens."""
    lang = admin.locator("html").get_attribute("lang") or "de"
    admin.goto(f"{demo.service}/staff/people")
    admin.locator("form[action='/staff/people'] input[name=name]").fill(f"{role} {lang}")
    admin.locator("form[action='/staff/people'] select[name=role]").select_option(role.value)
    admin.locator("form[action='/staff/people'] button").click()
    link = admin.locator("#link").input_value()
    context = browser.new_context(locale=lang, viewport={"width": 1024, "height": 800})
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(link)
    page.locator("input[name=password]").first.fill("ein-langes-geheimnis")
    page.locator("form button").first.click()
    page.wait_for_url("**/staff**")
    if page.locator(".staff__nav").count() == 0:  # joined: now they sign in
        page.locator("input[name=name]").fill(f"{role} {lang}")
        page.locator("input[name=password]").fill("ein-langes-geheimnis")
        page.keyboard.press("Enter")
    expect(page.locator(".staff__nav")).to_be_visible()
    for path, right in PAGES.items():
        answer = page.goto(demo.service + path)
        assert answer is not None
        assert answer.status == (200 if right in RIGHTS[role] else 403), path
    context.close()


def test_a_batch_is_made_and_followed(admin: Page, demo: Demo) -> None:
    """From the form over the promise to the list of its codes and a file."""
    lang = admin.locator("html").get_attribute("lang")
    admin.goto(f"{demo.service}/staff/codes/new")
    title = "Herbst im Museum" if lang == "de" else "Autumn at the museum"
    admin.locator("input[name=name]").fill(title)
    admin.locator("input[name=prefix]").fill("HERBST")
    admin.locator("input[name=count]").fill("40")
    admin.locator("input[name=percent]").fill("20")
    picture(admin, f"codes-new-{lang}")
    admin.locator("form.form button").first.click()
    assert axe.violations(admin) == []
    picture(admin, f"codes-check-{lang}")
    admin.locator("button[name=step][value=make]").click()
    expect(admin.locator("main")).to_contain_text("HERBST-")
    assert axe.violations(admin) == []
    picture(admin, f"codes-batch-{lang}")
    with admin.expect_download() as told:
        admin.locator("button[name=format][value=csv]").click()
    assert told.value.suggested_filename.endswith(".csv")


def test_a_visitor_is_found_taken_out_and_erased(
    admin: Page, context: BrowserContext, demo: Demo
) -> None:
    """Somebody chats and takes a ticket; an admin finds, exports and erases them."""
    lang = admin.locator("html").get_attribute("lang")
    free_ticket(context.new_page(), demo.chat, f"Wilhelmine Önderoğlu {lang}")
    admin.goto(f"{demo.service}/staff/visitors")
    admin.locator("input[name=q]").fill(f"onderoglu {lang}")
    admin.keyboard.press("Enter")
    expect(admin.locator("tbody tr")).to_have_count(1)
    assert axe.violations(admin) == []
    admin.locator("tbody a").click()
    expect(admin.locator("#tickets tbody tr")).to_have_count(1)
    profile = admin.url
    for width in (1440, 390):
        for path in (profile, f"{profile}/erase"):
            admin.goto(path)
            flawless(admin, width)
    admin.goto(profile)
    with admin.expect_download() as told:
        admin.locator("form[action$='/export'] button").click()
    assert "Wilhelmine" in Path(told.value.path()).read_text("utf-8")
    admin.locator("a[href$='/erase']").click()
    admin.locator("form[action$='/erase'] button").click()
    expect(admin.locator("#wrong-sure")).to_be_visible()
    assert axe.violations(admin) == []
    admin.locator("input[name=sure]").check()
    admin.locator("form[action$='/erase'] button").click()
    expect(admin.locator(".notice")).to_be_visible()
    answer = admin.goto(profile)
    assert answer is not None
    assert answer.status == 404
