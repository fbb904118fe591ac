"""A list of codes comes in on the site: chosen, looked through, confirmed, and found again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PICTURES, Demo, picture
from tests.journeys.walks import flawless, signed_in
from ticketing.domain.code_texts import text_of

WORDS = {
    "de": ("Prüfen", "Zeilen importieren", "Die guten Zeilen sind importiert", "Händler"),
    "en": ("Check", "lines", "The good lines are imported", "Café next door"),
}
# a picture of the progress needs something that takes a while
MANY = 300_000 if PICTURES else 9


@pytest.fixture(name="editor", params=["de", "en"])
def _editor(
    browser: Browser, demo: Demo, request: pytest.FixtureRequest
) -> Iterator[tuple[Page, str]]:
    context = browser.new_context(
        locale=request.param, viewport={"width": 1280, "height": 900}, bypass_csp=True
    )
    yield signed_in(context, demo, request.param), request.param
    context.close()


def a_list(prefix: str, batch: str) -> bytes:
    """Codes of two batches, and some lines that are wrong."""
    lines = ["Code;Serie;Prozent;Gültig bis;Notiz"]
    own = int.from_bytes(prefix.encode(), "big")
    codes = [text_of(prefix, own + n * 3_141_592_653) for n in range(MANY)]
    lines += [f"{code};{batch};20 %;31.12.2027;" for code in codes]
    lines += [f"{text_of('GRUPPE', 7 + n * 12_345_678_901)};;10;;" for n in range(4)]
    lines += [f"SUMMER20;{batch};;;", f";{batch};;;", f"{lines[1].replace('20 %', '30')}"]
    lines += [f"{text_of(prefix, own + 77)};{batch};;04/10/2027;"]
    return "\r\n".join(lines).encode("cp1252")


def looked_at(page: Page, name: str) -> None:
    """No violation and nothing sideways, in both lights, on a phone too; a picture."""
    picture(page, name)
    for width, light in ((1280, "light"), (390, "dark"), (320, "light")):
        page.emulate_media(color_scheme="dark" if light == "dark" else "light")
        flawless(page, width)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def under_way(page: Page, name: str) -> None:
    """A picture of the progress once there is some."""
    if PICTURES:
        expect(page.locator("#progress")).to_contain_text(re.compile(r"[1-9]\d?\s?%"))
        picture(page, name)


def ready(page: Page, address: str) -> None:
    """Wait until the clerk has been there, then see what came of it."""
    expect(page.locator("#progress .notice, #result").first).to_be_visible()
    page.goto(address)


def test_a_list_comes_in(editor: tuple[Page, str], demo: Demo) -> None:
    """What is wrong is told, what is good comes in once, and the page can be left meanwhile."""
    page, lang = editor
    check, do, stored, batch = WORDS[lang]
    page.goto(f"{demo.staff}/codes")
    page.locator("a[href='/staff/codes/import']").click()
    page.locator("#f-list").set_input_files(
        {"name": "codes.csv", "mimeType": "text/csv", "buffer": b"Code;Vorname\r\n"}
    )
    looked_at(page, f"import-form-{lang}")
    page.get_by_role("button", name=check, exact=True).click()
    expect(page.locator("#wrong-list")).to_be_visible()
    looked_at(page, f"import-wrong-{lang}")
    page.locator("#f-list").set_input_files(
        {"name": "codes.csv", "mimeType": "text/csv", "buffer": a_list(f"NEU{lang}".upper(), batch)}
    )
    page.get_by_role("button", name=check, exact=True).click()
    address = page.url
    ready(page, address)
    expect(page.locator("#problems")).to_be_visible()
    looked_at(page, f"import-preview-{lang}")
    page.get_by_role("button", name=do).click()
    under_way(page, f"import-progress-{lang}")
    page.goto(f"{demo.staff}/codes")
    page.goto(address)
    ready(page, address)
    expect(page.get_by_text(stored)).to_be_visible()
    looked_at(page, f"import-result-{lang}")
