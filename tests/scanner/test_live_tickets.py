"""Live tickets (format 2) at the station: what it decides by itself, and what it reads."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.events import Ask, ClockJudged, ScanEntry, Switch
from scanner.sight import decode_file
from tests.live import OTHER_PHONE, head_text, live_text
from tests.scanner.frames import bgr, code, packed, paper
from tests.scanner.station_kit import ISSUER, NOON, Desk, a_ticket, kinds
from ticketing.wire.journal import Action
from ticketing.wire.keys import KeyId
from ticketing.wire.token import Claims, Flag, TicketId
from ticketing.wire.verdict import Check, Direction, Reason, Verdict

ADMITTED = (Verdict.ADMIT, Reason.OK)
NOT_LIVE = (Verdict.ATTENTION, Reason.NOT_LIVE)
FORGED = (Verdict.REFUSE, Reason.FORGED)
WAITS = (Verdict.ATTENTION, Reason.NEEDS_SERVICE)
TICKET = Claims(
    key_id=KeyId(1),
    ticket_id=TicketId(bytes(14) + b"\x07"),
    issue=0,
    offer=7,
    not_before=NOON.replace(hour=0, minute=0),
    not_after=NOON.replace(hour=22, minute=0),
    entries=1,
    party=1,
    flags=Flag.LIVE_REQUIRED,
)


def shows(desk: Desk, age_s: int = 4, claims: Claims = TICKET) -> str:
    """What the phone showed so many seconds ago."""
    return live_text(claims, ISSUER.sign, desk.at - timedelta(seconds=age_s))


def test_a_fresh_live_ticket_comes_in_without_the_service() -> None:
    """Public keys and a clock are all the gate needs."""
    desk = Desk.offline()
    desk.see(shows(desk))
    assert desk.shown == ADMITTED


def test_the_phones_next_picture_is_the_same_visitor() -> None:
    """The code changes every five seconds; held still it is one scan, not a second one."""
    desk = Desk.offline()
    for _ in range(4):
        desk.see(shows(desk), after_ms=1_000)
    scans = [entry for entry in desk.records if isinstance(entry, ScanEntry)]
    assert (desk.shown, len(scans)) == (ADMITTED, 1)


def test_a_copy_on_a_second_phone_is_used_already() -> None:
    """Fresh, but the ticket has been in."""
    desk = Desk.offline()
    desk.see(shows(desk))
    desk.wait(60_000)
    desk.see(shows(desk))
    assert desk.shown == (Verdict.REFUSE, Reason.ALREADY_USED)


@pytest.mark.parametrize("age_s", [30, -30])
def test_thirty_seconds_are_fresh(age_s: int) -> None:
    """Either way."""
    desk = Desk.offline()
    desk.see(shows(desk, age_s))
    assert desk.shown == ADMITTED


@pytest.mark.parametrize("age_s", [31, 86_400, -31, -3_600])
def test_a_screenshot_and_a_wrong_phone_clock_are_shown_to_staff(age_s: int) -> None:
    """Not refused, not let in: staff see the age and look at the name."""
    desk = Desk.offline()
    desk.see(shows(desk, age_s))
    result = desk.gate.screen.result
    assert result is not None
    assert (desk.shown, result.checks) == (NOT_LIVE, (Check.IDENTITY,))
    assert result.evidence.detail == str(age_s)


@pytest.mark.parametrize(
    "text", [head_text(TICKET, ISSUER.sign), a_ticket(7, flags=Flag.LIVE_REQUIRED)]
)
def test_a_print_is_confirmed_with_the_name(text: str) -> None:
    """The head of 205 characters, and the first ticket of a live offer."""
    desk = Desk.offline()
    desk.see(text)
    assert desk.shown == NOT_LIVE
    desk.settle(Action.CONFIRM)
    assert desk.shown == ADMITTED


def test_a_declined_print_stays_unused() -> None:
    """The phone, found again, opens the door."""
    desk = Desk.offline()
    desk.see(head_text(TICKET, ISSUER.sign))
    desk.settle(Action.DECLINE)
    assert desk.shown == (Verdict.REFUSE, Reason.DECLINED)
    desk.wait(60_000)
    desk.see(shows(desk))
    assert desk.shown == ADMITTED


def test_a_fresh_one_waits_for_its_proof_alone() -> None:
    """Two minutes over somebody's student card do not make it a screenshot."""
    desk = Desk.offline()
    desk.see(shows(desk, claims=replace(TICKET, flags=Flag.PROOF)))
    assert desk.shown == (Verdict.ATTENTION, Reason.CHECK_PROOF)
    desk.wait(120_000)
    desk.settle(Action.CONFIRM)
    assert desk.shown == ADMITTED


def test_a_wrong_clock_cannot_tell_fresh_from_stale() -> None:
    """It waits for the service, which has a clock; nobody can confirm that."""
    desk = Desk.offline()
    desk.do(ClockJudged(ok=False))
    desk.see(shows(desk))
    assert desk.shown == WAITS
    desk.settle(Action.CONFIRM)
    assert desk.shown == WAITS


def test_another_phones_signature_is_a_forgery() -> None:
    """Of the right form and time, and not from the phone that the ticket is bound to."""
    desk = Desk.offline()
    desk.see(live_text(TICKET, ISSUER.sign, desk.at, phone=OTHER_PHONE))
    assert desk.shown == FORGED


@pytest.mark.parametrize("at", [10, 100, 206, 300])
def test_one_changed_character_is_a_forgery(at: int) -> None:
    """In the payload, the issuer's signature, the time, the phone's signature."""
    desk = Desk.offline()
    text = shows(desk)
    desk.see(text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :])
    assert desk.shown == FORGED


@pytest.mark.parametrize("length", [204, 206, 313])
def test_a_part_of_a_live_ticket_is_malformed(length: int) -> None:
    """Between head and whole nothing is a ticket."""
    desk = Desk.offline()
    desk.see(shows(desk)[:length])
    assert desk.shown == (Verdict.REFUSE, Reason.MALFORMED)


def test_a_hand_scanner_types_all_of_it() -> None:
    """In lower case, with a blank: three seconds at ten milliseconds each."""
    desk = Desk.offline()
    text = shows(desk).lower()
    desk.type(f"{text[:200]} {text[200:]}", after_ms=3_000)
    assert desk.shown == ADMITTED


def test_whoever_leaves_need_not_be_fresh() -> None:
    """An exit looks at format and signatures alone."""
    desk = Desk.offline()
    desk.see(shows(desk))
    desk.wait(60_000)
    desk.do(Switch(Direction.EXIT))
    desk.see(shows(desk, 600))
    assert desk.shown == (Verdict.EXIT, Reason.OK_EXIT)


def test_online_the_service_is_asked_with_all_of_it() -> None:
    """The 314 characters travel as they were read: the service judges the proof again."""
    desk = Desk()
    text = shows(desk)
    assert kinds(desk.see(text)) == [Ask]
    [asked] = desk.asked
    assert isinstance(asked, Ask)
    assert asked.text == text


def test_the_picture_of_a_live_ticket_is_read(tmp_path: Path) -> None:
    """QR version 9, level L, 53 modules: the whole text."""
    text = shows(Desk())
    path = tmp_path / "phone.png"
    path.write_bytes(packed(bgr(paper(code(text, scale=6, level="L"))), ".png"))
    assert decode_file(str(path)).texts == (text,)
