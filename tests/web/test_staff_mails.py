"""A ticket by e-mail, from the desk and from its own page."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.factories import with_ticket
from tests.web.conftest import SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.mails import PATIENCE
from ticketing.service import mails, tickets
from ticketing.service.channels import Permanent, Retry, Sent
from ticketing.service.letters import MailOutcome
from ticketing.service.mails import MailLease
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store.unit import Store
from ticketing.web.parts import Parts

ADDRESS = "anna.beispiel@example.org"
PLACES = ("/staff/tickets/{}", "/staff/desk/sold/{}")


@pytest.fixture(name="parts")
def _parts(parts: Parts) -> Parts:
    """A house with a mail server."""
    return replace(parts, house=replace(parts.house, can_mail=True))


@pytest.fixture(name="case")
def _case(store: Store, house: House, museum: None) -> TicketCase:
    del museum
    return with_ticket(store, house)


@pytest.fixture(name="desk")
def _desk(as_role: Callable[[Role], SignedInBrowser]) -> SignedInBrowser:
    return as_role(Role.DESK)


def lease_of(store: Store, house: House) -> MailLease:
    """The mail that is due."""
    with store.unit() as unit:
        found = mails.claim(unit, house)
    assert found is not None
    return found


@pytest.mark.parametrize("place", PLACES)
def test_a_ticket_is_sent_from_where_it_is_shown(
    desk: SignedInBrowser, store: Store, house: House, case: TicketCase, place: str
) -> None:
    """Back to the same page, which says so and keeps looking; no address on it any more."""
    page = place.format(case.ticket.id.hex())
    assert "löschen wir die Adresse" in desk.client.get(page).text
    answer = desk.post(f"{page}/mail", address=ADDRESS, lang="en")
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert ADDRESS not in str(answer.headers)
    text = desk.client.get(page).text
    assert "Die E-Mail ist auf dem Weg." in text
    assert "wird gesendet" in text
    assert 'hx-trigger="every 2s"' in text
    assert ADDRESS not in text
    assert lease_of(store, house).errand.lang == "en"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Sent(), ("gesendet, Adresse gelöscht",)),
        (Permanent("no_recipient"), ("nicht gesendet", "Diese Adresse gibt es nicht.")),
        (Permanent("refused"), ("nicht gesendet", "abgelehnt")),
        (Retry(PATIENCE), ("wird wiederholt",)),
    ],
)
def test_the_page_says_what_became_of_it(
    desk: SignedInBrowser,
    store: Store,
    house: House,
    case: TicketCase,
    outcome: MailOutcome,
    words: tuple[str, ...],
) -> None:
    """As a piece that the page asks for until it is over."""
    page = f"/staff/tickets/{case.ticket.id.hex()}"
    desk.post(f"{page}/mail", address=ADDRESS, lang="de")
    lease = lease_of(store, house)
    with store.unit() as unit:
        mails.settle(unit, house, lease=lease, outcome=outcome)
    piece = desk.client.get(f"{page}/mails").text
    assert "<html" not in piece
    for one in words:
        assert one in piece
    assert ("hx-trigger" in piece) is isinstance(outcome, Retry)
    assert "Versand per E-Mail" in desk.client.get(page).text


def test_twice_the_same_is_told(desk: SignedInBrowser, case: TicketCase) -> None:
    """No second mail."""
    page = f"/staff/desk/sold/{case.ticket.id.hex()}"
    for _ in range(2):
        desk.post(f"{page}/mail", address=ADDRESS, lang="de")
    assert "schon auf dem Weg" in desk.client.get(page).text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"address": "anna@", "lang": "en"}, "Das ist keine E-Mail-Adresse."),
        ({"address": "a@b.org\r\nBcc: c@d.org", "lang": "de"}, "Das ist keine E-Mail-Adresse."),
        ({"address": "", "lang": "de"}, "wrong-address"),
        ({"address": ADDRESS, "lang": "fr"}, "wrong-lang"),
        ({"address": "x" * 255, "lang": "de"}, "wrong-address"),
    ],
)
def test_a_wrong_form_is_told_beside_its_field(
    desk: SignedInBrowser, case: TicketCase, place: str, fields: dict[str, str], words: str
) -> None:
    """The form is open, what was typed still in it; nothing is sent."""
    page = place.format(case.ticket.id.hex())
    answer = desk.post(f"{page}/mail", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert '<details class="confirm" open>' in answer.text
    if fields["address"] == "anna@":
        assert 'value="anna@"' in answer.text
    assert "wird gesendet" not in desk.client.get(page).text


def test_a_ticket_that_was_blocked_is_not_sent(
    desk: SignedInBrowser, store: Store, house: House, case: TicketCase
) -> None:
    """The page offers it no more; a form that is still open is refused in words."""
    page = f"/staff/tickets/{case.ticket.id.hex()}"
    with store.unit() as unit:
        tickets.block_ticket(unit, house, ticket_id=case.ticket.id)
    assert "/mail" not in desk.client.get(page).text
    for place in PLACES:
        path = f"{place.format(case.ticket.id.hex())}/mail"
        answer = desk.post(path, address=ADDRESS, lang="de")
        assert answer.status_code == 422
        assert "Das Ticket ist gesperrt." in answer.text


def test_who_may_not_change_tickets_sees_the_mails_alone(
    desk: SignedInBrowser, as_role: Callable[[Role], SignedInBrowser], case: TicketCase
) -> None:
    """An auditor reads what became of them."""
    page = f"/staff/tickets/{case.ticket.id.hex()}"
    desk.post(f"{page}/mail", address=ADDRESS, lang="de")
    auditor = as_role(Role.AUDITOR)
    text = auditor.client.get(page).text
    assert "wird gesendet" in text
    assert f'{page}/mail"' not in text
    assert auditor.post(f"{page}/mail", address=ADDRESS, lang="de").status_code == 403


def test_a_ticket_that_is_none_is_not_sent(desk: SignedInBrowser) -> None:
    """404, as a page."""
    for place in PLACES:
        for ticket in ("x", "0" * 30):
            path = f"{place.format(ticket)}/mail"
            assert desk.post(path, address=ADDRESS, lang="de").status_code == 404
    assert desk.client.get("/staff/tickets/x/mails").status_code == 404


class TestWithoutAServer:
    """A house that sends no mails."""

    @pytest.fixture(name="parts")
    def _parts(self, parts: Parts) -> Parts:
        return replace(parts, house=replace(parts.house, can_mail=False))

    @pytest.mark.parametrize("place", PLACES)
    def test_nothing_is_offered(self, desk: SignedInBrowser, case: TicketCase, place: str) -> None:
        """And a form that comes all the same is refused in words."""
        page = place.format(case.ticket.id.hex())
        assert "E-Mail" not in desk.client.get(page).text
        answer = desk.post(f"{page}/mail", address=ADDRESS, lang="de")
        assert answer.status_code == 422
        assert "E-Mails sind hier nicht eingerichtet." in answer.text
