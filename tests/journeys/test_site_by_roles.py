"""Every page of the staff's site in a real browser: each role, both languages, no violation."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import axe
from tests.journeys.conftest import Demo, picture
from tests.journeys.stock import PAGES, Stock
from tests.journeys.walks import call, flawless, free_ticket, signed_in
from ticketing import config
from ticketing.app import opened
from ticketing.domain.accounts import RIGHTS, Role
from ticketing.edge.clock import SystemClock
from ticketing.service import batch_codes


@pytest.fixture(name="admin", params=["de", "en"])
def _admin(browser: Browser, demo: Demo, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        locale=request.param, viewport={"width": 1440, "height": 1000}, bypass_csp=True
    )
    yield signed_in(context, demo, request.param)
    context.close()


def test_no_page_has_a_violation_or_scrolls_sideways(admin: Page, demo: Demo, stock: Stock) -> None:
    """On a desktop, then on a phone."""
    for width in (1440, 390):
        for path in map(stock.address, PAGES):
            admin.goto(demo.service + path)
            flawless(admin, width)
    admin.set_viewport_size({"width": 1440, "height": 1000})
    for path, name in (("/staff", "staff-today"), ("/staff/numbers", "staff-numbers")):
        admin.goto(demo.service + path)
        picture(admin, name)


@pytest.mark.parametrize("admin", ["de"], indirect=True)
def test_a_phone_shows_the_rows_of_lists_whole(admin: Page, demo: Demo, stock: Stock) -> None:
    """Names, states, short codes, what was changed: nothing lies beside the screen."""
    del stock
    for width in (320, 390):
        admin.set_viewport_size({"width": width, "height": 844})
        for path, cells in (
            ("/staff/people", ".status"),
            ("/staff/tickets", ".status, .code"),
            ("/staff/audit", "ins"),
        ):
            admin.goto(demo.service + path)
            assert admin.locator(f"tbody :is({cells})").count() > 1
            assert admin.locator("main .scroll").evaluate(
                "(it) => it.scrollWidth <= it.clientWidth"
            )
            for cell in admin.locator("tbody :is(th, td)").all():
                found = cell.bounding_box()
                assert found is None or found["x"] + found["width"] <= width, (path, width)


@pytest.mark.parametrize("role", [Role.DESK, Role.EDITOR, Role.AUDITOR])
def test_each_role_sees_its_own_pages(
    admin: Page, browser: Browser, demo: Demo, stock: Stock, role: Role
) -> None:
    """Invited by a link, they find what they may, without a violation, and no other page opens."""
    lang = admin.locator("html").get_attribute("lang") or "de"
    admin.goto(f"{demo.service}/staff/people")
    admin.locator("form[action='/staff/people'] input[name=name]").fill(f"{role} {lang}")
    admin.locator("form[action='/staff/people'] select[name=role]").select_option(role.value)
    admin.locator("form[action='/staff/people'] button").click()
    link = admin.locator("#link").input_value()
    context = browser.new_context(locale=lang, bypass_csp=True)
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
    for pattern, right in PAGES.items():
        answer = page.goto(demo.service + stock.address(pattern))
        assert answer is not None
        assert answer.status == (200 if right is None or right in RIGHTS[role] else 403), pattern
        if answer.ok:
            flawless(page, 390 if lang == "de" else 1024)
    flawless(page, 390 if lang == "de" else 1024)  # the last page is one that does not open
    context.close()


def followed(admin: Page, demo: Demo, batch: str) -> None:
    """Some codes of a batch have been sent, have arrived and were used, as a program says."""
    listed = call(admin, demo, "GET", f"/code-batches/{batch}/codes")["items"]
    codes = [one["code"] for one in listed]
    with opened(config.load(demo.home)) as app, app.store.unit() as unit:
        unit.begin()
        batch_codes.note_way(unit, app.house, texts=codes[:32], what="sent")
        batch_codes.note_way(unit, app.house, texts=codes[:30], what="delivered")
        unit.commit()
    for code in codes[:11]:
        used = {"code": code, "offer": "day-adult", "redemption_id": f"shop-{code}"}
        call(admin, demo, "POST", "/codes/redeem", used)


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
    batch = admin.url.rpartition("/")[2]
    followed(admin, demo, batch)
    admin.reload()
    expect(admin.locator(".funnel b")).to_have_text(["40", "32", "30", "11"])
    picture(admin, f"codes-batch-{lang}")
    with admin.expect_download() as told:
        admin.locator("button[name=format][value=csv]").click()
    assert told.value.suggested_filename.endswith(".csv")


def test_a_visitor_is_found_taken_out_and_erased(
    admin: Page, context: BrowserContext, demo: Demo
) -> None:
    """Somebody chats and takes a ticket; an admin finds, exports and erases them."""
    lang = admin.locator("html").get_attribute("lang")
    name = "Wilhelmine" if lang == "de" else "Wilhelmina"
    free_ticket(context.new_page(), demo.chat, f"{name} Önderoğlu")
    admin.goto(f"{demo.service}/staff/visitors")
    admin.locator("input[name=q]").fill(f"{name} onderoglu")
    admin.keyboard.press("Enter")
    expect(admin.locator("tbody tr")).to_have_count(1)
    assert axe.violations(admin) == []
    picture(admin, f"visitors-{lang}")
    admin.locator("tbody a").click()
    expect(admin.locator("#tickets tbody tr")).to_have_count(1)
    picture(admin, f"visitor-{lang}")
    profile = admin.url
    for width in (1440, 390):
        for path in (profile, f"{profile}/erase"):
            admin.goto(path)
            flawless(admin, width)
    admin.goto(profile)
    with admin.expect_download() as told:
        admin.locator("form[action$='/export'] button").click()
    assert name in Path(told.value.path()).read_text("utf-8")
    admin.set_viewport_size({"width": 1440, "height": 1000})
    admin.locator("a[href$='/erase']").click()
    picture(admin, f"visitor-erase-{lang}")
    admin.locator("form[action$='/erase'] button").click()
    expect(admin.locator("#wrong-sure")).to_be_visible()
    expect(admin.locator("input[name=sure]")).to_be_focused()
    assert axe.violations(admin) == []
    admin.locator("input[name=sure]").check()
    admin.locator("form[action$='/erase'] button").click()
    expect(admin.locator(".notice")).to_be_visible()
    answer = admin.goto(profile)
    assert answer is not None
    assert answer.status == 404


@pytest.mark.parametrize("admin", ["en"], indirect=True)
def test_the_house_sets_its_hours_and_takes_them_back(admin: Page, demo: Demo) -> None:
    """An exception shows in the days ahead; a day that is none is told where it was typed."""
    admin.goto(f"{demo.service}/staff/settings/opening")
    admin.locator("a[href='#new-date']").click()
    form = admin.locator("#new-date form")
    form.locator("[name=first]").fill(f"{SystemClock().now() + timedelta(days=4):%Y-%m-%d}")
    form.locator("[name=dates_from]").fill("10:00")
    form.locator("[name=dates_to]").fill("22:00")
    form.locator("button").focus()
    picture(admin, "settings-exceptions-en")
    form.locator("button").click()
    late = admin.locator(".ahead__other", has_text="10:00\N{EN DASH}22:00")
    expect(late).to_have_count(1)
    picture(admin, "settings-opening-en")
    admin.locator("#new-yearly [name=day]").fill("31")
    admin.locator("#new-yearly [name=month]").select_option("2")
    admin.locator("#new-yearly button").click()
    expect(admin.locator("#f-day")).to_be_focused()
    expect(admin.locator("#wrong-day")).to_be_in_viewport()
    assert axe.violations(admin) == []
    admin.locator("form[action$='/back'] button").click()
    expect(admin.locator(".staff__told")).to_be_visible()
    expect(late).to_have_count(0)


@pytest.mark.parametrize("admin", ["en"], indirect=True)
def test_the_house_says_it_in_its_own_words(admin: Page, demo: Demo) -> None:
    """The text is kept and given back; a shorter time asks first and changes nothing."""
    settings = f"{demo.service}/staff/settings"
    admin.goto(f"{settings}/museum")
    picture(admin, "settings-museum-en")
    admin.goto(f"{settings}/wording")
    first = admin.locator("textarea[lang=en]").first
    ours = first.input_value()
    first.fill(f"{ours} The garden is open, too.")
    admin.locator("main form .btn--main").click()
    expect(admin.locator("button[name=ours]")).to_have_count(1)
    assert axe.violations(admin) == []
    picture(admin, "settings-wording-en")
    admin.locator("button[name=ours]").click()
    expect(first).to_have_value(ours)
    admin.goto(f"{settings}/retention")
    admin.locator("[name=messages_days]").fill("30")
    admin.locator("main form .btn--main").click()
    expect(admin.locator("[name=sure]")).to_be_focused()
    assert axe.violations(admin) == []
    picture(admin, "settings-retention-en")
    admin.goto(settings)
    expect(admin.locator("#retention")).to_contain_text("90")
    picture(admin, "settings-en")
