"""How long things are kept: set by admins, promised to visitors, done by the worker."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.factories import HOLDER, with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import SignedInBrowser
from tests.web.setting import hidden, hidden_in, now, send
from tests.web.talking import Talk
from ticketing.domain.accounts import Role
from ticketing.domain.retention import Kept
from ticketing.edge.channels.webchat import WebChat
from ticketing.service import tickets
from ticketing.service.errors import NotFound
from ticketing.service.ports import House
from ticketing.service.settings import Part
from ticketing.store.unit import Store
from ticketing.web.parts import Parts
from ticketing.worker import Worker

RETENTION = "/staff/settings/retention"
DAYS = {"messages_days": "60", "tickets_days": "14", "sure": "yes"}


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("de", ("löschen wir nach 60 Tagen", "den Namen zu einem Ticket 14 Tage nach")),
        ("en", ("erased by themselves after 60 days", "the name on a ticket 14 days after")),
    ],
)
def test_the_texts_follow_the_figures(
    staff: SignedInBrowser, parts: Parts, lang: str, words: tuple[str, ...]
) -> None:
    """The privacy page, and what the page of the settings shows of it."""
    assert send(staff, RETENTION, **DAYS).headers["Location"] == RETENTION
    assert parts.house.fresh().museum.kept == Kept(messages_days=60, tickets_days=14)
    staff.post("/staff/language", lang=lang)
    for page in (f"/privacy?lang={lang}", RETENTION):
        text = staff.client.get(page).text
        for one in words:
            assert one in text, page


def test_the_chat_says_it_first(staff: SignedInBrowser, talk: Talk, museum: None) -> None:
    """In the notice, before anything is asked."""
    del museum
    send(staff, RETENTION, **DAYS)
    talk.start()
    said = " ".join(item["text"] for item in talk.items()).replace("\N{NO-BREAK SPACE}", " ")
    assert "Wie lange: 60 Tage, Tickets bis 14 Tage nach dem Besuch" in said


class LookedOnce(threading.Event):
    """Ends a loop after its first turn."""

    def wait(self, timeout: float | None = None) -> bool:
        """The first pause is the end."""
        del timeout
        self.set()
        return True


def test_the_worker_erases_by_it(
    staff: SignedInBrowser,
    parts: Parts,
    store: Store,
    house: House,
    clock: FrozenClock,
    museum: None,
) -> None:
    """The person on a ticket goes when the new time is over, not the old one."""
    del museum
    case = with_ticket(store, house)
    send(staff, RETENTION, **DAYS)
    over = case.ticket.valid_until + timedelta(days=14)
    for clock.at in (over, over + timedelta(seconds=1)):
        with store.unit() as unit:
            assert tickets.get_ticket(unit, house, ticket_id=case.ticket.id).ticket.holder == HOLDER
        Worker(store, parts.house, (WebChat(),)).run(LookedOnce())
    with store.unit() as unit, pytest.raises(NotFound):
        tickets.get_ticket(unit, house, ticket_id=case.ticket.id)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages_days": "6"}, "Eine ganze Zahl von 7 bis 365."),
        ({"tickets_days": "366"}, "Eine ganze Zahl von 7 bis 365."),
        ({"tickets_days": ""}, "Hier fehlt etwas."),
    ],
)
def test_a_time_out_of_bounds_is_told(
    staff: SignedInBrowser, parts: Parts, fields: dict[str, str], words: str
) -> None:
    """Beside its field; the page says what holds."""
    answer = send(staff, RETENTION, **(DAYS | fields))
    assert answer.status_code == 422
    assert words in answer.text
    assert now(parts, Part.RETENTION).version == 0


def test_a_shorter_time_is_confirmed(staff: SignedInBrowser, parts: Parts) -> None:
    """What is erased is gone: somebody has to say that they know; a longer one needs no word."""
    shorter = {"messages_days": "89", "tickets_days": "30"}
    answer = send(staff, RETENTION, **shorter)
    assert answer.status_code == 422
    assert "Für eine kürzere Frist bitte hier bestätigen." in answer.text
    assert 'value="89"' in answer.text
    assert now(parts, Part.RETENTION).version == 0
    assert send(staff, RETENTION, messages_days="90", tickets_days="40").status_code == 303
    assert send(staff, RETENTION, **shorter, sure="yes").status_code == 303


def test_there_is_no_way_back(staff: SignedInBrowser) -> None:
    """Taking a longer time back would erase at the press of a button."""
    send(staff, RETENTION, **DAYS)
    assert "zurücknehmen" not in staff.client.get(RETENTION).text
    assert staff.post(f"{RETENTION}/back", version="1").status_code == 404


def test_the_second_admin_sees_what_the_first_changed(staff: SignedInBrowser) -> None:
    """In days."""
    opened = hidden(staff, RETENTION)
    send(staff, RETENTION, **DAYS)
    answer = staff.post(RETENTION, **(DAYS | opened | {"messages_days": "70"}))
    assert answer.status_code == 409
    assert "Nachrichten im Chat: 90 → 60" in answer.text
    again = staff.post(RETENTION, **(DAYS | hidden_in(answer) | {"messages_days": "70"}))
    assert again.status_code == 303
    made_up = staff.post(RETENTION, **DAYS, version="9", was='{"moon": 1}')
    assert "moon: 1 → leer" in made_up.text


def test_others_read_it(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """Without a form."""
    auditor = as_role(Role.AUDITOR)
    text = auditor.client.get(RETENTION).text
    assert "90 Tage" in text
    assert 'name="messages_days"' not in text
    assert auditor.post(RETENTION, **DAYS).status_code == 403
