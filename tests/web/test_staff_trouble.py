"""What goes wrong under /staff is told on a page of the site."""

from collections.abc import Callable

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.failures import StoreUnavailable
from ticketing.service.errors import Conflict
from ticketing.web import sessions
from ticketing.web.access import for_staff
from ticketing.web.errors import refused

NAVIGATION = 'class="staff__nav"'


def breaking(app: APIFlask, failure: Exception) -> None:
    """Let a page of the site fail."""

    @for_staff
    def broken() -> str:
        raise failure

    app.view_functions["staff_today.more"] = broken


@pytest.mark.parametrize(("lang", "text"), [("de", "Hier ist nichts"), ("en", "nothing here")])
def test_what_is_not_there_is_a_page_of_the_site(
    staff: SignedInBrowser, lang: str, text: str
) -> None:
    """Navigation, one sentence in the person's language, a way back; nothing for visitors."""
    staff.client.post("/staff/language", data={"csrf": staff.csrf, "lang": lang})
    for path in ("/staff/nothing", "/staff/offers/nothing", "/staff/tickets/x/y/z"):
        answer = staff.client.get(path)
        assert answer.status_code == 404
        assert text in answer.text
        assert NAVIGATION in answer.text
        assert 'class="btn" href="/staff"' in answer.text
        assert "/chat" not in answer.text


@pytest.mark.parametrize(
    ("failure", "status", "text"),
    [
        (refused(400, "bad_request"), 400, "unvollständig"),
        (refused(403, "bad_csrf"), 403, "Das ging so nicht"),
        (Conflict("changed"), 409, "Inzwischen hat sich etwas geändert"),
        (refused(413, "too_large"), 413, "zu viel auf einmal"),
        (refused(429, "too_many_requests", Retry_After="7"), 429, "Zu viele Versuche"),
        (RuntimeError("secret"), 500, "Hier ist etwas kaputt"),
        (StoreUnavailable("secret"), 503, "Hier ist etwas kaputt"),
    ],
)
def test_each_error_has_the_navigation_and_its_words(
    app: APIFlask, staff: SignedInBrowser, failure: Exception, status: int, text: str
) -> None:
    """With the status and the headers that it has elsewhere."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    breaking(app, failure)
    answer = staff.client.get("/staff/more")
    assert answer.status_code == status
    assert text in answer.text
    assert NAVIGATION in answer.text
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) is (status in {429, 503})


def test_the_wrong_method_is_told_with_those_that_go(staff: SignedInBrowser) -> None:
    """No address of the site can be called in a way that leaves it."""
    answer = staff.client.get("/staff/sign-out")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert NAVIGATION in answer.text


def test_a_missing_right_keeps_the_navigation(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """The right is named, and the way back is there."""
    answer = as_role(Role.AUDITOR).client.get("/staff/codes/new")
    assert answer.status_code == 403
    assert "Dazu fehlt das Recht" in answer.text
    assert "codes.change" in answer.text
    assert NAVIGATION in answer.text


@pytest.mark.parametrize("path", ["/staff/", "/staff//", "/staff/tickets/"])
def test_a_slash_too_many_leads_to_the_page(staff: SignedInBrowser, path: str) -> None:
    """Nobody types the address without it by chance."""
    answer = staff.client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == path.rstrip("/")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/staff/audit/?object=offer+day", "/staff/audit?object=offer+day"),
        ("/staff/x%3Fa=b/", "/staff/x%3Fa%3Db"),
        ("/staff/%0d%0aX:%20y/", "/staff/%0D%0AX%3A%20y"),
        ("/staff/%C3%BC/", "/staff/%C3%BC"),
        ("/staff/audit/?a=%0D%0AX:+y", "/staff/audit?a=%0D%0AX%3A+y"),
        ("/staff/audit/?\r\nX: y", "/staff/audit"),
    ],
)
def test_the_address_without_the_slash_is_the_same(
    client: FlaskClient, path: str, location: str
) -> None:
    """Quoted, whatever somebody has typed, and with what it asks for; nobody must be signed in."""
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, location)


def test_who_is_not_signed_in_is_led_to_the_sign_in(client: FlaskClient) -> None:
    """Both languages, no navigation, no chat."""
    answer = client.get("/staff/nothing", headers={"Accept-Language": "de"})
    assert answer.status_code == 404
    assert "Hier ist nichts" in answer.text
    assert "There is nothing here" in answer.text
    assert "Zur Anmeldung" in answer.text
    assert NAVIGATION not in answer.text
    assert "/chat" not in answer.text


def test_a_piece_of_a_page_does_not_take_what_is_to_be_told(staff: SignedInBrowser) -> None:
    """It is thrown away by the page that asked for it."""
    answer = staff.client.get("/staff/nothing", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert NAVIGATION not in answer.text


def test_nothing_is_asked_where_the_database_is_away(
    staff: SignedInBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page about a wrong address is shown without it."""

    def away() -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(sessions, "find_signed_in", away)
    answer = staff.client.get("/staff/nothing")
    assert answer.status_code == 404
    assert NAVIGATION not in answer.text
