"""How a browser fills a form in: every field as the page has it, but for what is typed."""

from html.parser import HTMLParser

from werkzeug.test import TestResponse

from tests.web.conftest import SignedInBrowser

Fields = dict[str, list[str]]


class _Forms(HTMLParser):
    """The fields of every form of a page that is sent to one address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.fields: Fields = {}
        self._is_in = False
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name, value = found.get("name", ""), found.get("value", "")
        if tag == "form":
            self._is_in = found.get("action") == self.address
        if not self._is_in:
            return
        if tag == "textarea":
            self._area, self.fields[name] = name, [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in found:
            self.fields[self._select] = [value]
        is_sent = found.get("type") not in {"checkbox", "radio"} or "checked" in found
        if tag == "input" and name and is_sent:
            self.fields.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_in = False
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            [text] = self.fields[self._area]
            self.fields[self._area] = [text + data.replace("\n", "\r\n")]


def fields_of(answer: TestResponse, address: str) -> Fields:
    """What the browser would send to an address without anything typed."""
    reader = _Forms(address)
    reader.feed(answer.text)
    assert reader.fields, address
    return reader.fields


def opened(browser: SignedInBrowser, page: str, address: str = "") -> Fields:
    """The same of a page that somebody opens."""
    return fields_of(browser.client.get(page), address or page)


def sent(browser: SignedInBrowser, address: str, fields: Fields, **typed: str) -> TestResponse:
    """Type something and send it all; "" empties a field and unticks a box."""
    data = fields | {name: [value] if value else [] for name, value in typed.items()}
    return browser.client.post(address, data=data)
