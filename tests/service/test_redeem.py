"""What a gate must show when a ticket is presented (peers.md, section 5), on both engines.

Each test names its line there. More of them stand in `test_scans.py` and beside it.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.factories import HOLDER, a_scan_id, with_offer, with_slot
from tests.service.conftest import Entrance
from ticketing.domain.offers import Validity
from ticketing.service import tickets
from ticketing.service.errors import Invalid, NotFound
from ticketing.service.tickets import TicketCase
from ticketing.store.scans import ScanState
from ticketing.store.unit import Unit
from ticketing.wire.admission import MoveKind
from ticketing.wire.check import CodeKind, check_character
from ticketing.wire.verdict import Check, Direction, Reason, Verdict

TABLES = ("scans", "moves", "counters", "tickets", "stations", "counts")


def rows(entrance: Entrance, table: str) -> list[tuple[object, ...]]:
    """Everything in a table."""
    with entrance.store.unit() as unit:
        return sorted(tuple(row) for row in unit.run(text(f"SELECT * FROM {table}")))  # noqa: S608  fixed names


def _block(entrance: Entrance, case: TicketCase) -> None:
    with entrance.store.unit() as unit:
        tickets.block_ticket(unit, entrance.house, ticket_id=case.ticket.id)


def _revoke(entrance: Entrance, case: TicketCase) -> None:
    with entrance.store.unit() as unit:
        tickets.revoke_ticket(unit, entrance.house, ticket_id=case.ticket.id, reason="")


def _reissue(entrance: Entrance, case: TicketCase) -> None:
    with entrance.store.unit() as unit:
        tickets.reissue_ticket(unit, entrance.house, ticket_id=case.ticket.id)


def _use_up(entrance: Entrance, case: TicketCase) -> None:
    assert entrance.scan(case.barcode).reason is Reason.ALREADY_USED


def _expire(entrance: Entrance, _case: TicketCase) -> None:
    entrance.clock.tick(days=2)


AFTERWARDS = {
    "blocked": _block,
    "revoked": _revoke,
    "reissued": _reissue,
    "used up": _use_up,
    "expired": _expire,
}


# ------------------------------------------------------------ once
def test_1_a_valid_ticket_is_admitted_with_one_row_and_its_holder_and_offer(
    entrance: Entrance,
) -> None:
    """One scan and one move are stored; the answer says who comes and for what."""
    case = entrance.ticket()
    answer = entrance.scan(case.barcode)
    assert (answer.verdict, answer.reason) == (Verdict.ADMIT, Reason.OK)
    assert answer.ticket is not None
    assert (answer.ticket.holder, answer.ticket.offer_name.en) == (HOLDER, "Day ticket")
    assert (len(rows(entrance, "scans")), entrance.moves(case)) == (1, [(MoveKind.ENTRY, 1)])


# ------------------------------------------------------------ the same scan again
def test_4_the_same_scan_twice_is_the_same_success_and_one_row(entrance: Entrance) -> None:
    """A minute later too: found, not made, and nobody is counted anew."""
    case = entrance.ticket()
    request = entrance.request(case.barcode)
    first = entrance.send(request)
    entrance.clock.tick(minutes=1)
    again = entrance.send(request)
    assert (first.created, again.created) == (True, False)
    assert again.answer == first.answer
    assert (len(rows(entrance, "scans")), entrance.moves(case)) == (1, [(MoveKind.ENTRY, 1)])


@pytest.mark.parametrize("what", AFTERWARDS)
def test_5_the_same_scan_again_is_the_original_success(entrance: Entrance, what: str) -> None:
    """Blocked, revoked, reissued, used up, expired since: that scan let somebody in."""
    case = entrance.ticket()
    request = entrance.request(case.barcode)
    first = entrance.send(request).answer
    AFTERWARDS[what](entrance, case)
    again = entrance.send(request)
    assert (again.created, again.answer.verdict, again.answer.reason) == (
        False,
        Verdict.ADMIT,
        Reason.OK,
    )
    assert again.answer.inside == first.inside
    assert entrance.scan(case.barcode).verdict is Verdict.REFUSE


def test_7_a_new_scan_after_a_refusal_is_judged_afresh(entrance: Entrance) -> None:
    """Blocked, unblocked: the refusal of before blocks nothing."""
    case = entrance.ticket()
    _block(entrance, case)
    assert entrance.scan(case.barcode).reason is Reason.BLOCKED
    with entrance.store.unit() as unit:
        tickets.unblock_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    assert entrance.scan(case.barcode).reason is Reason.OK


def test_8_the_same_refused_scan_twice_is_one_row(entrance: Entrance) -> None:
    """And the refusal stands, though the ticket is good by now."""
    case = entrance.ticket()
    _block(entrance, case)
    request = entrance.request(case.barcode)
    entrance.send(request)
    with entrance.store.unit() as unit:
        tickets.unblock_ticket(unit, entrance.house, ticket_id=case.ticket.id)
    again = entrance.send(request)
    assert (again.created, again.answer.reason) == (False, Reason.BLOCKED)
    assert len(rows(entrance, "scans")) == 1


def test_12_what_became_of_a_scan_can_be_asked(entrance: Entrance) -> None:
    """Admitted, refused, unknown."""
    case = entrance.ticket()
    admitted, refused = entrance.scan(case.barcode), entrance.scan(case.barcode)
    assert entrance.get(admitted.scan_id) == admitted
    assert entrance.get(refused.scan_id).reason is Reason.ALREADY_USED
    with pytest.raises(NotFound):
        entrance.get(a_scan_id())


def test_13_the_time_of_the_scan_is_kept_apart_from_the_time_of_receipt(
    entrance: Entrance,
) -> None:
    """A station's clock may be wrong: both are there, and the service judges by its own."""
    case = entrance.ticket()
    said_at = entrance.clock.now() - timedelta(days=400)
    answer = entrance.scan(case.barcode, scanned_at=said_at)
    row = entrance.row(answer.scan_id)
    assert (row.scanned_at, row.received_at) == (said_at, entrance.clock.now())
    assert answer.reason is Reason.OK


# ------------------------------------------------------------ texts that are no ticket
def test_3_an_unknown_code_is_a_row_without_a_word_of_it(entrance: Entrance) -> None:
    """Class and digest are kept; the text is not, nor any person."""
    code = "K7Q2M9X" + check_character("K7Q2M9X", CodeKind.SHORT)
    answer = entrance.scan(code)
    assert (answer.reason, answer.ticket) == (Reason.UNKNOWN_CODE, None)
    row = entrance.row(answer.scan_id)
    assert (row.ticket, row.state, len(row.digest)) == (None, ScanState.FINAL, 16)
    assert code not in repr(rows(entrance, "scans"))


@pytest.mark.parametrize("spelling", [str.lower, " {} ".format, "{}\r\n".format, str.upper])
def test_14_a_ticket_is_read_however_it_is_spelled(
    entrance: Entrance, spelling: Callable[[str], str]
) -> None:
    """Lower case, blanks, an Enter of the hand scanner."""
    assert entrance.scan(spelling(entrance.ticket().barcode)).reason is Reason.OK


@pytest.mark.parametrize("odd", ["", " ", "+", "äöü+%00", "'; DROP TABLE tickets;--", "\u202e\x00"])
def test_14_odd_characters_are_refused_cleanly(entrance: Entrance, odd: str) -> None:
    """An answer, no error, and the tickets are still there."""
    case = entrance.ticket()
    assert entrance.scan(odd).verdict is Verdict.REFUSE
    assert entrance.scan(case.barcode).reason is Reason.OK


# ------------------------------------------------------------ how often, when and where
def test_16_a_ticket_of_three_entries_admits_three_times(entrance: Entrance) -> None:
    """Three rows, three moves, and the fourth is used."""
    with_offer(entrance.store, entrance.house, slug="three", number=8, entries=3)
    case = entrance.ticket(offer="three")
    answers = [entrance.scan(case.barcode) for _ in range(4)]
    assert [answer.remaining.uses for answer in answers] == [2, 1, 0, 0]
    assert [answer.reason for answer in answers] == [Reason.OK] * 3 + [Reason.ALREADY_USED]
    assert (len(entrance.moves(case)), entrance.inside()) == (3, 3)


def test_17_a_ticket_used_today_is_still_good_tomorrow(entrance: Entrance) -> None:
    """One entry a day: the limit of one day says nothing about the next."""
    with_offer(
        entrance.store,
        entrance.house,
        slug="two-days",
        number=8,
        entries=2,
        per_day=1,
        validity=Validity.RANGE,
        valid_from=date(2026, 10, 4),
        valid_until=date(2026, 10, 5),
    )
    case = entrance.ticket(offer="two-days")
    entrance.scan(case.barcode)
    assert entrance.scan(case.barcode).reason is Reason.USED_TODAY
    entrance.clock.tick(days=1)
    assert entrance.scan(case.barcode).reason is Reason.OK


def test_19_a_wrong_slot_says_when_the_right_one_is(entrance: Entrance) -> None:
    """A reason of its own, in local time, with the offer's tolerance."""
    case = entrance.ticket()
    with_slot(entrance.store, case, slot="s1", at=entrance.clock.now() + timedelta(hours=1))
    answer = entrance.scan(case.barcode)
    assert answer.reason is Reason.WRONG_SLOT
    assert "15:00" in answer.text
    entrance.clock.tick(minutes=45)
    assert entrance.scan(case.barcode).reason is Reason.OK


def test_20_a_revoked_ticket_is_refused_even_if_paid(entrance: Entrance) -> None:
    """And an unpaid one is revoked first of all."""
    with_offer(entrance.store, entrance.house, slug="dear", number=8, price_cents=900)
    for paid in (True, False):
        case = entrance.ticket(offer="dear", paid=paid)
        _revoke(entrance, case)
        assert entrance.scan(case.barcode).reason is Reason.REVOKED


def test_22_an_unpaid_ticket_enters_only_if_the_desk_may_take_the_money(
    entrance: Entrance,
) -> None:
    """The offer must say so, and staff must have taken it."""
    store, house = entrance.store, entrance.house
    with_offer(store, house, slug="dear", number=8, price_cents=900)
    with_offer(store, house, slug="desk", number=9, price_cents=900, pay_at_desk=True)
    dear, desk = (entrance.ticket(offer=slug, paid=False) for slug in ("dear", "desk"))
    assert entrance.scan(dear.barcode).reason is Reason.UNPAID
    assert entrance.scan(desk.barcode).verdict is Verdict.ATTENTION
    assert entrance.inside() == 0


def test_24_before_and_after_its_time_in_local_words_and_exits_at_any_time(
    entrance: Entrance,
) -> None:
    """A ticket of tomorrow names tomorrow; who leaves late leaves."""
    tomorrow, today = entrance.ticket(on=date(2026, 10, 5)), entrance.ticket()
    early = entrance.scan(tomorrow.barcode)
    assert early.reason is Reason.NOT_YET_VALID
    assert early.evidence.at is not None
    assert early.evidence.at == tomorrow.ticket.valid_from
    assert "Mon 5 Oct 2026" in early.text
    entrance.scan(today.barcode)
    entrance.clock.tick(days=1)
    assert entrance.scan(today.barcode).reason is Reason.EXPIRED
    assert entrance.scan(today.barcode, direction=Direction.EXIT).verdict is Verdict.EXIT


def test_28_a_question_writes_nothing_at_all(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good, used and unknown texts: no transaction is opened, no table changes."""
    good, used = entrance.ticket(), entrance.ticket()
    entrance.scan(used.barcode)
    before = {table: rows(entrance, table) for table in TABLES}
    monkeypatch.setattr(Unit, "begin", _no_writing)
    answers = [
        entrance.scan(shown, direction=Direction.CHECK)
        for shown in (good.barcode, used.barcode, "04" + "0" * 60, "https://example.org")
    ]
    assert [a.verdict for a in answers] == [Verdict.ADMIT] + [Verdict.REFUSE] * 3
    assert {table: rows(entrance, table) for table in TABLES} == before


def _no_writing(_unit: Unit) -> None:
    raise AssertionError("a question opened a transaction")


# ------------------------------------------------------------ what staff look at
LOOKED_AT: dict[Reason, tuple[Check, dict[str, Any]]] = {
    Reason.CHECK_PROOF: (Check.PROOF, {"proof": True}),
    Reason.CHECK_IDENTITY: (Check.IDENTITY, {"identity": True}),
    Reason.COLLECT_PAYMENT: (Check.PAYMENT, {"price_cents": 900, "pay_at_desk": True}),
}


@pytest.mark.parametrize("reason", LOOKED_AT)
def test_23_what_staff_have_to_look_at_first_waits_with_a_reason_of_its_own(
    entrance: Entrance, reason: Reason
) -> None:
    """Nobody is in until they confirm, and nobody comes in without that look."""
    check, offer = LOOKED_AT[reason]
    with_offer(entrance.store, entrance.house, slug="looked-at", number=8, **offer)
    case = entrance.ticket(offer="looked-at")
    asked = entrance.scan(case.barcode)
    assert (asked.verdict, asked.reason, asked.checks) == (Verdict.ATTENTION, reason, (check,))
    assert entrance.row(asked.scan_id).state is ScanState.PENDING
    assert (entrance.moves(case), entrance.inside()) == ([], 0)
    with pytest.raises(Invalid, match="checks"):
        entrance.confirm(asked.scan_id)
    assert entrance.confirm(asked.scan_id, check).reason is Reason.OK
    assert (entrance.moves(case), entrance.inside()) == ([(MoveKind.ENTRY, 1)], 1)


def test_29_the_checks_are_answered_in_a_fixed_order(entrance: Entrance) -> None:
    """Proof, identity, money: whichever are needed, in the answer and in its repeat."""
    every: dict[str, Any] = {"proof": True, "identity": True}
    money: dict[str, Any] = {"price_cents": 900, "pay_at_desk": True}
    with_offer(entrance.store, entrance.house, slug="all", number=8, **every | money)
    request = entrance.request(entrance.ticket(offer="all").barcode)
    for _ in range(2):
        asked = entrance.send(request).answer
        assert asked.checks == (Check.PROOF, Check.IDENTITY, Check.PAYMENT)
        assert asked.reason is Reason.CHECK_PROOF
    paid = entrance.scan(entrance.ticket(offer="all", paid=True).barcode)
    assert paid.checks == (Check.PROOF, Check.IDENTITY)


# ------------------------------------------------------------ in and out
def test_34_in_out_in_is_refused_where_reentry_is_off(entrance: Entrance) -> None:
    """A one-entry ticket without re-entry is used, outside or not."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    entrance.scan(case.barcode, direction=Direction.EXIT)
    assert entrance.scan(case.barcode).reason is Reason.ALREADY_USED
    assert entrance.inside() == 0


def test_36_an_exit_never_uses_up_a_ticket_and_may_repeat(entrance: Entrance) -> None:
    """Out before in, and out twice: each is a row, and the one use is still there."""
    case = entrance.ticket()
    for _ in range(2):
        left = entrance.scan(case.barcode, direction=Direction.EXIT)
        assert (left.verdict, left.reason) == (Verdict.EXIT, Reason.EXIT_UNMATCHED)
        assert left.remaining.uses == 1
    came = entrance.scan(case.barcode)
    assert (came.reason, came.remaining.uses) == (Reason.OK, 0)
    assert len(rows(entrance, "scans")) == 3


@pytest.mark.parametrize("lang", ["de", "en"])
def test_30_the_text_is_in_the_language_asked_for(entrance: Entrance, lang: str) -> None:
    """Also when the same scan is asked for again in another one."""
    case = entrance.ticket()
    entrance.scan(case.barcode)
    request = entrance.request(case.barcode)
    entrance.send(request, lang="en" if lang == "de" else "de")
    said = entrance.send(request, lang=lang).answer.text
    assert ({"de": "Eingang Süd", "en": "South entrance"}[lang]) in said
    assert HOLDER not in said
