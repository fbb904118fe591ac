"""What stations may know: who is in it, in which order it comes, when it begins anew."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, text, update

from tests.factories import HOLDER, with_offer, with_ticket
from tests.service.conftest import Entrance
from tests.service.knowing import Knowing
from ticketing.domain.ids import StationId
from ticketing.domain.museum import local_day
from ticketing.service import tickets
from ticketing.service.errors import Gone
from ticketing.service.gate.knowledge import Asked, knowledge
from ticketing.service.tickets import TicketCase
from ticketing.store import journals as journal_rows
from ticketing.store import schema
from ticketing.store import tickets as ticket_rows
from ticketing.store.journals import Kept
from ticketing.wire.codec import canonical_json, from_base64url, to_base64url
from ticketing.wire.keys import KeyId, KeyRing, KeyState
from ticketing.wire.namebox import open_name
from ticketing.wire.sync_api import KnowledgePage, KnownTicket, Result
from ticketing.wire.token import TicketId, verify
from ticketing.wire.verdict import Direction, TicketState

JOURNAL = bytes(range(16))


@pytest.fixture
def knowing(entrance: Entrance) -> Knowing:
    """The station at the south entrance."""
    return Knowing(entrance)


def on_day(entrance: Entrance, ahead: int, offer: str = "day") -> TicketCase:
    """A ticket for the day after so many days."""
    day = local_day(entrance.clock.now(), entrance.house.museum.zone) + timedelta(days=ahead)
    return entrance.ticket(on=day, offer=offer)


def revoke(entrance: Entrance, case: TicketCase) -> None:
    """Take a ticket back."""
    with entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="")


def block(entrance: Entrance, case: TicketCase) -> None:
    """Stop a ticket."""
    with entrance.store.unit() as unit:
        tickets.block_ticket(unit, entrance.house, ticket_id=case.ticket.id)


def unblock(entrance: Entrance, case: TicketCase) -> None:
    """Let it be good again."""
    with entrance.store.unit() as unit:
        tickets.unblock_ticket(unit, entrance.house, ticket_id=case.ticket.id)


def reissue(entrance: Entrance, case: TicketCase) -> TicketCase:
    """Give it a new barcode."""
    with entrance.store.unit() as unit:
        return tickets.reissue_ticket(unit, entrance.house, ticket_id=case.ticket.id)


# ------------------------------------------------------------ what is in it
def test_the_tickets_of_the_next_days_are_known(knowing: Knowing) -> None:
    """Of today until seven days ahead, not those of the eighth."""
    entrance = knowing.entrance
    soon = {on_day(entrance, ahead).ticket.id for ahead in (0, 1, 7)}
    on_day(entrance, 8)
    assert knowing.catch_up() == 1
    assert set(knowing.known) == soon


def test_how_many_days_ahead_is_a_setting(knowing: Knowing) -> None:
    """With 0 only today's."""
    entrance = knowing.entrance
    museum = replace(entrance.house.museum, knowledge_days=0)
    entrance.house = replace(entrance.house, museum=museum)
    today = on_day(entrance, 0)
    on_day(entrance, 1)
    knowing.catch_up()
    assert set(knowing.known) == {today.ticket.id}


def test_a_ticket_that_ended_is_not_told(knowing: Knowing) -> None:
    """Yesterday's still is, for those who leave after midnight; older ones are not."""
    case = on_day(knowing.entrance, 0)
    knowing.entrance.clock.tick(days=1)
    knowing.catch_up()
    assert set(knowing.known) == {case.ticket.id}
    knowing.forget()
    knowing.entrance.clock.tick(days=1)
    knowing.catch_up()
    assert not knowing.known


def test_a_ticket_for_another_gate_is_not_known(knowing: Knowing) -> None:
    """A stolen station tells nothing of what it does not need."""
    entrance = knowing.entrance
    with_offer(entrance.store, entrance.house, slug="north", number=8, gates=("nord",))
    on_day(entrance, 0, "north")
    here = on_day(entrance, 0)
    knowing.catch_up()
    assert set(knowing.known) == {here.ticket.id}


@pytest.mark.parametrize("stop", [revoke, block, reissue])
def test_what_is_not_good_is_known_wherever_and_whenever_it_is_for(
    knowing: Knowing, stop: Callable[[Entrance, TicketCase], object]
) -> None:
    """Revoked, blocked and superseded ids until their end, of other gates and later days too."""
    entrance = knowing.entrance
    with_offer(entrance.store, entrance.house, slug="north", number=8, gates=("nord",))
    cases = [on_day(entrance, 0, "north"), on_day(entrance, 40)]
    for case in cases:
        stop(entrance, case)
    knowing.catch_up()
    assert set(knowing.known) == {case.ticket.id for case in cases}


def test_an_unpaid_ticket_is_known_as_such(knowing: Knowing) -> None:
    """Its state is in the row."""
    case = knowing.entrance.ticket(paid=False)
    knowing.catch_up()
    assert knowing.known[case.ticket.id].state is TicketState.UNPAID


def test_a_name_is_in_its_box_alone(knowing: Knowing) -> None:
    """Nothing of it stands in the page, and the presented barcode opens it."""
    entrance = knowing.entrance
    case = entrance.ticket()
    page = knowing.ask()
    assert HOLDER.split()[0] not in json.dumps(page.to_json(), ensure_ascii=False)
    box = page.tickets[0].box
    token = verify(case.barcode, entrance.house.signer.ring())
    assert box is not None
    assert open_name(token.raw, box) == HOLDER


def test_keys_settings_and_the_calendar_come_with_each_page(knowing: Knowing) -> None:
    """Fourteen days of it; on Monday the house is closed."""
    page = knowing.ask()
    assert page.keys == knowing.entrance.house.signer.ring()
    assert (page.settings.gate, page.settings.zone) == ("sued", "Europe/Berlin")
    days = {day.day.isoformat(): day for day in page.settings.calendar}
    assert len(days) == 14
    assert days["2026-10-05"].opens is None
    assert days["2026-10-04"].opens is not None


def test_a_key_that_will_be_used_next_is_in_the_ring(knowing: Knowing) -> None:
    """Whatever the state of a key, stations hear of it."""
    signer = knowing.entrance.house.signer
    key = signer.ring().keys[0]

    class Announcing:
        key_id, barcode, holds = signer.key_id, signer.barcode, signer.holds

        def ring(self) -> KeyRing:
            return KeyRing((key, replace(key, id=KeyId(2), state=KeyState.NEXT)))

    knowing.entrance.house = replace(knowing.entrance.house, signer=Announcing())
    assert [one.state for one in knowing.ask().keys.keys] == [KeyState.ACTIVE, KeyState.NEXT]


def test_the_moves_are_added_up(knowing: Knowing) -> None:
    """Persons of today's use, uses, who is inside, where and when the last came in."""
    entrance = knowing.entrance
    with_offer(entrance.store, entrance.house, slug="family", number=8, party_max=4, reentry=True)
    case = entrance.ticket(offer="family", party=4)
    entrance.scan(case.barcode, people=3)
    came_at = entrance.clock.now()
    entrance.clock.tick(minutes=5)
    entrance.scan(case.barcode, direction=Direction.EXIT, people=1)
    knowing.catch_up()
    [row] = knowing.known.values()
    assert (row.people_today, row.uses_total, row.uses_today, row.inside) == (3, 1, 1, 2)
    assert (row.last_in_at, row.last_in_gate, row.last_move_no) == (came_at, "sued", 2)
    assert (row.first_in_at, row.first_in_gate, row.has_left) == (came_at, "sued", True)


def test_a_row_goes_over_the_line_and_back(knowing: Knowing) -> None:
    """JSON keeps all of it."""
    entrance = knowing.entrance
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.ticket()
    for row in knowing.ask().tickets:
        assert KnownTicket.from_row(json.loads(json.dumps(row.to_row()))) == row


# ------------------------------------------------------------ the order in which it comes
def test_the_first_load_comes_in_pages_by_id(knowing: Knowing) -> None:
    """Each ticket once, none left out."""
    knowing.limit = 3
    ids = {knowing.entrance.ticket().ticket.id for _ in range(10)}
    assert knowing.catch_up() == 4
    assert [row.id for page in knowing.pages for row in page.tickets] == sorted(ids)


def test_what_changes_during_the_first_load_arrives_afterwards(knowing: Knowing) -> None:
    """A ticket of a page that has gone by is revoked, another is issued before it."""
    knowing.limit = 3
    cases = sorted((knowing.entrance.ticket() for _ in range(7)), key=lambda c: c.ticket.id)
    knowing.ask()
    revoke(knowing.entrance, cases[0])
    late = knowing.entrance.ticket()
    knowing.catch_up()
    assert knowing.known[cases[0].ticket.id].state is TicketState.REVOKED
    assert late.ticket.id in knowing.known


def test_after_that_only_what_has_changed_comes(knowing: Knowing) -> None:
    """Nothing, then the one ticket that somebody came in with."""
    entrance = knowing.entrance
    cases = [entrance.ticket() for _ in range(3)]
    knowing.catch_up()
    assert knowing.ask().tickets == ()
    entrance.scan(cases[1].barcode)
    [row] = knowing.ask().tickets
    assert (row.id, row.uses_total) == (cases[1].ticket.id, 1)
    assert knowing.ask().tickets == ()


def test_many_changes_come_in_pages(knowing: Knowing) -> None:
    """Tickets before moves, each page full until the last."""
    entrance = knowing.entrance
    cases = [entrance.ticket() for _ in range(6)]
    knowing.catch_up()
    knowing.limit = 2
    for case in cases:
        entrance.scan(case.barcode)
    revoke(entrance, cases[5])
    knowing.catch_up()
    first = knowing.pages[-4].tickets
    assert cases[5].ticket.id in {row.id for row in first}
    assert all(knowing.known[case.ticket.id].uses_total == 1 for case in cases)


def test_tickets_of_one_transaction_are_told_in_pages_too(knowing: Knowing) -> None:
    """They share a position on PostgreSQL; the id goes on within it."""
    entrance = knowing.entrance
    knowing.catch_up()
    model = entrance.ticket().ticket
    many = [
        replace(model, id=TicketId(bytes([n]) * 15), short_code=f"0000000{n}") for n in range(7)
    ]
    with entrance.store.unit() as unit:
        unit.begin()
        ticket_rows.add(unit, many)
        unit.commit()
    knowing.limit = 3
    knowing.catch_up()
    assert {ticket.id for ticket in many} <= set(knowing.known)


@pytest.mark.only("postgres")
def test_a_transaction_that_commits_late_is_not_lost(knowing: Knowing) -> None:
    """It began first and ends last; what came in between is known at once, and stays so."""
    entrance = knowing.entrance
    late, early = entrance.ticket().ticket, entrance.ticket().ticket
    knowing.catch_up()
    with entrance.store.unit() as slow:
        slow.begin()
        ticket_rows.set_state(slow, late.id, TicketState.BLOCKED, at=entrance.clock.now())
        with entrance.store.unit() as fast:
            fast.begin()
            ticket_rows.set_state(fast, early.id, TicketState.REVOKED, at=entrance.clock.now())
            fast.commit()
        assert [row.id for row in knowing.ask().tickets] == [early.id]
        slow.commit()
    knowing.catch_up()
    assert knowing.known[late.id].state is TicketState.BLOCKED
    assert knowing.known[early.id].state is TicketState.REVOKED


@pytest.mark.only("postgres")
def test_what_changes_behind_an_open_transaction_is_told_however_much_it_is(
    knowing: Knowing,
) -> None:
    """Page by page in one question; it ends, says how old it is, and what it surely contains."""
    entrance = knowing.entrance
    cases = [entrance.ticket() for _ in range(5)]
    knowing.catch_up()
    with_journal(entrance, acked=12)
    with_entries(entrance, {14: Result.ACCEPTED, 15: Result.ACCEPTED})
    knowing.journal, knowing.limit = JOURNAL, 2
    with entrance.store.unit() as slow:
        slow.begin()
        slow.run(text("SELECT pg_current_xact_id()"))
        for case in cases:
            revoke(entrance, case)
        entrance.scan(cases[0].barcode)
        assert knowing.ask().more
        acknowledge(entrance, 30)
        entrance.clock.tick(seconds=3)
        knowing.catch_up()
        assert {knowing.known[case.ticket.id].state for case in cases} == {TicketState.REVOKED}
        last = knowing.pages[-1]
        assert (last.more, last.acked, last.behind_ms) == (False, 12, 3000)
        assert last.held == ((14, 15),)
        slow.commit()
    knowing.catch_up()
    assert (knowing.pages[-1].acked, knowing.pages[-1].behind_ms) == (30, 0)
    assert knowing.ask().tickets == ()


@pytest.mark.only("postgres")
def test_what_is_committed_late_where_a_question_has_been_is_told_by_the_next(
    knowing: Knowing,
) -> None:
    """The question that went on beyond what was final does not count as having seen it."""
    entrance = knowing.entrance
    late = entrance.ticket().ticket
    cases = [entrance.ticket() for _ in range(3)]
    knowing.catch_up()
    knowing.limit = 2
    with entrance.store.unit() as slow:
        slow.begin()
        ticket_rows.set_state(slow, late.id, TicketState.REVOKED, at=entrance.clock.now())
        for case in cases:
            block(entrance, case)
        assert knowing.ask().more
        slow.commit()
    knowing.catch_up()
    assert knowing.pages[-1].behind_ms > 0
    knowing.catch_up()
    assert knowing.known[late.id].state is TicketState.REVOKED


def test_tickets_whose_day_comes_nearer_arrive_by_themselves(knowing: Knowing) -> None:
    """Nobody has touched them; with the new day they are within the window."""
    case = on_day(knowing.entrance, 9)
    knowing.catch_up()
    knowing.entrance.clock.tick(days=1)
    knowing.catch_up()
    assert case.ticket.id not in knowing.known
    knowing.entrance.clock.tick(days=1)
    assert [row.id for row in knowing.ask().tickets] == [case.ticket.id]


# ------------------------------------------------------------ what is to be forgotten
def test_a_ticket_that_a_station_may_not_know_any_more_is_dropped(knowing: Knowing) -> None:
    """Blocked it was known everywhere; unblocked it is none of this gate's business."""
    entrance = knowing.entrance
    with_offer(entrance.store, entrance.house, slug="north", number=8, gates=("nord",))
    case = on_day(entrance, 0, "north")
    entrance.clock.tick(minutes=1)
    block(entrance, case)
    knowing.catch_up()
    assert case.ticket.id in knowing.known
    unblock(entrance, case)
    page = knowing.ask()
    assert (page.tickets, page.gone) == ((), (case.ticket.id,))


def test_a_new_ticket_of_a_later_day_is_not_told_at_all(knowing: Knowing) -> None:
    """Not even as something to forget."""
    knowing.catch_up()
    on_day(knowing.entrance, 40)
    page = knowing.ask()
    assert (page.tickets, page.gone) == ((), ())


# ------------------------------------------------------------ when it begins anew
def test_an_unknown_epoch_begins_anew(knowing: Knowing) -> None:
    """The database was restored; a cursor of before says nothing."""
    cursor = knowing.ask().cursor
    for epoch in ("0" * 16, "", None):
        with pytest.raises(Gone):
            knowing.ask(Asked(epoch=epoch, cursor=cursor))


def test_an_epoch_without_a_cursor_begins_anew(knowing: Knowing) -> None:
    """There is nothing to go on from."""
    epoch = knowing.ask().epoch
    with pytest.raises(Gone):
        knowing.ask(Asked(epoch=epoch))


def test_a_cursor_that_was_not_given_out_is_refused(knowing: Knowing) -> None:
    """Rubbish, another order, another size, other numbers."""
    page = knowing.ask()
    fields = json.loads(from_base64url(page.cursor) or b"")
    forms = [
        fields[:-1],
        [*fields, *fields[-5:]],
        [*fields, *fields[-5:], -1],
        [*fields, *fields[-5:], "1"],
        [2, *fields[1:]],
        [*fields[:6], "1", *fields[7:]],
        [*fields[:6], -1, *fields[7:]],
        [*fields[:6], 2**62, *fields[7:]],
        [*fields[:6], True, *fields[7:]],
        [*fields[:3], 10**18, *fields[4:]],
        [*fields[:5], "xyz", *fields[6:]],
        {"a": 1},
        None,
    ]
    bad = [to_base64url(canonical_json(form)) for form in forms]
    for cursor in ["", "x", "Ä", "[" * 2000, page.cursor[:-2], page.cursor + "A", *bad]:
        with pytest.raises(Gone):
            knowing.ask(Asked(epoch=page.epoch, cursor=cursor))


def test_a_cursor_ahead_of_the_database_is_refused(knowing: Knowing) -> None:
    """An older state was restored and its epoch forgotten: positions would repeat."""
    page = knowing.ask()
    fields = json.loads(from_base64url(page.cursor) or b"")
    for place in (6, 8):
        ahead = [*fields[:place], 2**60, *fields[place + 1 :]]
        with pytest.raises(Gone):
            knowing.ask(Asked(epoch=page.epoch, cursor=to_base64url(canonical_json(ahead))))


def test_a_station_at_another_gate_begins_anew(knowing: Knowing) -> None:
    """Other tickets are for that gate."""
    entrance = knowing.entrance
    with_offer(entrance.store, entrance.house, slug="north", number=8, gates=("nord",))
    case = on_day(entrance, 0, "north")
    knowing.catch_up()
    knowing.move_to("nord")
    with pytest.raises(Gone):
        knowing.ask()
    knowing.forget()
    knowing.catch_up()
    assert case.ticket.id in knowing.known
    assert knowing.pages[-1].settings.gate == "nord"


def test_when_an_offer_goes_to_another_gate_it_begins_anew(knowing: Knowing) -> None:
    """Its tickets leave what the station may know."""
    entrance = knowing.entrance
    entrance.ticket()
    knowing.catch_up()
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(update(schema.offers).values(gates=["nord"]))
        unit.commit()
    with pytest.raises(Gone):
        knowing.ask()
    knowing.forget()
    knowing.catch_up()
    assert not knowing.known


# ------------------------------------------------------------ which entries are in the rows
def with_journal(entrance: Entrance, *, acked: int, forked_at: datetime | None = None) -> None:
    """The station's journal, uploaded up to an entry."""
    with entrance.store.unit() as unit:
        unit.begin()
        row = {
            "id": JOURNAL,
            "forked_at": forked_at,
            "station": entrance.station.id,
            "acked": acked,
            "head": bytes(32),
            "created_at": entrance.clock.now(),
        }
        unit.run(insert(schema.journals).values(row))
        unit.commit()


def acknowledge(entrance: Entrance, acked: int) -> None:
    """The station has uploaded more of its journal meanwhile."""
    with entrance.store.unit() as unit:
        unit.begin()
        unit.run(update(schema.journals).values(acked=acked))
        unit.commit()


@pytest.mark.only("postgres")
def test_a_question_that_began_with_another_journal_acknowledges_nothing(
    knowing: Knowing,
) -> None:
    """A station that lost its journal in the middle: the old one's entries are not its own."""
    entrance = knowing.entrance
    cases = [entrance.ticket() for _ in range(3)]
    knowing.catch_up()
    with_journal(entrance, acked=12)
    knowing.journal, knowing.limit = JOURNAL, 2
    with entrance.store.unit() as slow:
        slow.begin()
        slow.run(text("SELECT pg_current_xact_id()"))
        for case in cases:
            block(entrance, case)
        assert knowing.ask().more
        knowing.journal = b"another journal!"
        knowing.catch_up()
        slow.rollback()
    assert (knowing.pages[-1].acked, knowing.pages[-1].held) == (None, ())


def test_a_station_hears_which_of_its_entries_the_rows_contain(knowing: Knowing) -> None:
    """With the last page; before it not everything has been told."""
    entrance = knowing.entrance
    for _ in range(4):
        entrance.ticket()
    with_journal(entrance, acked=12)
    knowing.journal, knowing.limit = JOURNAL, 3
    knowing.catch_up()
    assert [page.acked for page in knowing.pages] == [None, 12]


def with_entries(entrance: Entrance, numbers: dict[int, Result]) -> None:
    """Entries of the journal that are here."""
    with entrance.store.unit() as unit:
        unit.begin()
        rows = [
            Kept(
                journal=JOURNAL,
                n=n,
                hash=bytes([n]) * 32,
                body="{}",
                sig=bytes(64),
                received_at=entrance.clock.now(),
                result=result,
            )
            for n, result in numbers.items()
        ]
        journal_rows.keep(unit, rows)
        unit.commit()


def test_a_station_hears_what_is_here_behind_an_entry_that_never_came(knowing: Knowing) -> None:
    """In runs; what could not be processed is in none, nor what is acknowledged."""
    entrance = knowing.entrance
    with_journal(entrance, acked=2)
    done = dict.fromkeys((1, 2, 4, 5, 6, 9), Result.ACCEPTED)
    with_entries(entrance, done | {7: Result.REJECTED, 10: Result.CONFLICT})
    knowing.journal, knowing.limit = JOURNAL, 1
    for _ in range(2):
        entrance.ticket()
    knowing.catch_up()
    assert [page.held for page in knowing.pages[:-1]] == [()] * 2
    assert (knowing.pages[-1].acked, knowing.pages[-1].held) == (2, ((4, 6), (9, 10)))
    assert KnowledgePage.from_json(knowing.pages[-1].to_json()).held == ((4, 6), (9, 10))


def test_of_a_journal_with_two_histories_nothing_is_held_behind_a_gap(knowing: Knowing) -> None:
    """It could be the other one's entry of that number."""
    with_journal(knowing.entrance, acked=2, forked_at=knowing.entrance.clock.now())
    with_entries(knowing.entrance, {4: Result.ACCEPTED})
    knowing.journal = JOURNAL
    page = knowing.ask()
    assert (page.acked, page.held) == (2, ())


def test_a_journal_nobody_has_seen_has_no_entries_here(knowing: Knowing) -> None:
    """0, and nothing at all if no journal is named."""
    assert knowing.ask().acked is None
    knowing.journal = JOURNAL
    assert knowing.ask().acked == 0


def test_another_stations_journal_is_not_told_about(knowing: Knowing) -> None:
    """Whoever guesses its id learns nothing."""
    with_journal(knowing.entrance, acked=12)
    knowing.entrance.station = replace(knowing.entrance.station, id=StationId("st_other"))
    knowing.journal = JOURNAL
    assert knowing.ask().acked is None


def test_a_page_takes_a_constant_number_of_statements(knowing: Knowing) -> None:
    """However many tickets are on it, and no lock."""
    entrance = knowing.entrance
    counts = []
    for size in (1, 20):
        for _ in range(size):
            entrance.scan(with_ticket(entrance.store, entrance.house).barcode)
        with entrance.store.unit() as unit:
            asked = Asked(journal=JOURNAL)
            knowledge(unit, entrance.house, station=entrance.station, asked=asked)
            counts.append(unit.statements)
            assert not unit.writing
    assert counts[0] == counts[1] <= 10
