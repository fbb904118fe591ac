"""One visitor: all that is kept is shown, and all of it goes when it is asked for."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from tests.factories import a_request, with_gates, with_offer, with_station, with_ticket
from tests.service.chatting import Visitor, spoken
from ticketing.domain.consent import Action, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.service import consent, people, webhooks
from ticketing.service.errors import NotFound
from ticketing.service.gate import scans
from ticketing.service.people import Record
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store import schema
from ticketing.store.unit import Store
from ticketing.wire.verdict import Verdict

NAME = "Wilhelmine Önderoğlu"
WORDS = "Mein Hund heißt Zappelphilipp"
ADDRESS = b"address-of-wilhelmine"


@dataclass(frozen=True)
class Known:
    """A visitor with a ticket who has said something and agreed to news."""

    store: Store
    house: House
    id: VisitorId
    ticket: TicketCase

    def export(self) -> Record:
        """All that is kept."""
        with self.store.unit() as unit:
            return people.export(unit, visitor=self.id)


def who(store: Store, address: bytes) -> VisitorId:
    """The visitor at an address."""
    i = schema.identities.c
    with store.unit() as unit:
        return VisitorId(unit.run(select(i.visitor).where(i.address == address)).scalar_one())


@pytest.fixture(name="known")
def _known(store: Store, house: House) -> Known:
    with_offer(store, house)
    visitor = Visitor(store, spoken(house), ADDRESS)
    visitor.start()
    visitor.news()
    visitor.tap("consent:news:yes")
    visitor.type(WORDS)
    own = who(store, ADDRESS)
    ticket = with_ticket(store, house, holder=NAME, visitor=own, reference="R-77")
    return Known(store, spoken(house), own, ticket)


def everything(store: Store) -> str:
    """Every value of every table, as one text."""
    with store.unit() as unit:
        tables = schema.metadata.sorted_tables
        return "\n".join(str(tuple(row)) for table in tables for row in unit.run(select(table)))


def test_an_export_holds_all_that_is_kept(known: Known) -> None:
    """Address, words of both sides, answers, tickets."""
    record = known.export()
    assert record.profile.consents[Purpose.NEWS] is Action.GRANTED
    assert [one.address for one in record.profile.reaches] == [ADDRESS]
    assert WORDS in [said.content["text"] for said in record.sayings]
    assert {said.direction for said in record.sayings} == {"in", "out"}
    assert record.declarations[0]["purpose"] == "news"
    assert [one.ticket.holder for one in record.tickets] == [NAME]
    told = people.record_json(known.house, record)
    assert (told["tickets"][0]["reference"], told["tickets"][0]["state"]) == ("R-77", "valid")


def test_an_erased_visitor_stands_nowhere(known: Known) -> None:
    """No table holds name, words, address, reference or id; the ledger still verifies."""
    with known.store.unit() as unit:
        webhook = webhooks.register(unit, known.house, url="https://a.example/", events=())
    gone = people.erase(known.store, known.house, visitor=known.id)
    assert gone.messages >= 2
    assert (gone.tickets, gone.declarations, gone.identities) == (1, 1, 1)
    with known.store.unit() as unit:
        assert consent.verify_chain(unit).holds
        webhooks.delete(unit, known.house, webhook=webhook.webhook.id)
    left = everything(known.store)
    for trace in (NAME, WORDS, ADDRESS.decode(), "R-77", str(bytes(known.id)), known.id.hex()):
        assert trace not in left


def test_the_ticket_of_an_erased_visitor_stays_good(known: Known) -> None:
    """It admits whoever holds it, without a name."""
    with_gates(known.store, known.house)
    station = with_station(known.store, known.house)
    people.erase(known.store, known.house, visitor=known.id)
    shown = a_request(known.ticket.barcode, known.house.clock.now())
    with known.store.unit() as unit:
        answer = scans.scan(unit, known.house, station=station, request=shown, lang="en").answer
    assert answer.verdict is Verdict.ADMIT
    assert answer.ticket is not None
    assert answer.ticket.holder == ""


def test_others_are_left_alone(known: Known) -> None:
    """The one next to her keeps every word."""
    other = Visitor(known.store, known.house, b"somebody-else")
    other.start()
    other.type("Noch da")
    people.erase(known.store, known.house, visitor=known.id)
    with known.store.unit() as unit:
        record = people.export(unit, visitor=who(known.store, b"somebody-else"))
    assert "Noch da" in [said.content["text"] for said in record.sayings]


def test_who_comes_back_is_somebody_new(known: Known) -> None:
    """The same address makes another visitor, who is known by nothing."""
    people.erase(known.store, known.house, visitor=known.id)
    Visitor(known.store, known.house, ADDRESS).start()
    assert who(known.store, ADDRESS) != known.id


@pytest.mark.parametrize(
    ("events", "told"), [((), 1), (("visitor.erased",), 1), (("ticket.issued",), 0)]
)
def test_receivers_are_told_the_id_and_nothing_more(
    known: Known, events: tuple[str, ...], told: int
) -> None:
    """In the transaction that erases: a crash loses neither or both."""
    with known.store.unit() as unit:
        made = webhooks.register(unit, known.house, url="https://a.example/", events=events)
    people.erase(known.store, known.house, visitor=known.id)
    with known.store.unit() as unit:
        page = webhooks.list_deliveries(unit, webhook=made.webhook.id, limit=10).items
    assert len(page) == told
    for one in page:
        assert (one.kind, known.id.hex() in one.body) == ("visitor.erased", True)
        assert NAME not in one.body


def test_a_visitor_without_anything_is_erased_too(known: Known) -> None:
    """Who has only opened the chat leaves nothing either."""
    Visitor(known.store, known.house, b"silent").start()
    gone = people.erase(known.store, known.house, visitor=who(known.store, b"silent"))
    assert (gone.tickets, gone.declarations, gone.identities) == (0, 0, 1)


def test_an_unknown_visitor_is_refused(known: Known) -> None:
    """Also one who was erased a moment ago."""
    people.erase(known.store, known.house, visitor=known.id)
    with pytest.raises(NotFound):
        people.erase(known.store, known.house, visitor=known.id)
    with known.store.unit() as unit, pytest.raises(NotFound):
        people.export(unit, visitor=known.id)
    with known.store.unit() as unit, pytest.raises(NotFound):
        people.get_visitor(unit, visitor=VisitorId(bytes(16)))
