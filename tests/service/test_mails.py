"""Tickets by e-mail: queued, sealed, sent once, and the address forgotten with the errand."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import HOLDER, with_gates, with_offer, with_ticket
from tests.fakes import FrozenClock
from ticketing.domain.delivery import LEASE, TRIES_MAX, DeliveryState
from ticketing.domain.ids import IdentityId, VisitorId
from ticketing.domain.mails import MailReason
from ticketing.domain.offers import Validity
from ticketing.domain.visitors import Lang
from ticketing.edge.wording import FileWording
from ticketing.service import audit, mails, people, retention, tickets
from ticketing.service.audit import Action, Wanted
from ticketing.service.channels import Permanent, Retry, Sent
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.letters import Letter, MailOutcome
from ticketing.service.mails import Mail, MailLease, MailOrder
from ticketing.service.ports import House
from ticketing.store import schema, visitors
from ticketing.store.unit import Store
from ticketing.store.visitors import Identity
from ticketing.wire.token import TicketId

ADDRESS = "anna.beispiel@example.org"
WORDS = FileWording(catalogue="mail")


@pytest.fixture(name="house")
def _house(house: House, store: Store) -> House:
    """A house with a mail server, two gates and an offer."""
    with_gates(store, house)
    with_offer(store, house)
    return replace(house, can_mail=True)


@pytest.fixture(name="ticket")
def _ticket(store: Store, house: House) -> TicketId:
    return with_ticket(store, house).ticket.id


def post(store: Store, house: House, ticket: TicketId, address: str = ADDRESS) -> bool:
    """Queue a mail in German."""
    with store.unit() as unit:
        order = MailOrder(ticket=ticket, address=address, lang=Lang.DE)
        return mails.post(unit, house, order=order)


def take(store: Store, house: House) -> MailLease:
    """Lease the next mail; there is one."""
    with store.unit() as unit:
        found = mails.claim(unit, house)
    assert found is not None
    return found


def settle(store: Store, house: House, lease: MailLease, outcome: MailOutcome | MailReason) -> bool:
    """Store what became of it."""
    with store.unit() as unit:
        return mails.settle(unit, house, lease=lease, outcome=outcome)


def mails_of(store: Store, ticket: TicketId) -> tuple[Mail, ...]:
    """What the page shows."""
    with store.unit() as unit:
        return mails.of_ticket(unit, ticket_id=ticket)


def boxes(store: Store) -> list[bytes | None]:
    """The addresses as they are stored."""
    with store.unit() as unit:
        return list(unit.run(select(schema.mails.c.address)).scalars())


def letter(store: Store, house: House, lease: MailLease) -> Letter | MailReason:
    """What is to be said."""
    with store.unit() as unit:
        return mails.letter_of(unit, house, lease=lease, words=WORDS)


# ------------------------------------------------------------ queueing
def test_the_audit_says_that_and_not_whereto(store: Store, house: House, ticket: TicketId) -> None:
    """Nor is the address readable in the database while it waits there."""
    assert post(store, house, ticket)
    with store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.TICKET_SENT)).items
    assert (line.object.id, line.after) == (ticket.hex(), {"to": "mail"})
    [box] = boxes(store)
    assert box is not None
    assert ADDRESS.encode() not in box
    assert ADDRESS not in repr(take(store, house))


def test_a_second_press_sends_no_second_mail(store: Store, house: House, ticket: TicketId) -> None:
    """Until the first one is over; another address is another mail."""
    assert post(store, house, ticket)
    assert not post(store, house, ticket)
    assert post(store, house, ticket, "bo@example.org")
    first = take(store, house)
    assert not post(store, house, ticket)
    settle(store, house, first, Sent())
    assert post(store, house, ticket)
    assert len(mails_of(store, ticket)) == 3


def test_of_two_presses_at_once_one_sends(store: Store, house: House, ticket: TicketId) -> None:
    """Whoever comes second waits, and sees what the first one queued."""
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: post(store, house, ticket), range(8)))
    assert sum(sent) == 1
    assert len(mails_of(store, ticket)) == 1


@pytest.mark.parametrize("address", ["", "anna", "a@b.org, c@d.org", "a@b.org\nBcc: c@d.org"])
def test_what_is_no_address_is_refused(
    store: Store, house: House, ticket: TicketId, address: str
) -> None:
    """Nothing is stored, nothing noted."""
    with pytest.raises(Invalid) as refusal:
        post(store, house, ticket, address)
    assert [error.field for error in refusal.value.errors] == ["address"]
    assert boxes(store) == []


def test_a_house_without_a_server_refuses(store: Store, house: House, ticket: TicketId) -> None:
    """A mail would wait for ever."""
    with pytest.raises(Conflict) as refusal:
        post(store, replace(house, can_mail=False), ticket)
    assert refusal.value.reason == "no_mail"


def test_only_a_good_ticket_is_sent(store: Store, house: House, ticket: TicketId) -> None:
    """A blocked one is not, and one that is none cannot be."""
    with store.unit() as unit:
        tickets.block_ticket(unit, house, ticket_id=ticket)
    with pytest.raises(Conflict) as refusal:
        post(store, house, ticket)
    assert refusal.value.reason == "ticket_blocked"
    with pytest.raises(NotFound):
        post(store, house, TicketId(bytes(15)))


# ------------------------------------------------------------ what is said
def test_the_words_name_the_ticket_and_not_the_holder(
    store: Store, house: House, ticket: TicketId
) -> None:
    """The name stands in the picture alone; the link opens the ticket's page."""
    post(store, house, ticket)
    found = letter(store, house, take(store, house))
    assert isinstance(found, Letter)
    assert (found.to, found.card.holder) == (ADDRESS, HOLDER)
    said = " ".join((found.subject, found.greeting, *found.lines, *found.foot, found.picture_text))
    assert HOLDER not in said
    assert "Tageskarte" in said
    assert found.subject == f"Ihr Ticket: {house.museum.name}"
    assert found.link.startswith("https://tickets.example/t/")


def test_a_mail_says_the_first_and_the_last_day(store: Store, house: House) -> None:
    """Of an annual pass; the picture's own line says until when."""
    with_offer(store, house, slug="year", number=8, validity=Validity.YEAR)
    post(store, house, with_ticket(store, house, offer="year").ticket.id)
    found = letter(store, house, take(store, house))
    assert isinstance(found, Letter)
    assert "So 4. Okt. 2026 \u2013 So 3. Okt. 2027" in found.lines[0]


def test_a_ticket_that_was_blocked_meanwhile_is_not_sent(
    store: Store, house: House, ticket: TicketId
) -> None:
    """And its address is gone, too."""
    post(store, house, ticket)
    lease = take(store, house)
    with store.unit() as unit:
        tickets.block_ticket(unit, house, ticket_id=ticket)
    reason = letter(store, house, lease)
    assert reason is MailReason.TICKET_VOID
    settle(store, house, lease, MailReason.TICKET_VOID)
    [mail] = mails_of(store, ticket)
    assert (mail.state, mail.reason) == (DeliveryState.SKIPPED, "ticket_void")
    assert boxes(store) == [None]


def test_an_address_of_another_secret_is_not_read(
    store: Store, house: House, ticket: TicketId
) -> None:
    """A database whose home was lost sends nothing to nobody."""
    post(store, house, ticket)
    lease = take(store, house)
    other = replace(house, secret=b"x" * 32)
    assert letter(store, other, lease) is MailReason.UNREADABLE


# ------------------------------------------------------------ the end of an errand
@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Sent("<x>"), DeliveryState.SENT, None),
        (Permanent("no_recipient"), DeliveryState.FAILED, "no_recipient"),
    ],
)
def test_with_its_end_the_address_is_gone(
    store: Store,
    house: House,
    ticket: TicketId,
    outcome: MailOutcome,
    state: DeliveryState,
    reason: str | None,
) -> None:
    """Good or bad; that there was a mail stays."""
    post(store, house, ticket)
    assert settle(store, house, take(store, house), outcome)
    [mail] = mails_of(store, ticket)
    assert (mail.state, mail.reason) == (state, reason)
    assert boxes(store) == [None]


def test_what_may_not_have_come_is_sent_again(
    store: Store, house: House, ticket: TicketId, clock: FrozenClock
) -> None:
    """Under the same key, and not at once; at last it is given up."""
    post(store, house, ticket)
    keys = set()
    for _ in range(TRIES_MAX):
        lease = take(store, house)
        keys.add(lease.errand.key)
        settle(store, house, lease, Retry(timedelta(minutes=5)))
        with store.unit() as unit:
            assert mails.claim(unit, house) is None
        clock.tick(minutes=10)
    assert len(keys) == 1
    [mail] = mails_of(store, ticket)
    assert (mail.state, mail.reason) == (DeliveryState.FAILED, "gave_up")
    assert boxes(store) == [None]


def test_a_mail_that_every_worker_dies_of_is_given_up(
    store: Store, house: House, ticket: TicketId, clock: FrozenClock
) -> None:
    """The next one behind it is sent."""
    post(store, house, ticket)
    lease = take(store, house)
    for _ in range(TRIES_MAX - 1):
        clock.tick(seconds=LEASE.total_seconds())
        lease = take(store, house)
    clock.tick(seconds=LEASE.total_seconds())
    post(store, house, ticket, "bo@example.org")
    assert take(store, house).id != lease.id
    assert not settle(store, house, lease, Sent())
    assert [mail.state for mail in mails_of(store, ticket)] == [
        DeliveryState.LEASED,
        DeliveryState.FAILED,
    ]


def test_two_workers_never_have_the_same_mail(store: Store, house: House, ticket: TicketId) -> None:
    """One lease each, then nothing is due."""
    post(store, house, ticket)
    post(store, house, ticket, "bo@example.org")
    assert take(store, house).id != take(store, house).id
    with store.unit() as unit:
        assert not mails.is_due(unit, house)
        assert mails.claim(unit, house) is None


# ------------------------------------------------------------ how long it is kept
def test_a_mail_that_nobody_sends_goes_after_a_day(
    store: Store, house: House, ticket: TicketId, clock: FrozenClock
) -> None:
    """With its address; that one was sent is forgotten after a month."""
    post(store, house, ticket)
    settle(store, house, take(store, house), Sent())
    post(store, house, ticket)
    clock.tick(hours=25)
    assert retention.run(store, house).mails == 1
    [mail] = mails_of(store, ticket)
    assert mail.state is DeliveryState.SENT
    clock.tick(days=30)
    assert retention.run(store, house).mails == 1
    assert mails_of(store, ticket) == ()


def test_whoever_is_erased_gets_no_mail_any_more(store: Store, house: House) -> None:
    """The errand goes with the visitor; the ticket stays, without a name."""
    visitor = VisitorId(b"v" * 16)
    identity = Identity(
        id=IdentityId(b"i" * 16),
        visitor=visitor,
        channel="webchat",
        account="main",
        address=b"address",
    )
    with store.unit() as unit:
        unit.begin()
        visitors.add(unit, identity, lang=Lang.DE, at=house.clock.now())
        unit.commit()
    post(store, house, with_ticket(store, house, visitor=visitor).ticket.id)
    people.erase(store, house, visitor=visitor)
    assert boxes(store) == []
