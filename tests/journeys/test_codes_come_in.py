"""A list of codes comes in on the site: chosen, looked through, confirmed, and found again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Demo, picture
from tests.journeys.test_site_by_roles import signed_in
from tests.journeys.walks import flawless
from ticketing.domain.code_texts import text_of

WORDS = {
    "de": ("Prüfen", "Zeilen importieren", "Die guten Zeilen sind importiert"),
    "en": ("Check", "lines", "The good lines are imported"),
}


@pytest.fixture(name="editor", params=["de", "en"])
def _editor(
    browser: Browser, demo: Demo, request: pytest.FixtureRequest
) -> Iterator[tuple[Page, str]]:
    context = browser.new_context(
        locale=request.param, viewport={"width": 1280, "height": 900}, bypass_csp=True
    )
    yield signed_in(context, demo, request.param), request.param
    context.close()


def a_list(prefix: str) -> bytes:
    """Twelve codes of two batches, and some lines that are wrong."""
    lines = ["Code;Serie;Prozent;Gültig bis;Notiz"]
    own = int.from_bytes(prefix.encode(), "big")
    codes = [text_of(prefix, own + n * 98_765_432_109) for n in range(9)]
    lines += [f"{code};Händler;20 %;31.12.2027;" for code in codes]
    lines += [f"{text_of('GRUPPE', 7 + n * 12_345_678_901)};;10;;" for n in range(4)]
    lines += ["SUMMER20;Händler;;;", ";Händler;;;", f"{lines[1].replace('20 %', '30')}"]
    return "\r\n".join([*lines, f"{text_of(prefix, own + 77)};Händler;;04/10/2027;"]).encode(
        "cp1252"
    )


def looked_at(page: Page, name: str) -> None:
    """No violation, nothing sideways on a phone; a picture in both widths and lights."""
    for width, light in ((1280, "light"), (390, "dark"), (320, "light")):
        page.emulate_media(color_scheme="dark" if light == "dark" else "light")
        flawless(page, width)
        picture(page, f"{name}-{width}")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def ready(page: Page, address: str) -> None:
    """Wait until the clerk has been there, then see what came of it."""
    expect(page.locator("#progress .notice, #result").first).to_be_visible()
    page.goto(address)


def test_a_list_comes_in(editor: tuple[Page, str], demo: Demo) -> None:
    """What is wrong is told, what is good comes in once, and the page can be left meanwhile."""
    page, lang = editor
    check, do, stored = WORDS[lang]
    page.goto(f"{demo.staff}/codes")
    page.locator("a[href='/staff/codes/import']").click()
    looked_at(page, f"import-form-{lang}")
    page.locator("#f-list").set_input_files(
        {"name": "codes.csv", "mimeType": "text/csv", "buffer": b"Code;Vorname\r\n"}
    )
    page.get_by_role("button", name=check, exact=True).click()
    expect(page.locator("#wrong-list")).to_be_visible()
    looked_at(page, f"import-wrong-{lang}")
    page.locator("#f-list").set_input_files(
        {"name": "codes.csv", "mimeType": "text/csv", "buffer": a_list(f"NEU{lang}".upper())}
    )
    page.get_by_role("button", name=check, exact=True).click()
    address = page.url
    ready(page, address)
    expect(page.locator("#problems")).to_be_visible()
    looked_at(page, f"import-preview-{lang}")
    page.get_by_role("button", name=do).click()
    page.goto(f"{demo.staff}/codes")
    page.goto(address)
    ready(page, address)
    expect(page.get_by_text(stored)).to_be_visible()
    looked_at(page, f"import-result-{lang}")
