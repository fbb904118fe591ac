"""The rules at the gate, said as a visitor would meet them (`peers.md` §5)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, update

from tests.factories import a_museum, with_offer, with_slot
from tests.fakes import START as NOON
from tests.service.conftest import Entrance
from ticketing.domain.offers import Validity
from ticketing.domain.tickets import shown_code
from ticketing.service import offers, tickets
from ticketing.service.offers import OfferChange
from ticketing.service.tickets import TicketCase
from ticketing.store import moves, schema
from ticketing.wire.verdict import Check, Direction, Reason, Verdict

_BEFORE, _AFTER = NOON - timedelta(days=400), NOON + timedelta(days=400)


def _offer(entrance: Entrance, **changes: Any) -> None:
    plain = {"slug": "pass", "number": 8, "validity": Validity.YEAR, "entries": 0}
    with_offer(entrance.store, entrance.house, **plain | changes)


def _scan_at(entrance: Entrance, case: TicketCase, at: datetime) -> Reason:
    entrance.clock.at = at
    return entrance.scan(case.barcode).reason


def test_a_typed_code_with_blanks_and_signs_is_handled_or_refused_cleanly(
    entrance: Entrance,
) -> None:
    """Lower case, blanks and hyphen are folded; plus signs and worse are none of ours."""
    case = entrance.ticket()
    code = shown_code(case.ticket.short_code)
    typed = f"  {code.lower().replace('-', ' ')} "
    assert entrance.scan(typed, direction=Direction.CHECK).reason is Reason.OK
    for odd in (f"+{code}+", f"{code}%00", f"'{code}' OR 1=1", "ÄÖÜ ß", "\0", " " * 200):
        answer = entrance.scan(odd)
        assert answer.verdict is Verdict.REFUSE
        assert answer.ticket is None


def test_internal_ids_are_never_accepted_as_codes(entrance: Entrance) -> None:
    """Neither the ticket's id nor its reference opens a door."""
    case = entrance.ticket(reference="R-2026-1")
    for text in (case.ticket.id.hex(), "R-2026-1", str(case.offer.number)):
        assert entrance.scan(text).verdict is Verdict.REFUSE


def test_a_ticket_of_three_entries_admits_three_times_and_counts_three_rows(
    entrance: Entrance,
) -> None:
    """The fourth is already used."""
    _offer(entrance, entries=3)
    case = entrance.ticket(offer="pass")
    reasons = []
    for _ in range(4):
        reasons.append(entrance.scan(case.barcode).reason)
        entrance.clock.tick(minutes=1)
    assert reasons == [Reason.OK] * 3 + [Reason.ALREADY_USED]
    with entrance.store.unit() as unit:
        assert len(moves.of_ticket(unit, case.ticket.id)) == 3


def test_an_offer_that_is_not_for_this_gate_is_refused_as_such(entrance: Entrance) -> None:
    """The reason names the good gate; the ticket stays unused."""
    _offer(entrance, gates=("nord",))
    case = entrance.ticket(offer="pass")
    answer = entrance.scan(case.barcode)
    assert answer.reason is Reason.WRONG_GATE
    assert "North entrance" in answer.text
    assert entrance.scan(case.barcode, gate="nord").reason is Reason.OK


def test_a_rule_by_gate_may_change_for_tickets_in_the_field(entrance: Entrance) -> None:
    """Gates are no part of the barcode."""
    _offer(entrance, gates=("nord",))
    case = entrance.ticket(offer="pass")
    with entrance.store.unit() as unit:
        offers.change_offer(unit, entrance.house, slug="pass", change=OfferChange(gates=None))
    assert entrance.scan(case.barcode).reason is Reason.OK


def test_an_unpaid_ticket_is_refused_unless_the_offer_is_paid_at_the_desk(
    entrance: Entrance,
) -> None:
    """And then only when staff say that they have the money."""
    _offer(entrance, price_cents=900)
    refused = entrance.ticket(offer="pass", paid=False)
    assert entrance.scan(refused.barcode).reason is Reason.UNPAID
    with_offer(
        entrance.store, entrance.house, slug="desk", number=9, price_cents=900, pay_at_desk=True
    )
    case = entrance.ticket(offer="desk")
    asked = entrance.scan(case.barcode)
    assert (asked.verdict, asked.reason) == (Verdict.ATTENTION, Reason.COLLECT_PAYMENT)
    assert entrance.confirm(asked.scan_id, Check.PAYMENT).reason is Reason.OK


def test_before_and_after_its_validity_a_ticket_says_so_in_local_time(entrance: Entrance) -> None:
    """Exits ignore the window."""
    case = entrance.ticket(on=date(2026, 10, 6))
    early = entrance.scan(case.barcode)
    assert early.reason is Reason.NOT_YET_VALID
    assert "Tue 6 Oct 2026" in early.text
    entrance.clock.at = datetime(2026, 10, 6, 22, 0, tzinfo=UTC)  # midnight in Berlin
    late = entrance.scan(case.barcode)
    assert late.reason is Reason.EXPIRED
    assert entrance.scan(case.barcode, direction=Direction.EXIT).verdict is Verdict.EXIT


@pytest.mark.parametrize(
    ("first", "still", "again"),
    [
        # The night to Sunday 25 October: the clocks go back, the day has 25 hours.
        ("2026-10-24T22:05", "2026-10-25T22:55", "2026-10-25T23:00"),
        # The night to Sunday 29 March 2027 ... of a pass from October: 23 hours.
        ("2027-03-27T23:05", "2027-03-28T21:55", "2027-03-28T22:00"),
        ("2026-10-04T12:00", "2026-10-04T21:59", "2026-10-04T22:00"),
    ],
)
def test_once_a_day_resets_at_local_midnight(
    entrance: Entrance, first: str, still: str, again: str
) -> None:
    """Times in UTC: the museum's day is meant, 23 or 25 hours of it too."""
    _offer(entrance, per_day=1)
    case = entrance.ticket(offer="pass")
    at = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, still, again)]
    assert [_scan_at(entrance, case, when) for when in at] == [
        Reason.OK,
        Reason.USED_TODAY,
        Reason.OK,
    ]


def test_a_ticket_for_three_different_days_is_good_on_three_days(entrance: Entrance) -> None:
    """Not twice on one, and not on a fourth."""
    _offer(entrance, entries=3, per_day=1)
    case = entrance.ticket(offer="pass")
    days = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in (4, 4, 6, 7, 8)]
    assert [_scan_at(entrance, case, at) for at in days] == [
        Reason.OK,
        Reason.USED_TODAY,
        Reason.OK,
        Reason.OK,
        Reason.ALREADY_USED,
    ]


def test_an_offer_bound_to_the_calendar_is_refused_on_closed_days(entrance: Entrance) -> None:
    """Mondays, Christmas Eve, and outside the hours; another offer is not bound."""
    _offer(entrance, calendar=True)
    bound = entrance.ticket(offer="pass")
    for shut in ("2026-10-05T12:00", "2026-12-24T12:00", "2026-10-04T16:00", "2026-10-04T07:59"):
        at = datetime.fromisoformat(shut).replace(tzinfo=UTC)
        assert _scan_at(entrance, bound, at) is Reason.CLOSED
    assert _scan_at(entrance, bound, datetime(2026, 10, 6, 8, 0, tzinfo=UTC)) is Reason.OK


def test_re_entry_is_allowed_where_it_is_on_and_refused_where_it_is_off(
    entrance: Entrance,
) -> None:
    """In, out, in again; switching it on holds for tickets in the field."""
    with_offer(entrance.store, entrance.house, slug="once", number=9)
    case = entrance.ticket(offer="once")
    entrance.scan(case.barcode)
    entrance.clock.tick(minutes=30)
    entrance.scan(case.barcode, direction=Direction.EXIT)
    entrance.clock.tick(minutes=30)
    assert entrance.scan(case.barcode).reason is Reason.ALREADY_USED
    with entrance.store.unit() as unit:
        offers.change_offer(unit, entrance.house, slug="once", change=OfferChange(reentry=True))
    assert entrance.scan(case.barcode).reason is Reason.OK_REENTRY


def test_a_refusal_names_the_nearest_fix(entrance: Entrance) -> None:
    """When to come back is told before anything about uses."""
    case = entrance.ticket(on=date(2026, 10, 5))
    entrance.clock.at = datetime(2026, 10, 4, 21, 30, tzinfo=UTC)  # 23:30 in Berlin
    answer = entrance.send(entrance.request(case.barcode), lang="de").answer
    assert answer.reason is Reason.NOT_YET_VALID
    assert "in 30 Minuten" in answer.text


def test_re_entry_depends_on_the_last_move_whenever_that_was_today(entrance: Entrance) -> None:
    """Not on minutes: a minute or a day at the museum later, out means in again, in does not."""
    _offer(entrance, slug="again", entries=2, reentry=True)
    case = entrance.ticket(offer="again")
    day = [
        ("08:00", Direction.ENTRY, Reason.OK),
        ("08:01", Direction.ENTRY, Reason.STILL_INSIDE),
        ("15:59", Direction.ENTRY, Reason.STILL_INSIDE),
        ("16:00", Direction.EXIT, Reason.OK_EXIT),
        ("16:00", Direction.ENTRY, Reason.OK_REENTRY),
        ("16:01", Direction.EXIT, Reason.OK_EXIT),
        ("21:59", Direction.ENTRY, Reason.OK_REENTRY),  # one minute to midnight in Berlin
        ("22:00", Direction.ENTRY, Reason.OK),  # another day is another use
        ("22:01", Direction.ENTRY, Reason.STILL_INSIDE),
    ]
    said = []
    for at, direction, _ in day:
        entrance.clock.at = datetime.fromisoformat(f"2026-10-04T{at}").replace(tzinfo=UTC)
        said.append(entrance.scan(case.barcode, direction=direction).reason)
    assert said == [reason for _, _, reason in day]


IMPOSSIBLE: dict[str, tuple[dict[str, Any], dict[str, Any], Reason]] = {
    "ends before it begins": ({"valid_until": _BEFORE}, {}, Reason.EXPIRED),
    "begins after its end": ({"valid_from": _AFTER, "valid_until": NOON}, {}, Reason.NOT_YET_VALID),
    "fewer than no entries": ({"entries": -1}, {}, Reason.ALREADY_USED),
    "no entries on any day": ({}, {"per_day": 0}, Reason.USED_TODAY),
    "fewer than none a day": ({}, {"per_day": -1}, Reason.USED_TODAY),
    "for no gate": ({}, {"gates": []}, Reason.WRONG_GATE),
    "for a gate that is gone": ({}, {"gates": ["gone"]}, Reason.WRONG_GATE),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_an_impossible_rule_or_fact_refuses_safely(entrance: Entrance, what: str) -> None:
    """Written past every check of ours: a reason in words and a row, no fault, and nobody is in."""
    of_ticket, of_offer, reason = IMPOSSIBLE[what]
    _offer(entrance)
    case = entrance.ticket(offer="pass")
    _write(entrance, schema.tickets, of_ticket)
    _write(entrance, schema.offers, of_offer)
    for lang in ("de", "en"):
        answer = entrance.send(entrance.request(case.barcode), lang=lang).answer
        assert (answer.verdict, answer.reason) == (Verdict.REFUSE, reason)
        assert answer.text
        assert entrance.row(answer.scan_id).decision.reason is reason
    assert (entrance.moves(case), entrance.inside()) == ([], 0)
    assert entrance.scan(case.barcode, direction=Direction.EXIT).verdict is Verdict.EXIT


def test_a_slot_that_ends_before_it_begins_refuses_safely(entrance: Entrance) -> None:
    """The same for what a slot may say."""
    case = entrance.ticket()
    with_slot(entrance.store, case, slot="s1", at=NOON)
    _write(entrance, schema.slots, {"ends_at": _BEFORE})
    assert entrance.scan(case.barcode).reason is Reason.WRONG_SLOT
    assert (entrance.moves(case), entrance.inside()) == ([], 0)


def _write(entrance: Entrance, table: Table, facts: dict[str, Any]) -> None:
    if facts:
        with entrance.store.unit() as unit:
            unit.begin()
            unit.run(update(table).values(facts))
            unit.commit()


def test_a_refusal_names_the_nearest_way_out_time_before_uses(entrance: Entrance) -> None:
    """Nothing fits: the right gate first, then when to come, then the uses, then the room."""
    _offer(entrance, entries=1, gates=("nord",))
    case = entrance.ticket(offer="pass")
    assert entrance.scan(case.barcode, gate="nord").reason is Reason.OK
    with_slot(entrance.store, case, slot="s1", at=NOON + timedelta(hours=3))
    entrance.house = replace(entrance.house, museum=a_museum(capacity=1))
    said = [entrance.scan(case.barcode), entrance.scan(case.barcode, gate="nord")]
    entrance.clock.tick(hours=3)
    said.append(entrance.scan(case.barcode, gate="nord"))
    fresh = entrance.ticket(offer="pass")
    said.append(entrance.scan(fresh.barcode, gate="nord"))
    ways = {
        Reason.WRONG_GATE: "North entrance",
        Reason.WRONG_SLOT: "17:00",
        Reason.ALREADY_USED: "Used at 14:00",
        Reason.FULL: "Full",
    }
    assert [answer.reason for answer in said] == list(ways)
    assert [way in answer.text for way, answer in zip(ways.values(), said, strict=True)] == [
        True
    ] * 4


def test_a_blocked_and_a_revoked_ticket_are_told_apart_even_if_paid(entrance: Entrance) -> None:
    """Revoked is for good, blocked may end."""
    case = entrance.ticket()
    with entrance.store.unit() as unit:
        tickets.block_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    assert entrance.scan(case.barcode).reason is Reason.BLOCKED
    with entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="")
    assert entrance.scan(case.barcode).reason is Reason.REVOKED
