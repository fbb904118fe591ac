"""Accounts in a real Chromium: passkeys of a virtual authenticator, codes, people, audit; axe."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests import axe
from tests.factories import BERLIN, with_offer
from tests.fakes import FrozenClock
from ticketing.domain.accounts import Role
from ticketing.domain.offers import Validity
from ticketing.service import access, slots
from ticketing.service.ports import House
from ticketing.service.slots import NewSlot
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts

JOINED = re.compile("Einladung angenommen|Invitation taken up")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("staff_browser"),
]
NAME, PASSWORD = "Ayşe Demirtaş", "ein-langes-geheimnis"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True, slots=True)
class Site:
    """A running service, and somebody who may sign in."""

    address: str
    clock: FrozenClock


@pytest.fixture(name="site")
def _site(parts: Parts, store: Store, house: House, clock: FrozenClock) -> Iterator[Site]:
    """The service on loopback, under the name that browsers make passkeys for."""
    with store.unit() as unit:
        access.add_staff(unit, house, name=NAME, password=PASSWORD, role=Role.ADMIN)
    app = create_app(parts)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    address = f"http://localhost:{server.server_port}"
    museum = replace(parts.house.museum, base_url=address)
    server.app = create_app(replace(parts, house=replace(parts.house, museum=museum)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(address, clock)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(name="context", params=["de-DE", "en-GB"])
def _context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser of its own, in each language."""
    context = browser.new_context(locale=request.param, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture(name="page")
def _page(context: BrowserContext) -> Page:
    """A page with a virtual authenticator."""
    return with_authenticator(context.new_page())


def with_authenticator(page: Page) -> Page:
    """Give a page a passkey store whose user always agrees."""
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    client.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return page


def sign_in(page: Page, site: Site) -> None:
    """By name and password."""
    page.goto(f"{site.address}/staff/sign-in")
    page.locator("#name").fill(NAME)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.address}/staff")


def add_passkey(page: Page, site: Site, name: str) -> None:
    """In one's own account."""
    page.goto(f"{site.address}/staff/account")
    form = page.locator("form[data-passkey=create]")
    form.locator("input[name=passkey_name]").fill(name)
    form.locator("button").click()
    expect(page.locator("#passkeys .rows")).to_contain_text(name)


def check(page: Page) -> None:
    """Nothing on the page keeps anybody out."""
    assert axe.violations(page) == []


def test_a_passkey_is_made_and_signs_in(page: Page, site: Site) -> None:
    """Without a name and a password, and only until it is removed."""
    sign_in(page, site)
    add_passkey(page, site, "Laptop")
    check(page)
    page.locator(".staff__who form[action='/staff/sign-out'] button").click()
    page.wait_for_url("**/staff/sign-in")
    check(page)
    page.locator("form[data-passkey=get] button").click()
    page.wait_for_url(f"{site.address}/staff")
    page.goto(f"{site.address}/staff/account")
    expect(page.locator("#browsers")).to_contain_text(re.compile("Passkey|passkey"))
    page.locator("#passkeys details summary").click()
    page.locator("#passkeys .btn--danger").click()
    expect(page.locator("#passkeys .rows")).to_have_count(0)
    page.context.clear_cookies()
    page.goto(f"{site.address}/staff/sign-in")
    page.locator("form[data-passkey=get] button").click()
    expect(page.locator("[role=alert]:visible")).to_be_visible()
    assert "/staff/sign-in" in page.url


def test_without_a_passkey_the_page_says_so_and_may_be_tried_again(page: Page, site: Site) -> None:
    """The question fails, the button works again, and the password still opens."""
    page.goto(f"{site.address}/staff/sign-in")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('none')); }")
    for _ in range(2):
        page.locator("form[data-passkey=get] button").click()
        expect(page.locator("[data-problem]")).to_be_visible()
    check(page)
    sign_in(page, site)


def test_a_second_factor_is_set_up_and_used(page: Page, site: Site) -> None:
    """The page shows the secret as a picture and as text, then the recovery codes."""
    sign_in(page, site)
    page.goto(f"{site.address}/staff/account")
    page.locator("#codes button").first.click()
    page.wait_for_url("**/account/codes")
    check(page)
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.locator("input[name=code]").fill(pyotp.TOTP(secret).at(site.clock.at))
    page.keyboard.press("Enter")
    expect(page.locator(".recovery li")).to_have_count(10)
    check(page)
    page.context.clear_cookies()
    site.clock.tick(minutes=1)
    page.goto(f"{site.address}/staff/sign-in")
    page.locator("#name").fill(NAME)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code*")
    check(page)
    page.locator("#code").fill(pyotp.TOTP(secret).at(site.clock.at))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.address}/staff")


def test_an_invited_person_joins_with_a_passkey(page: Page, site: Site, browser: Browser) -> None:
    """The link is copied from one screen and opened on another; the audit knows both."""
    sign_in(page, site)
    page.goto(f"{site.address}/staff/people")
    check(page)
    page.locator("#f-name").fill("Bo Li")
    page.locator("#invite button").click()
    link = page.locator("#link").input_value()
    check(page)
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    other = with_authenticator(context.new_page())
    other.goto(link)
    check(other)
    other.locator("form[data-passkey=create] button").click()
    other.wait_for_url(f"{site.address}/staff/account")
    check(other)
    other.goto(link)
    expect(other.locator("h1")).to_contain_text("gilt nicht mehr")
    check(other)
    context.close()
    page.goto(f"{site.address}/staff/people")
    page.get_by_role("link", name="Bo Li").click()
    expect(page.locator("#browsers .rows li")).to_have_count(1)
    check(page)
    page.goto(f"{site.address}/staff/audit")
    expect(page.locator("table")).to_contain_text(JOINED)
    check(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_usable_on_a_phone(browser: Browser, site: Site, scheme: str) -> None:
    """Nothing is wider than the screen, by day and by night; all by keyboard."""
    context = browser.new_context(
        locale="de-DE",
        viewport={"width": 360, "height": 740},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    sign_in(page, site)
    for path in ("account", "people", "audit", "sign-in?again=yes"):
        page.goto(f"{site.address}/staff/{path}")
        check(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()


def test_without_script_the_password_is_enough(browser: Browser, site: Site) -> None:
    """No button is shown that would do nothing."""
    context = browser.new_context(locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site.address}/staff/account")
    expect(page.locator("form[data-passkey]")).to_be_hidden()
    context.close()


@pytest.fixture(name="tower")
def _tower(site: Site, store: Store, house: House) -> Site:
    """An offer with three slots today, of two, four and three places; one of families."""
    with_offer(store, house, slug="tower", number=9, validity=Validity.SLOT, party_max=6)
    with_offer(store, house, slug="family", number=10, price_cents=2100, party_max=5)
    for hour, capacity in ((15, 2), (16, 4), (17, 3)):
        begins = datetime(2026, 10, 4, hour, tzinfo=BERLIN)
        wanted = NewSlot(
            offer="tower",
            starts_at=begins,
            ends_at=begins + timedelta(minutes=45),
            capacity=capacity,
        )
        with store.unit() as unit:
            slots.add_slot(unit, house, wanted=wanted)
    return site


def test_slots_follow_the_persons(page: Page, tower: Site) -> None:
    """What is too small cannot be chosen, the next is; fewer persons bring the wanted one back."""
    sign_in(page, tower)
    page.goto(f"{tower.address}/staff/desk?offer=tower")
    pills, more = page.locator("input[name=slot]"), page.locator("[data-step='1']")
    moved, none = page.locator("#slot-moved"), page.locator("#slot-none")
    expect(pills.nth(0)).to_be_checked()
    for _ in range(2):
        more.click()
    expect(pills.nth(0)).to_be_disabled()
    expect(pills.nth(1)).to_be_checked()
    expect(moved).to_be_visible()
    assert axe.violations(page) == []
    page.locator("#f-party").fill("6")
    expect(none).to_be_visible()
    expect(moved).to_be_hidden()
    expect(page.locator(".desk__go")).to_be_disabled()
    assert axe.violations(page) == []
    page.locator("#f-party").fill("2")
    expect(pills.nth(0)).to_be_checked()
    expect(moved).to_be_hidden()
    pills.nth(2).check(force=True)
    more.click()
    expect(pills.nth(2)).to_be_checked()
    page.locator(".desk__go").click()
    page.wait_for_url("**/staff/desk/sold/*")


def test_another_day_and_enter_keep_what_was_typed(page: Page, tower: Site) -> None:
    """A day shows itself; Enter in a field sells, for the day on the form."""
    sign_in(page, tower)
    page.goto(f"{tower.address}/staff/desk?offer=family")
    page.locator("#f-holder").fill("Zoë Müßig")
    page.locator("[data-step='1']").click()
    page.locator("#f-day").fill("2026-10-09")
    expect(page.locator(".desk__when b")).to_contain_text("9")
    expect(page.locator("#f-holder")).to_have_value("Zoë Müßig")
    expect(page.locator("#f-party")).to_have_value("2")
    assert axe.violations(page) == []
    page.locator("#f-holder").press("Enter")
    page.wait_for_url("**/staff/desk/sold/*")
    expect(page.locator(".sold")).to_contain_text(re.compile("9. Okt. 2026|9 Oct 2026"))
    expect(page.locator(".sold")).to_contain_text(re.compile("Kassiert: 21,00|Taken: €21.00"))


def test_a_printed_report_is_a_sheet_of_paper(page: Page, site: Site, house: House) -> None:
    """Whose it is, and nothing to press."""
    sign_in(page, site)
    page.goto(f"{site.address}/staff/report")
    name = page.locator(".on-paper")
    expect(name).to_be_hidden()
    page.emulate_media(media="print")
    expect(name).to_have_text(house.museum.name)
    expect(name).to_be_visible()
    for pressed in page.locator("a, button").all():
        expect(pressed).to_be_hidden()
