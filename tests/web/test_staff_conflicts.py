"""Conflicts on the site: seen in words, explained once, never counted anew."""

import re
from collections.abc import Callable

import pytest

from tests.factories import with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from tests.web.test_api_journals import a_double_use
from ticketing.domain.accounts import Role
from ticketing.service.ports import House
from ticketing.store.unit import Store

PAGE = "/staff/conflicts"


@pytest.fixture
def editor(
    as_role: Callable[[Role], SignedInBrowser],
    store: Store,
    house: House,
    station: Headers,
    clock: FrozenClock,
) -> SignedInBrowser:
    """Somebody who may close; one ticket was used twice."""
    browser = as_role(Role.EDITOR)
    a_double_use(browser.client, station, case=with_ticket(store, house), clock=clock)
    return browser


def close(browser: SignedInBrowser, state: str = "explained", note: str = "") -> str:
    """Close the first; the page afterwards."""
    text = browser.client.get(f"{PAGE}?state=all").text
    start = text.index("/staff/conflicts/cf_") if "/staff/conflicts/cf_" in text else -1
    path = text[start:].split('"', 1)[0] if start >= 0 else f"{PAGE}/cf_0000000000000000/close"
    browser.post(path, state=state, note=note)
    return browser.client.get(PAGE).text


def test_a_conflict_says_who_was_where(editor: SignedInBrowser) -> None:
    """Both scans, which of them counts, what online would have said, and the way to the ticket."""
    text = editor.client.get(PAGE).text
    [ticket] = re.findall(r'href="(/staff/tickets/[^"]+)">Zum Ticket', text)
    assert editor.client.get(ticket).status_code == 200
    for words in ("Ticket zweimal benutzt", "1 Person zu viel", "zählt für das Ticket", "Eingang"):
        assert words in text


def test_an_explained_conflict_is_kept(editor: SignedInBrowser) -> None:
    """Out of the open ones, with its explanation and who gave it."""
    inside = editor.client.get("/staff").text.split('class="figure">', 1)[1].split("<", 1)[0]
    text = close(editor, note="Zwillinge")
    assert "Erledigt." in text
    assert "Ticket zweimal benutzt" not in text
    kept = editor.client.get(f"{PAGE}?state=explained").text
    assert "Zwillinge" in kept
    assert editor.client.get("/staff").text.split('class="figure">', 1)[1].startswith(inside + "<")


def test_a_second_person_is_told(editor: SignedInBrowser) -> None:
    """Whoever closes what is closed in another way changes nothing."""
    text = editor.client.get(PAGE).text
    path = text[text.index("/staff/conflicts/cf_") :].split('"', 1)[0]
    editor.post(path, state="explained", note="a")
    editor.post(path, state="ignored", note="b")
    assert "jemand anders" in editor.client.get(PAGE).text
    assert "a" in editor.client.get(f"{PAGE}?state=explained").text


@pytest.mark.parametrize(("state", "note"), [("open", ""), ("", ""), ("explained", "x" * 501)])
def test_a_wrong_closing_changes_nothing(editor: SignedInBrowser, state: str, note: str) -> None:
    """It stays open."""
    assert "Ticket zweimal benutzt" in close(editor, state, note)


def test_what_is_not_there_cannot_be_closed(editor: SignedInBrowser) -> None:
    """404."""
    answer = editor.post(f"{PAGE}/cf_0000000000000000/close", state="explained")
    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["state=nothing", "cursor=rubbish", "cursor=0-cf_0&state=all"])
def test_a_strange_address_shows_the_list(editor: SignedInBrowser, query: str) -> None:
    """Never an error."""
    assert editor.client.get(f"{PAGE}?{query}").status_code == 200


def test_who_may_not_close_sees_no_form(
    as_role: Callable[[Role], SignedInBrowser], editor: SignedInBrowser
) -> None:
    """The desk sees what happened."""
    del editor
    text = as_role(Role.DESK).client.get(PAGE).text
    assert "Ticket zweimal benutzt" in text
    assert "/close" not in text
