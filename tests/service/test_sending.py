"""Messages of other programs: through the consent gate and the 24 hours, or not at all."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories import with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.service.chatting import Visitor, spoken
from tests.service.coding import Shop
from tests.service.test_people import who
from ticketing.domain.delivery import DeliveryState, Errand
from ticketing.domain.ids import ConversationId, IdentityId, VisitorId
from ticketing.domain.messages import Text, TicketPicture, with_code
from ticketing.service import delivery, people, sending, webhooks
from ticketing.service.channels import Permanent, Retry, Sent, Unknown
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.service.sending import MessageOrder
from ticketing.store.unit import Store
from ticketing.wire.token import TicketId


@pytest.fixture(name="visitor")
def _visitor(store: Store, house: House) -> Visitor:
    with_offer(store, house)
    visitor = Visitor(store, spoken(house))
    visitor.start()
    visitor.news()
    return visitor


def send(to: Visitor, **order: Any) -> int:
    """Send something to a visitor; the message's id."""
    known = {"visitor": who(to.store, to.address)} if "identity" not in order else {}
    wanted = MessageOrder(**(known | {"errand": Errand.NEWS, "text": "Hallo"} | order))
    with to.store.unit() as unit:
        return sending.send(unit, to.house, order=wanted)


def contents(visitor: Visitor) -> list[Any]:
    """What the visitor sees when all is delivered."""
    visitor.deliver()
    return [message.content for message in visitor.page()]


def test_news_reach_those_who_agreed(visitor: Visitor) -> None:
    """By the visitor's id, and by the id of the address."""
    visitor.tap("consent:news:yes")
    send(visitor, text="Neue Ausstellung")
    with visitor.store.unit() as unit:
        profile = people.get_visitor(unit, visitor=who(visitor.store, visitor.address))
    send(visitor, text="Noch eine", identity=profile.reaches[0].identity)
    assert contents(visitor)[-2:] == [Text("Neue Ausstellung"), Text("Noch eine")]


def test_a_code_is_known_to_be_sent_and_to_have_arrived(
    visitor: Visitor, house: House, clock: FrozenClock
) -> None:
    """Once each, on the code and on its batch; one that is none of ours changes nothing."""
    shop = Shop(visitor.store, house, clock)
    batch = shop.batch()
    code = shop.texts(batch)[0]
    visitor.tap("consent:news:yes")
    visitor.tap("consent:codes:yes")
    visitor.deliver()
    for text in (code, "SUMMER20"):
        send(visitor, errand=Errand.CODES, text=with_code("Für Sie", text))
    assert shop.now(batch).tally.sent == 0
    with visitor.store.unit() as unit:
        first = delivery.claim(unit, visitor.house)[0]
    for outcome, sent in ((Retry(timedelta(0)), 0), (Sent("m1"), 1)):
        with visitor.store.unit() as unit:
            delivery.settle(unit, visitor.house, lease=first, outcome=outcome)
        assert shop.now(batch).tally.sent == sent
        if not sent:
            clock.tick(minutes=10)
            with visitor.store.unit() as unit:
                first = delivery.claim(unit, visitor.house)[0]
    visitor.deliver()
    tally = shop.now(batch).tally
    assert (tally.sent, tally.delivered) == (1, 0)
    for state in (DeliveryState.DELIVERED, DeliveryState.READ):
        with visitor.store.unit() as unit:
            assert delivery.report(unit, visitor.house, row=first.id, state=state)
    tally = shop.now(batch).tally
    assert (tally.sent, tally.delivered) == (1, 1)


@pytest.mark.parametrize(
    ("errand", "states", "counted"),
    [
        (Errand.CODES, [DeliveryState.SENT], (1, 0)),
        (Errand.CODES, [DeliveryState.SENT, DeliveryState.DELIVERED], (1, 1)),
        (Errand.CODES, [DeliveryState.READ], (1, 1)),
        (Errand.CODES, [DeliveryState.FAILED], (0, 0)),
        (Errand.ANSWER, [DeliveryState.DELIVERED], (0, 0)),
    ],
)
def test_a_platform_settles_what_nobody_knew(
    visitor: Visitor,
    house: House,
    clock: FrozenClock,
    errand: Errand,
    states: list[DeliveryState],
    counted: tuple[int, int],
) -> None:
    """No answer counts as nothing; what has arrived was sent; only a message for a code counts."""
    shop = Shop(visitor.store, house, clock)
    batch = shop.batch()
    visitor.tap("consent:news:yes")
    visitor.tap("consent:codes:yes")
    visitor.deliver()
    send(visitor, errand=errand, text=with_code("Für Sie", shop.texts(batch)[0]))
    with visitor.store.unit() as unit:
        lease = delivery.claim(unit, visitor.house)[0]
    with visitor.store.unit() as unit:
        assert delivery.settle(unit, visitor.house, lease=lease, outcome=Unknown())
    assert shop.now(batch).tally.sent == 0
    for state in states:
        with visitor.store.unit() as unit:
            assert delivery.report(unit, visitor.house, row=lease.id, state=state)
    tally = shop.now(batch).tally
    assert (tally.sent, tally.delivered) == counted


@pytest.mark.parametrize("errand", [Errand.NEWS, Errand.CODES])
def test_without_a_yes_nothing_is_queued(visitor: Visitor, errand: Errand) -> None:
    """The refusal says why."""
    before = len(contents(visitor))
    with pytest.raises(Conflict) as refused:
        send(visitor, errand=errand)
    assert refused.value.reason == "no_consent"
    assert len(contents(visitor)) == before


def test_an_answer_needs_a_word_of_the_last_day(visitor: Visitor, clock: FrozenClock) -> None:
    """24 hours after it the window is closed; a new word opens it."""
    send(visitor, errand=Errand.ANSWER, text="Ja, um drei.")
    assert contents(visitor)[-1] == Text("Ja, um drei.")
    clock.tick(hours=24, seconds=1)
    with pytest.raises(Conflict) as refused:
        send(visitor, errand=Errand.ANSWER)
    assert refused.value.reason == "window_closed"
    visitor.type("Und morgen?")
    send(visitor, errand=Errand.ANSWER)


def test_a_ticket_is_sent_to_whom_it_belongs(visitor: Visitor, house: House) -> None:
    """As a picture, without asking for consent."""
    own = who(visitor.store, visitor.address)
    case = with_ticket(visitor.store, house, visitor=own)
    send(visitor, errand=Errand.TICKET, ticket=case.ticket.id, text="")
    shown = contents(visitor)[-1]
    assert isinstance(shown, TicketPicture)
    assert shown.ticket == case.ticket.id


def test_a_ticket_of_others_is_refused(visitor: Visitor, house: House) -> None:
    """One without a visitor as well, and one that there is not: the same answer."""
    others = with_ticket(visitor.store, house).ticket.id
    for ticket in (others, TicketId(bytes(15))):
        with pytest.raises(Invalid) as refused:
            send(visitor, errand=Errand.TICKET, ticket=ticket)
        assert [error.field for error in refused.value.errors] == ["ticket"]


@pytest.mark.parametrize("text", ["", "   ", "\0", "\n"])
def test_a_text_of_nothing_is_refused(visitor: Visitor, text: str) -> None:
    """Nobody gets an empty message."""
    with pytest.raises(Invalid):
        send(visitor, errand=Errand.ANSWER, text=text)


def test_nobody_is_not_found(visitor: Visitor) -> None:
    """Neither by visitor nor by identity; and somebody has to be named."""
    with pytest.raises(NotFound):
        send(visitor, visitor=VisitorId(bytes(16)))
    with pytest.raises(NotFound):
        send(visitor, identity=IdentityId(bytes(16)))
    with pytest.raises(Invalid):
        send(visitor, visitor=None)


def test_the_way_without_consent_is_closed_to_news(visitor: Visitor) -> None:
    """A caller that takes it by mistake is a fault; a lost conversation gets nothing."""
    nowhere = ConversationId(bytes(16))
    with visitor.store.unit() as unit:
        with pytest.raises(ValueError, match="consent"):
            delivery.queue_plain(
                unit, visitor.house, conversation=nowhere, errand=Errand.NEWS, content=Text("x")
            )
        queued = delivery.queue_plain(
            unit, visitor.house, conversation=nowhere, errand=Errand.ANSWER, content=Text("x")
        )
    assert queued is None


@pytest.mark.parametrize("way", ["refused", "reported"])
def test_a_message_that_failed_is_told_to_receivers(visitor: Visitor, way: str) -> None:
    """By its id, its channel and a word; whether the platform says so at once or later."""
    with visitor.store.unit() as unit:
        made = webhooks.register(unit, visitor.house, url="https://a.example/", events=())
    message = send(visitor, errand=Errand.ANSWER, text="Zimtschnecke")
    with visitor.store.unit() as unit:
        [lease] = delivery.claim(unit, visitor.house)
        outcome = Permanent("blocked") if way == "refused" else Sent()
        delivery.settle(unit, visitor.house, lease=lease, outcome=outcome)
        if way == "reported":
            delivery.report(unit, visitor.house, row=lease.id, state=DeliveryState.FAILED)
        [told] = webhooks.list_deliveries(unit, webhook=made.webhook.id, limit=9).items
    assert told.kind == "message.failed"
    assert f'"message":"{message}"' in told.body
    assert ("blocked" if way == "refused" else "platform") in told.body
    assert "Zimtschnecke" not in told.body
