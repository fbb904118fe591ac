"""The postman: from the form to the mail server and back, whatever breaks on the way."""

import logging
import threading
from dataclasses import dataclass, replace

import pytest

from tests.factories import HOLDER, with_gates, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.mail_server import MailServer, listening
from tests.watching import rows_written
from ticketing import loops
from ticketing.domain.delivery import DeliveryState
from ticketing.domain.mails import Encryption, MailRules
from ticketing.domain.visitors import Lang
from ticketing.edge.mail import SmtpMailer
from ticketing.edge.painter import Painter
from ticketing.edge.wording import FileWording
from ticketing.postman import Postman
from ticketing.service import mails, settings, tickets
from ticketing.service.board import StoredBoard
from ticketing.service.channels import Sent
from ticketing.service.letters import Letter, Mailer, MailOutcome
from ticketing.service.mails import Mail, MailOrder
from ticketing.service.ports import House
from ticketing.service.settings import Part
from ticketing.store.unit import Store
from ticketing.wire.token import TicketId

ADDRESS = "anna.beispiel@example.org"


@dataclass
class Office:
    """A house with one ticket on its way to an address."""

    store: Store
    house: House
    ticket: TicketId

    def post(self, lang: Lang = Lang.DE, address: str = ADDRESS) -> None:
        """Queue a mail."""
        order = MailOrder(ticket=self.ticket, address=address, lang=lang)
        with self.store.unit() as unit:
            mails.post(unit, self.house, order=order)

    def postman(self, mailer: Mailer | None) -> Postman:
        """Whoever sends it."""
        words = FileWording(catalogue="mail")
        return Postman(self.store, self.house, mailer, painter=Painter(), words=words)

    def mails(self) -> tuple[Mail, ...]:
        """What the page shows."""
        with self.store.unit() as unit:
            return mails.of_ticket(unit, ticket_id=self.ticket)


@pytest.fixture(name="office")
def _office(store: Store, house: House) -> Office:
    with_gates(store, house)
    with_offer(store, house)
    ticket = with_ticket(store, house).ticket.id
    return Office(store, replace(house, can_mail=True), ticket)


def mailer_to(server: MailServer) -> SmtpMailer:
    """The real mailer, to a server on loopback."""
    rules = MailRules(
        server="127.0.0.1",
        port=server.port,
        encryption=Encryption.NONE,
        user="",
        password="",
        sender="tickets@museum.example",
    )
    return SmtpMailer(rules)


class Broken:
    """A mailer that breaks, naming what it should not."""

    def send(self, letter: Letter, picture: bytes) -> MailOutcome:
        """Never comes back."""
        raise RuntimeError(letter.to, picture)


@pytest.mark.parametrize(
    ("lang", "words"), [(Lang.DE, "hier ist Ihr Ticket"), (Lang.EN, "here is your ticket")]
)
def test_a_ticket_comes_with_its_picture(office: Office, lang: Lang, words: str) -> None:
    """In the visitor's language, over a real connection; then nothing is left to do."""
    with listening(MailServer()) as server:
        office.post(lang)
        postman = office.postman(mailer_to(server))
        assert postman.run_once()
        assert not postman.run_once()
    [mail] = server.mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert words in body.get_content()
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content().startswith(b"\x89PNG")
    assert HOLDER not in str(mail["Subject"]) + body.get_content()
    assert office.mails()[0].state is DeliveryState.SENT


def test_a_server_that_was_away_gets_it_later(office: Office, clock: FrozenClock) -> None:
    """The same mail: a server that had it already sees that."""
    with listening(MailServer({"DATA.": ""})) as server:
        office.post()
        postman = office.postman(mailer_to(server))
        assert postman.run_once()
        assert office.mails()[0].state is DeliveryState.QUEUED
        assert not postman.run_once()
        server.answers.clear()
        clock.tick(minutes=6)
        assert postman.run_once()
    assert office.mails()[0].state is DeliveryState.SENT
    assert len(server.to) == 2
    assert len(server.mails) == 1


def test_no_log_line_names_the_address(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Not when the server refuses it, nor when the sender breaks over it."""
    caplog.set_level(logging.DEBUG)
    with listening(MailServer({"RCPT": f"550 {ADDRESS} is unknown here"})) as server:
        office.post()
        office.postman(mailer_to(server)).run_once()
    office.post()
    office.postman(Broken()).run_once()
    assert [mail.state for mail in office.mails()] == [DeliveryState.QUEUED, DeliveryState.FAILED]
    assert "RuntimeError" in caplog.text
    assert "anna" not in caplog.text
    assert HOLDER not in caplog.text


def test_a_ticket_that_was_withdrawn_is_not_sent(office: Office) -> None:
    """Whatever was queued before."""
    with listening(MailServer()) as server:
        office.post()
        with office.store.unit() as unit:
            tickets.revoke_ticket(unit, office.house, ticket_id=office.ticket, reason="")
        assert office.postman(mailer_to(server)).run_once()
    assert server.mails == []
    assert office.mails()[0].reason == "ticket_void"


def test_a_mail_names_the_museum_as_it_is_called_now(office: Office) -> None:
    """The postman is kept for long; somebody gave the house another name meanwhile."""
    board = StoredBoard(office.store, office.house.museum, office.house.wording)
    office.house = replace(office.house, board=board)
    got: list[Letter] = []

    class Keeping:
        def send(self, letter: Letter, picture: bytes) -> MailOutcome:
            del picture
            got.append(letter)
            return Sent()

    postman = office.postman(Keeping())
    office.post()
    with office.store.unit() as unit:
        facts = {"name": "Haus am See", "lines": ["Am See 1"]}
        settings.change(unit, office.house, part=Part.MUSEUM, facts=facts, version=0)
    assert postman.run_once()
    [letter] = got
    assert letter.sender == "Haus am See"
    assert "Haus am See" in letter.subject
    assert letter.foot[-1] == "Haus am See, Am See 1"


def test_without_a_mailer_nothing_is_claimed(office: Office) -> None:
    """What another worker could send stays for it."""
    office.post()
    assert not office.postman(None).run_once()
    assert office.mails()[0].state is DeliveryState.QUEUED


def test_nothing_due_writes_nothing(office: Office) -> None:
    """The gate's database is not woken twice a second."""
    postman = office.postman(Broken())
    with rows_written(office.store, {"UPDATE", "INSERT", "DELETE"}) as written:
        assert not postman.run_once()
    assert written == []


def test_a_lease_that_ran_out_is_no_end(
    office: Office, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Another worker has it by then, and says what became of it."""

    class Slow:
        """Takes longer than a lease; meanwhile another one sends."""

        def send(self, letter: Letter, picture: bytes) -> MailOutcome:
            del letter, picture
            clock.tick(minutes=2)
            with office.store.unit() as unit:
                lease = mails.claim(unit, office.house)
            assert lease is not None
            return Sent()

    office.post()
    assert office.postman(Slow()).run_once()
    assert "the lease ran out" in caplog.text
    assert office.mails()[0].state is DeliveryState.LEASED


def test_beside_the_worker_it_goes_on_through_trouble(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A sick database is waited out; the stop is heard."""
    monkeypatch.setattr(loops, "PAUSE_S", 0.01)
    monkeypatch.setattr(loops, "TROUBLE_PAUSE_S", 0.01)
    sent = threading.Event()
    troubles = iter([OSError(ADDRESS)])
    real = mails.is_due

    def is_due(*args: object) -> bool:
        for trouble in troubles:
            raise trouble
        return real(*args)  # type: ignore[arg-type]  # passed on

    class Quick:
        def send(self, letter: Letter, picture: bytes) -> MailOutcome:
            del letter, picture
            sent.set()
            return Sent()

    monkeypatch.setattr(mails, "is_due", is_due)
    office.post()
    with office.postman(Quick()).beside(threading.Event()):
        assert sent.wait(10)
    assert "postman: OSError" in caplog.text
    assert ADDRESS not in caplog.text
    assert office.mails()[0].state is DeliveryState.SENT
