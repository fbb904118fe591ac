"""One visitor: all that is kept is shown, and all of it goes when it is asked for."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from tests.factories import a_request, with_gates, with_offer, with_station, with_ticket
from tests.fakes import FrozenClock
from tests.service.chatting import Visitor, spoken
from tests.service.coding import SHOP, Shop
from ticketing.domain.audit import HIDDEN, Thing, Wanted
from ticketing.domain.audit import Action as Deed
from ticketing.domain.consent import Action, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import Lang
from ticketing.service import audit, batch_codes, consent, mails, people, webhooks
from ticketing.service.errors import NotFound
from ticketing.service.gate import scans
from ticketing.service.mails import MailOrder
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
            return people.export(unit, self.house, visitor=self.id)


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
    order = MailOrder(ticket=known.ticket.ticket.id, address="anna@example.org", lang=Lang.EN)
    with known.store.unit() as unit:
        mails.post(unit, replace(known.house, can_mail=True), order=order)
    told = people.record_json(known.house, known.export())
    [mail] = told["mails"]
    assert (mail["ticket"], mail["state"]) == (known.ticket.ticket.id.hex(), "queued")
    assert "example.org" not in str(mail)
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


@pytest.fixture(name="shop")
def _shop(known: Known, clock: FrozenClock) -> Shop:
    return Shop(known.store, known.house, clock)


def with_codes(shop: Shop, visitor: VisitorId, number: int) -> list[str]:
    """Codes of a batch that counts visitors, bound to one, the first of them used."""
    texts = shop.texts(shop.batch(count=number, per_visitor=9))
    for text in texts:
        with shop.store.unit() as unit:
            batch_codes.bind_code(unit, shop.house, code=text, visitor=visitor)
    shop.redeem(texts[0], visitor=visitor, amount_cents=900, guesser=SHOP)
    return texts


def test_an_export_tells_the_codes_and_what_became_of_them(known: Known, shop: Shop) -> None:
    """Those that are bound, and each use of which it is known whose it was."""
    texts = with_codes(shop, known.id, 2)
    told = people.record_json(known.house, known.export())
    assert {one["code"]: one["uses"] for one in told["codes"]} == {texts[0]: 1, texts[1]: 0}
    [used] = told["redemptions"]
    assert (used["code"], used["batch"], used["off_cents"]) == (texts[0], "Herbst", 180)
    assert used["released_at"] is None


def test_codes_of_an_erased_visitor_are_nobodys(known: Known, shop: Shop) -> None:
    """Whoever has one may use it; no table and no line of the audit says whose it was."""
    texts = with_codes(shop, known.id, 5)
    gone = people.erase(known.store, known.house, visitor=known.id)
    assert (gone.codes, gone.redemptions) == (5, 1)
    left = everything(known.store)
    for trace in (str(bytes(known.id)), known.id.hex()):
        assert trace not in left
    somebody = VisitorId(bytes(15) + b"1")
    used = shop.redeem(texts[1], "r2", visitor=somebody, amount_cents=900)
    assert used.redemption.off_cents == 180
    shop.release("r1")


def test_an_export_is_noted_and_not_of_whom(known: Known) -> None:
    """One line for each; an export of nobody has none."""
    known.export()
    with known.store.unit() as unit, pytest.raises(NotFound):
        people.export(unit, known.house, visitor=VisitorId(bytes(16)))
    with known.store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Deed.VISITOR_EXPORTED)).items
    assert line.object == Thing("visitor", HIDDEN)
    assert (line.actor, line.before, line.after) == (known.house.actor, None, None)


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
        record = people.export(unit, known.house, visitor=who(known.store, b"somebody-else"))
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
        people.export(unit, known.house, visitor=known.id)
    with known.store.unit() as unit, pytest.raises(NotFound):
        people.get_visitor(unit, visitor=VisitorId(bytes(16)))
