"""One of everything that the site has a page for, and where each page then is."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import FilePayload

from tests.journeys.walks import call, free_ticket, verdict
from ticketing.domain.accounts import Right
from ticketing.edge.clock import SystemClock

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.journeys.conftest import Demo

GONE_S = 2.5
PAGES = {
    "/staff": Right.HOUSE_SEE,
    "/staff/more": None,
    "/staff/account": None,
    "/staff/conflicts": Right.HOUSE_SEE,
    "/staff/desk": Right.TICKETS_SELL,
    "/staff/desk/sold/<ticket>": Right.TICKETS_SELL,
    "/staff/desk/screen": Right.TICKETS_SELL,
    "/staff/tickets": Right.TICKETS_SEE,
    "/staff/tickets/<ticket>": Right.TICKETS_SEE,
    "/staff/visitors": Right.VISITORS_SEE,
    "/staff/visitors/<visitor>": Right.VISITORS_SEE,
    "/staff/visitors/<visitor>/erase": Right.VISITORS_ERASE,
    "/staff/offers": Right.HOUSE_SEE,
    "/staff/offers/new": Right.OFFERS_CHANGE,
    "/staff/offers/<slug>": Right.HOUSE_SEE,
    "/staff/offers/<slug>/slots": Right.HOUSE_SEE,
    "/staff/codes": Right.CODES_SEE,
    "/staff/codes/new": Right.CODES_CHANGE,
    "/staff/codes/<batch>": Right.CODES_SEE,
    "/staff/codes/<batch>/edit": Right.CODES_CHANGE,
    "/staff/codes/import": Right.CODES_CHANGE,
    "/staff/codes/import/<upload>": Right.CODES_CHANGE,
    "/staff/stations": Right.HOUSE_SEE,
    "/staff/numbers": Right.REPORTS_SEE,
    "/staff/report": Right.REPORTS_SEE,
    "/staff/people": Right.PEOPLE_SEE,
    "/staff/people/<staff_id>": Right.PEOPLE_SEE,
    "/staff/programs": Right.KEYS_SEE,
    "/staff/programs/webhooks/<webhook>": Right.WEBHOOKS_SEE,
    "/staff/settings": Right.SETTINGS_SEE,
    "/staff/settings/opening": Right.SETTINGS_SEE,
    "/staff/settings/museum": Right.SETTINGS_SEE,
    "/staff/settings/retention": Right.SETTINGS_SEE,
    "/staff/settings/wording": Right.SETTINGS_SEE,
    "/staff/audit": Right.AUDIT_SEE,
}
"""Each page of the site with the right that opens it, None where every member of staff may."""

NO_PAGES = {
    "/staff/sign-in": "before the sign-in; test_staff_in_a_browser.py has it",
    "/staff/sign-in/code": "before the sign-in",
    "/staff/join/<link>": "before the sign-in; each role joins in test_site_by_roles.py",
    "/staff/account/codes": "once, while a second factor is set up; test_staff_in_a_browser.py",
    "/staff/codes/<batch>/files": "a piece of the page of a batch",
    "/staff/codes/<batch>/progress": "a piece of the page of a batch",
    "/staff/codes/files/<job>": "a file",
    "/staff/codes/import/<upload>/problems": "a file",
    "/staff/codes/import/<upload>/progress": "a piece of the page of an upload",
    "/staff/desk/screen/barcode.png": "a picture",
    "/staff/desk/screen/now": "a piece of the customer's screen",
    "/staff/tickets/<ticket>/barcode.png": "a picture",
    "/staff/tickets/<ticket>/card.png": "a picture",
    "/staff/tickets/<ticket>/mails": "a piece of the page of a ticket",
}
"""What else can be fetched, and why it is not walked."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What was made: for each name in an address what stands for it."""

    names: dict[str, str]

    def address(self, pattern: str) -> str:
        """Where a page is."""
        return re.sub(r"<(\w+)>", lambda found: self.names[found[1]], pattern)


def fill(admin: Page, chat: Page, station: Page, demo: Demo) -> Stock:
    """Make it: `admin` is signed in, `chat` is a visitor's browser, `station` a gate's."""
    today = SystemClock().now().date()
    tour = {"slug": "tour", "name": {"de": "Führung", "en": "Tour"}, "validity": "slot"}
    call(admin, demo, "POST", "/offers", tour | {"price_cents": 500, "party_max": 10})
    week = {"from": f"{today - timedelta(days=today.weekday())}", "until": f"{today}"}
    times = {"times": ["00:15", "23:30"], "length_min": 20, "capacity": 16}
    call(admin, demo, "POST", "/offers/tour/slots/series", week | times)
    effect = {"kind": "percent", "value": 20}
    codes = {"name": "Frühling", "prefix": "MAERZ", "count": 3, "effect": effect}
    hook = {"url": "https://receiver.example/hooks/einlass"}
    free_ticket(chat, demo.chat, "Ottilie Nußbäumer")
    return Stock(
        {
            "slug": "tour",
            "batch": call(admin, demo, "POST", "/code-batches", codes)["id"],
            "webhook": call(admin, demo, "POST", "/webhooks", hook)["id"],
            "ticket": _seen_twice(admin, station, demo),
            "visitor": _visitor(admin, demo),
            "staff_id": _invited(admin, demo),
            "upload": _upload(admin, demo),
        }
    )


def _seen_twice(admin: Page, station: Page, demo: Demo) -> str:
    """A ticket that was let in and then refused."""
    wanted = {"offer": "day-free", "holder": "Johann Maximilian von Hohenlohe-Öhringen"}
    ticket = call(admin, demo, "POST", "/tickets", wanted)
    station.goto(demo.station)
    for kind in ("admit", "refuse"):
        station.keyboard.type(ticket["barcode"])
        station.keyboard.press("Enter")
        verdict(station, kind)
        time.sleep(GONE_S)
    return str(ticket["id"])


def _visitor(admin: Page, demo: Demo) -> str:
    admin.goto(f"{demo.service}/staff/visitors")
    address = admin.locator("tbody a").first.get_attribute("href")
    assert address is not None
    return address.rpartition("/")[2]


def _invited(admin: Page, demo: Demo) -> str:
    admin.goto(f"{demo.service}/staff/people")
    form = admin.locator("form[action='/staff/people']")
    form.locator("input[name=name]").fill("Wilhelmine-Charlotte Önderoğlu-Schmidthäusler")
    form.locator("button").click()
    address = admin.locator("tbody a", has_text="Önderoğlu").get_attribute("href")
    assert address is not None
    return address.rpartition("/")[2]


def _upload(admin: Page, demo: Demo) -> str:
    admin.goto(f"{demo.service}/staff/codes/import")
    listed = "Code;Serie;Prozent\nMAERZ-1;Sommer;20 %\n"
    file = FilePayload(name="list.csv", mimeType="text/csv", buffer=listed.encode())
    admin.locator("input[name=list]").set_input_files(files=file)
    admin.locator("main form button").first.click()
    admin.wait_for_url(re.compile("/staff/codes/import/[^/]+$"))
    return admin.url.rpartition("/")[2]
