"""How a person sets something on the site: reads the page, changes its form, sends it."""

import html
import re

from werkzeug.test import TestResponse

from tests.web.conftest import SignedInBrowser
from ticketing.service import settings
from ticketing.service.settings import Part, Setting
from ticketing.web.parts import Parts

HERE = "/staff/settings"
_HIDDEN = re.compile(r'name="version" value="(\d+)">.*?name="was" value="([^"]*)"')


def now(parts: Parts, part: Part) -> Setting:
    """A part as it is stored."""
    with parts.store.unit() as unit:
        return settings.get(unit, parts.house.fresh(), part=part)


def text_of(answer: TestResponse) -> str:
    """A page with plain dashes, so that tests can be typed."""
    return answer.text.replace("\N{EN DASH}", "-")


def hidden(browser: SignedInBrowser, path: str) -> dict[str, str]:
    """Version and facts, as the first form of a page carries them."""
    return hidden_in(browser.client.get(path))


def hidden_in(answer: TestResponse) -> dict[str, str]:
    """The same of an answer."""
    found = _HIDDEN.search(answer.text)
    assert found is not None
    return {"version": found[1], "was": html.unescape(found[2])}


def send(browser: SignedInBrowser, page: str, to: str = "", **fields: str) -> TestResponse:
    """Send a form of a page, with what the page carries now."""
    return browser.post(page + to, **(hidden(browser, page) | fields))
