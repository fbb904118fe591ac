"""Issuing, showing, listing and taking back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from tests.factories import BERLIN, HOLDER, with_offer, with_ticket
from tests.fakes import FrozenClock
from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Live, Offer, Validity
from ticketing.service import offers, slots, tickets
from ticketing.service.cards import said_validity
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.offers import OfferChange
from ticketing.service.ports import House
from ticketing.service.slots import NewSlot
from ticketing.service.tickets import TicketCase, TicketOrder
from ticketing.store import schema
from ticketing.store.unit import Store
from ticketing.wire.namebox import open_name
from ticketing.wire.token import Flag, TicketId, verify
from ticketing.wire.verdict import TicketState


@pytest.fixture
def desk(store: Store, house: House) -> Store:
    """A store with the offer `day`."""
    with_offer(store, house)
    return store


def _get(desk: Store, house: House, case: TicketCase) -> TicketCase:
    with desk.unit() as unit:
        return tickets.get_ticket(unit, house, ticket_id=case.ticket.id)


def test_a_ticket_is_signed_and_stored(desk: Store, house: House) -> None:
    """The barcode verifies, says what is stored, and is the same when shown again."""
    case = with_ticket(desk, house)
    token = verify(case.barcode, house.signer.ring())
    claims = token.claims
    assert (claims.ticket_id, claims.offer, claims.issue) == (case.ticket.id, 7, 0)
    assert (claims.entries, claims.party, claims.flags) == (1, 1, Flag(0))
    found = _get(desk, house, case)
    assert (found.ticket, found.barcode) == (case.ticket, case.barcode)
    assert case.ticket.name_box is not None
    assert open_name(token.raw, case.ticket.name_box) == HOLDER


def test_a_day_ticket_is_good_from_midnight_to_midnight(desk: Store, house: House) -> None:
    """The museum's midnight; today unless a day is said."""
    today = with_ticket(desk, house).ticket
    assert today.valid_from == datetime(2026, 10, 3, 22, 0, tzinfo=UTC)
    assert today.valid_until == datetime(2026, 10, 4, 22, 0, tzinfo=UTC)
    later = with_ticket(desk, house, on=date(2026, 10, 25)).ticket
    assert later.valid_until - later.valid_from == timedelta(hours=25)


def test_flags_of_the_offer_stand_in_the_barcode(desk: Store, house: House) -> None:
    """Proof, identity, only with the service, only live."""
    with_offer(
        desk,
        house,
        slug="all",
        number=8,
        proof=True,
        identity=True,
        offline=False,
        live=Live.REQUIRED,
    )
    case = with_ticket(desk, house, offer="all")
    assert verify(case.barcode, house.signer.ring()).claims.flags == Flag(15)


@pytest.mark.parametrize(
    ("paid", "state"),
    [(None, TicketState.UNPAID), (True, TicketState.VALID), (False, TicketState.UNPAID)],
)
def test_an_offer_paid_at_the_desk_makes_unpaid_tickets(
    desk: Store, house: House, *, paid: bool | None, state: TicketState
) -> None:
    """Unless the seller says that the money is there."""
    with_offer(desk, house, slug="adult", number=8, price_cents=900, pay_at_desk=True)
    assert with_ticket(desk, house, offer="adult", paid=paid).ticket.state is state


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"holder": " \u202e "}, "holder: empty"),
        ({"holder": "x" * 101}, "holder: long"),
        ({"party": 2}, "party: range"),
        ({"party": 0}, "party: range"),
        ({"on": date(2026, 10, 3)}, "on: past"),
        ({"reference": "x" * 101}, "reference: length"),
    ],
)
def test_a_wrong_order_is_refused_by_field(
    desk: Store, house: House, order: dict[str, object], problem: str
) -> None:
    """What is wrong is named, never repeated; nothing is stored."""
    with pytest.raises(Invalid, match=problem):
        with_ticket(desk, house, **order)
    with desk.unit() as unit:
        assert tickets.latest_tickets(unit) == ()


def test_an_offer_that_is_gone_or_inactive_sells_nothing(desk: Store, house: House) -> None:
    """Unknown, or taken out of sale."""
    with pytest.raises(NotFound, match="offer"):
        with_ticket(desk, house, offer="nothing")
    with desk.unit() as unit:
        offers.change_offer(unit, house, slug="day", change=OfferChange(active=False))
    with pytest.raises(Conflict, match="offer_inactive"):
        with_ticket(desk, house)


def test_a_day_outside_the_offer_is_refused(desk: Store, house: House) -> None:
    """An offer sold for October only."""
    with_offer(desk, house, slug="oct", number=8, valid_until=date(2026, 10, 31))
    with pytest.raises(Invalid, match="on: outside_offer"):
        with_ticket(desk, house, offer="oct", on=date(2026, 11, 1))


def test_a_revoked_ticket_stays_revoked(desk: Store, house: House) -> None:
    """Once more changes nothing, and nothing else brings it back."""
    case = with_ticket(desk, house)
    for reason in ("stolen", "again"):
        with desk.unit() as unit:
            tickets.revoke_ticket(unit, house, ticket_id=case.ticket.id, reason=reason)
    found = _get(desk, house, case).ticket
    assert (found.state, found.state_reason) == (TicketState.REVOKED, "stolen")
    for act in (tickets.block_ticket, tickets.unblock_ticket, tickets.pay_ticket):
        with desk.unit() as unit, pytest.raises(Conflict, match="ticket_revoked"):
            act(unit, house, ticket_id=case.ticket.id)
    with desk.unit() as unit, pytest.raises(Conflict, match="ticket_revoked"):
        tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)


def test_a_blocked_ticket_can_be_freed(desk: Store, house: House) -> None:
    """Blocked for a while, then valid again."""
    case = with_ticket(desk, house)
    with desk.unit() as unit:
        blocked = tickets.block_ticket(unit, house, ticket_id=case.ticket.id)
    assert blocked.ticket.state is TicketState.BLOCKED
    with desk.unit() as unit:
        freed = tickets.unblock_ticket(unit, house, ticket_id=case.ticket.id)
    assert freed.ticket.state is TicketState.VALID


def test_an_unpaid_ticket_is_paid_once(desk: Store, house: House) -> None:
    """Paying again is no error; blocking an unpaid one is, it would lose the debt."""
    case = with_ticket(desk, house, paid=False)
    with desk.unit() as unit, pytest.raises(Conflict, match="ticket_unpaid"):
        tickets.block_ticket(unit, house, ticket_id=case.ticket.id)
    for _ in range(2):
        with desk.unit() as unit:
            paid = tickets.pay_ticket(unit, house, ticket_id=case.ticket.id)
        assert paid.ticket.state is TicketState.VALID


def test_a_reissue_counts_up_and_seals_the_name_anew(desk: Store, house: House) -> None:
    """The same ticket, another barcode, a box that opens with it."""
    old = with_ticket(desk, house)
    with desk.unit() as unit:
        new = tickets.reissue_ticket(unit, house, ticket_id=old.ticket.id)
    token = verify(new.barcode, house.signer.ring())
    assert (token.claims.issue, token.claims.ticket_id) == (1, old.ticket.id)
    stored = _get(desk, house, old).ticket
    assert stored == new.ticket
    assert open_name(token.raw, stored.name_box or b"") == HOLDER


def test_a_barcode_changes_by_a_reissue_and_by_nothing_else(desk: Store, house: House) -> None:
    """Blocked, freed, paid: the same text; each reissue makes one that nobody has seen."""
    with_offer(desk, house, slug="paid", number=2, price_cents=900, pay_at_desk=True)
    case = with_ticket(desk, house, offer="paid")
    seen = [case.barcode]
    for change in (tickets.pay_ticket, tickets.block_ticket, tickets.unblock_ticket):
        with desk.unit() as unit:
            change(unit, house, ticket_id=case.ticket.id)
        assert _get(desk, house, case).barcode == case.barcode
    for _ in range(3):
        with desk.unit() as unit:
            seen.append(tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id).barcode)
        assert _get(desk, house, case).barcode == seen[-1]
    assert len(set(seen)) == 4


def test_two_reissues_at_once_make_one(
    desk: Store, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one is told; after 255 there is no room in the barcode."""
    case = with_ticket(desk, house)
    stale = (case.ticket, case.offer)
    with desk.unit() as unit:
        tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)
    monkeypatch.setattr(tickets, "existing", lambda _unit, _id: stale)
    with desk.unit() as unit, pytest.raises(Conflict, match="changed"):
        tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)
    stale = (replace(case.ticket, issue=255), case.offer)
    with desk.unit() as unit, pytest.raises(Conflict, match="too_many_issues"):
        tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)


def test_an_unknown_ticket_is_not_found(desk: Store, house: House) -> None:
    """And a reason has a limit."""
    with desk.unit() as unit, pytest.raises(NotFound, match="ticket"):
        tickets.get_ticket(unit, house, ticket_id=TicketId(bytes(15)))
    with desk.unit() as unit, pytest.raises(Invalid, match="reason"):
        tickets.revoke_ticket(unit, house, ticket_id=TicketId(bytes(15)), reason="x" * 201)


def test_lists_page_by_key_newest_first(desk: Store, house: House, clock: FrozenClock) -> None:
    """Each ticket once, also those made in the same millisecond."""
    made = []
    for number in range(7):
        made.append(with_ticket(desk, house).ticket.id)
        clock.tick(seconds=number % 2)
    seen, cursor = [], None
    for _ in range(3):
        with desk.unit() as unit:
            page = tickets.list_tickets(unit, cursor=cursor, limit=3)
        seen += [item.ticket.id for item in page.items]
        cursor = page.next_cursor
    assert cursor is None
    assert sorted(seen) == sorted(made)
    assert len(seen) == 7


def test_lists_can_be_narrowed(desk: Store, house: House) -> None:
    """By offer and by stored state."""
    with_offer(desk, house, slug="other", number=8)
    with_ticket(desk, house)
    unpaid = with_ticket(desk, house, offer="other", paid=False).ticket
    with desk.unit() as unit:
        by_offer = tickets.list_tickets(unit, offer="other")
        by_state = tickets.list_tickets(unit, state=TicketState.UNPAID)
    assert [item.ticket for item in by_offer.items] == [unpaid]
    assert by_state == by_offer


@pytest.mark.parametrize("cursor", ["", "x", "0-0", "f" * 12 + "-" + "0" * 30])
def test_a_cursor_that_was_not_given_out_is_refused(desk: Store, cursor: str) -> None:
    """Also one far beyond the calendar."""
    with desk.unit() as unit, pytest.raises(Invalid, match="cursor"):
        tickets.list_tickets(unit, cursor=cursor)


def test_a_visitor_has_tickets(desk: Store, house: House, clock: FrozenClock) -> None:
    """Theirs alone, newest first, and counted since a time."""
    visitor = VisitorId(bytes(16))
    with desk.unit() as unit:
        unit.begin()
        row = {"id": visitor, "lang": "de", "created_at": clock.now()}
        unit.run(insert(schema.visitors).values(row))
        unit.commit()
    with_ticket(desk, house)
    theirs = with_ticket(desk, house, visitor=visitor).ticket
    with desk.unit() as unit:
        found = tickets.tickets_of_visitor(unit, visitor=visitor)
        since = clock.now()
        assert [one.ticket for one in found] == [theirs]
        assert tickets.issued_to_visitor(unit, visitor=visitor, since=since) == 1
        clock.tick(days=1)
        assert tickets.issued_to_visitor(unit, visitor=visitor, since=clock.now()) == 0


def test_a_taken_short_code_is_drawn_again(desk: Store, house: House) -> None:
    """Chance that repeats itself a few times does no harm; for ever is a conflict."""
    first = with_ticket(desk, house).ticket.short_code
    second = with_ticket(desk, house).ticket.short_code
    assert first != second

    class Stuck:
        def __init__(self) -> None:
            self.drawn = 0

        def draw(self, size: int) -> bytes:
            """New bytes of 15, the same ones of 7."""
            self.drawn += 1
            return bytes([self.drawn if size == 15 else 0]) * size

    stuck = replace(house, chance=Stuck())
    with_ticket(desk, stuck)
    with pytest.raises(Conflict, match="no_free_short_code"):
        with_ticket(desk, stuck)


@pytest.mark.parametrize(
    ("lang", "caption", "when"),
    [("de", "Gültig am", "So 4. Okt. 2026"), ("en", "Valid on", "Sun 4 Oct 2026")],
)
def test_a_card_says_what_the_ticket_is(
    desk: Store, house: House, lang: str, caption: str, when: str
) -> None:
    """In the holder's language."""
    case = with_ticket(desk, house)
    facts = tickets.card_facts(case, house.museum, lang=lang)
    assert (facts.captions.when, facts.when) == (caption, when)
    assert (facts.holder, facts.persons, facts.barcode) == (HOLDER, "1", case.barcode)
    assert facts.short_code.replace("-", "") == case.ticket.short_code


def test_a_card_of_a_year_says_its_last_day(desk: Store, house: House) -> None:
    """Until and including."""
    with_offer(desk, house, slug="year", number=8, validity=Validity.YEAR, entries=0)
    facts = tickets.card_facts(with_ticket(desk, house, offer="year"), house.museum, lang="de")
    assert (facts.captions.when, facts.when) == ("Gültig bis", "So 3. Okt. 2027")


@pytest.mark.parametrize(
    ("changes", "lang", "said"),
    [
        ({}, "de", "So 4. Okt. 2026"),
        ({"validity": Validity.YEAR}, "de", "So 4. Okt. 2026 \u2013 So 3. Okt. 2027"),
        (
            {
                "validity": Validity.RANGE,
                "valid_from": date(2026, 11, 1),
                "valid_until": date(2027, 2, 1),
            },
            "en",
            "Sun 1 Nov 2026 \u2013 Mon 1 Feb 2027",
        ),
    ],
)
def test_when_a_ticket_is_good_is_said_whole(
    desk: Store, house: House, changes: dict[str, Any], lang: str, said: str
) -> None:
    """One day, or its first and its last."""
    with_offer(desk, house, slug="long", number=8, **changes)
    case = with_ticket(desk, house, offer="long")
    assert said_validity(case.ticket, house.museum, lang=lang) == said


def test_of_a_slot_its_time_is_said(desk: Store, house: House) -> None:
    """Where only the ticket is known, as in lists, its day."""
    with_offer(desk, house, slug="tour", number=8, validity=Validity.SLOT)
    wanted = NewSlot(
        offer="tour",
        starts_at=datetime(2026, 10, 4, 23, 30, tzinfo=BERLIN),
        ends_at=datetime(2026, 10, 5, 0, 30, tzinfo=BERLIN),
        capacity=5,
    )
    with desk.unit() as unit:
        slot = slots.add_slot(unit, house, wanted=wanted).slot
    case = with_ticket(desk, house, offer="tour", slot=slot.id)
    said = [said_validity(case.ticket, house.museum, lang="de", slot=one) for one in (slot, None)]
    assert said == ["So 4. Okt. 2026, 23:30\u201300:30", "So 4. Okt. 2026"]


def test_an_offer_of_one_past_week_is_past(desk: Store, house: House) -> None:
    """A range is over for all its tickets at once."""
    with_offer(
        desk,
        house,
        slug="week",
        number=8,
        validity=Validity.RANGE,
        valid_from=date(2026, 9, 1),
        valid_until=date(2026, 9, 7),
    )
    with pytest.raises(Invalid, match="on: past"):
        with_ticket(desk, house, offer="week")


def test_a_draft_is_nothing_until_it_is_stored(desk: Store, house: House) -> None:
    """The chat drafts outside and stores inside its own transaction."""
    with desk.unit() as unit:
        draft = tickets.drafted(unit, house, order=tickets.TicketOrder(offer="day", holder=HOLDER))
        assert tickets.latest_tickets(unit) == ()
        unit.begin()
        tickets.store_draft(unit, draft)
        unit.commit()
        assert [one.ticket for one in tickets.latest_tickets(unit)] == [draft.ticket]
    assert isinstance(draft.offer, Offer)


def test_a_ticket_for_a_visitor_nobody_knows_is_refused(desk: Store, house: House) -> None:
    """An unknown visitor is a wrong field, not a broken database."""
    order = TicketOrder(offer="day", holder="Anna", visitor=VisitorId(bytes(16)))
    with desk.unit() as unit, pytest.raises(Invalid, match="visitor: unknown"):
        tickets.issue_ticket(unit, house, order=order)


def test_an_unpaid_ticket_waits_for_the_service(desk: Store, house: House) -> None:
    """A gate without network must not let it in; once paid, a new barcode is free of that."""
    with_offer(desk, house, slug="paid", number=2, price_cents=900, pay_at_desk=True)
    case = with_ticket(desk, house, offer="paid")
    assert Flag.ONLINE_ONLY in case.ticket.flags
    with desk.unit() as unit:
        tickets.pay_ticket(unit, house, ticket_id=case.ticket.id)
    with desk.unit() as unit:
        again = tickets.reissue_ticket(unit, house, ticket_id=case.ticket.id)
    assert Flag.ONLINE_ONLY not in again.ticket.flags
