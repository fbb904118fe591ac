"""Live tickets (format 2) at the service: fresh, stale, printed, copied, forged."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.factories import with_offer
from tests.live import OTHER_PHONE, head_text, live_text
from tests.service.conftest import Entrance
from ticketing.domain.offers import Live
from ticketing.domain.tickets import claims
from ticketing.service import tickets
from ticketing.service.tickets import TicketCase
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.token import Claims
from ticketing.wire.verdict import Check, Direction, Reason, Verdict

ADMITTED = (Verdict.ADMIT, Reason.OK)
NOT_LIVE = (Verdict.ATTENTION, Reason.NOT_LIVE)
FORGED = (Verdict.REFUSE, Reason.FORGED)


class Phones:
    """A house with an offer that asks for live tickets, and the phones that show them."""

    def __init__(self, entrance: Entrance, key: Ed25519PrivateKey) -> None:
        self.entrance = entrance
        self.sign = key.sign
        with_offer(
            entrance.store, entrance.house, slug="pass", number=8, live=Live.REQUIRED, entries=2
        )

    def ticket(self, **order: object) -> TicketCase:
        """A pass that has to be shown on a phone."""
        return self.entrance.ticket(offer="pass", **order)

    def shows(self, ticket: Claims, age_s: int = 4) -> str:
        """What the phone showed so many seconds ago."""
        at = self.entrance.clock.now() - timedelta(seconds=age_s)
        return live_text(ticket, self.sign, at)


@pytest.fixture
def phones(entrance: Entrance, keys: Path) -> Phones:
    """The issuer's own key signs what its page will sign one day."""
    pem = (keys / "key-1.pem").read_bytes()
    private = load_pem_private_key(pem, password=None)
    assert isinstance(private, Ed25519PrivateKey)
    return Phones(entrance, private)


def said(answer: ScanAnswer) -> tuple[Verdict, Reason]:
    """Verdict and reason."""
    return answer.verdict, answer.reason


def test_a_fresh_live_ticket_comes_in_once_for_each_use(phones: Phones) -> None:
    """Its 314 characters change every five seconds, it stays one ticket."""
    ticket, entrance = claims(phones.ticket().ticket), phones.entrance
    first = phones.shows(ticket)
    assert len(first) == 314
    assert said(entrance.scan(first)) == ADMITTED
    entrance.clock.tick(seconds=60)
    later = phones.shows(ticket)
    assert later != first
    assert said(entrance.scan(later)) == ADMITTED
    assert said(entrance.scan(phones.shows(ticket))) == (Verdict.REFUSE, Reason.ALREADY_USED)


@pytest.mark.parametrize(
    ("age_s", "is_fresh"), [(30, True), (-30, True), (31, False), (-31, False)]
)
def test_thirty_seconds_either_way_are_fresh(phones: Phones, age_s: int, is_fresh: bool) -> None:  # noqa: FBT001  a column of the table
    """A screenshot that is older, a phone that is further ahead: staff look, the age is told."""
    answer = phones.entrance.scan(phones.shows(claims(phones.ticket().ticket), age_s))
    assert said(answer) == (ADMITTED if is_fresh else NOT_LIVE)
    if not is_fresh:
        assert answer.checks == (Check.IDENTITY,)
        assert answer.evidence.detail == str(age_s)
        assert answer.evidence.at == phones.entrance.clock.now() - timedelta(seconds=age_s)


def test_the_head_alone_is_let_in_by_staff_who_saw_the_name(phones: Phones) -> None:
    """205 characters: a print, a browser without keys; confirmed with check identity."""
    text = head_text(claims(phones.ticket().ticket), phones.sign)
    assert len(text) == 205
    asked = phones.entrance.scan(text)
    assert (said(asked), asked.checks, asked.evidence.at) == (NOT_LIVE, (Check.IDENTITY,), None)
    assert asked.ticket is not None
    assert said(phones.entrance.confirm(asked.scan_id, Check.IDENTITY)) == ADMITTED


def test_the_head_alone_is_not_let_in_when_staff_decline(phones: Phones) -> None:
    """The pass keeps its uses."""
    ticket = claims(phones.ticket().ticket)
    asked = phones.entrance.scan(head_text(ticket, phones.sign))
    declined = phones.entrance.decline(asked.scan_id)
    assert said(declined) == (Verdict.REFUSE, Reason.DECLINED)
    assert phones.entrance.scan(phones.shows(ticket)).remaining.uses == 1


def test_the_first_ticket_of_a_live_offer_is_no_entrance_by_itself(phones: Phones) -> None:
    """Format 1 with its flag: not live, whoever shows it."""
    assert said(phones.entrance.scan(phones.ticket().barcode)) == NOT_LIVE


def test_a_dead_phone_is_helped_by_its_short_code(phones: Phones) -> None:
    """The desk types eight characters, looks at the name, and confirms."""
    case = phones.ticket()
    asked = phones.entrance.scan(case.ticket.short_code)
    assert (said(asked), asked.checks) == (NOT_LIVE, (Check.IDENTITY,))
    assert said(phones.entrance.confirm(asked.scan_id, Check.IDENTITY)) == ADMITTED


def test_a_live_ticket_may_be_typed_carelessly(phones: Phones) -> None:
    """Lower case and blanks do no harm."""
    text = phones.shows(claims(phones.ticket().ticket)).lower()
    assert said(phones.entrance.scan(f" {text[:100]} {text[100:]}\n")) == ADMITTED


def test_another_phones_signature_is_a_forgery(phones: Phones) -> None:
    """Fresh, of the right form, and not from the phone that the ticket is bound to."""
    ticket, now = claims(phones.ticket().ticket), phones.entrance.clock.now()
    forged = live_text(ticket, phones.sign, now, phone=OTHER_PHONE)
    assert said(phones.entrance.scan(forged)) == FORGED


@pytest.mark.parametrize("at", [10, 100, 206, 300])
def test_one_changed_character_is_a_forgery(phones: Phones, at: int) -> None:
    """In the payload, the issuer's signature, the time, the phone's signature."""
    text = phones.shows(claims(phones.ticket().ticket))
    changed = text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]
    assert said(phones.entrance.scan(changed)) == FORGED


@pytest.mark.parametrize("length", [204, 206, 313])
def test_a_part_of_a_live_ticket_is_malformed(phones: Phones, length: int) -> None:
    """Between head and whole nothing is a ticket."""
    text = phones.shows(claims(phones.ticket().ticket))[:length]
    assert said(phones.entrance.scan(text)) == (Verdict.REFUSE, Reason.MALFORMED)


def test_a_repeat_finds_its_scan_though_the_picture_has_aged(phones: Phones) -> None:
    """The answer got lost; the same id and text bring it again, whatever the clock says."""
    entrance = phones.entrance
    request = entrance.request(phones.shows(claims(phones.ticket().ticket)))
    assert entrance.send(request).created
    entrance.clock.tick(minutes=3)
    again = entrance.send(request)
    assert (again.created, said(again.answer)) == (False, ADMITTED)


def test_a_live_ticket_that_was_fresh_waits_for_its_proof_alone(phones: Phones) -> None:
    """Two minutes over somebody's student card do not make it a screenshot."""
    entrance = phones.entrance
    with_offer(
        entrance.store, entrance.house, slug="young", number=9, live=Live.REQUIRED, proof=True
    )
    ticket = claims(entrance.ticket(offer="young").ticket)
    asked = entrance.scan(phones.shows(ticket))
    assert (asked.reason, asked.checks) == (Reason.CHECK_PROOF, (Check.PROOF,))
    entrance.clock.tick(minutes=2)
    assert said(entrance.confirm(asked.scan_id, Check.PROOF)) == ADMITTED


def test_a_stale_one_waits_for_proof_and_name(phones: Phones) -> None:
    """Both are asked at once, and both must be done."""
    entrance = phones.entrance
    with_offer(
        entrance.store, entrance.house, slug="young", number=9, live=Live.REQUIRED, proof=True
    )
    asked = entrance.scan(phones.shows(claims(entrance.ticket(offer="young").ticket), 60))
    assert (asked.reason, set(asked.checks)) == (Reason.NOT_LIVE, {Check.IDENTITY, Check.PROOF})
    done = entrance.confirm(asked.scan_id, Check.IDENTITY, Check.PROOF)
    assert said(done) == ADMITTED


def test_whoever_leaves_need_not_be_fresh(phones: Phones) -> None:
    """An exit looks at format and signatures alone."""
    ticket = claims(phones.ticket().ticket)
    phones.entrance.scan(phones.shows(ticket))
    left = phones.entrance.scan(phones.shows(ticket, 900), direction=Direction.EXIT)
    assert said(left) == (Verdict.EXIT, Reason.OK_EXIT)


def test_after_a_rebind_the_old_phone_is_superseded(phones: Phones) -> None:
    """A later issue is known: the earlier head is refused, fresh or not."""
    ticket = claims(phones.ticket().ticket)
    entrance = phones.entrance
    with entrance.store.unit() as unit:
        tickets.reissue_ticket(unit, entrance.house, ticket_id=ticket.ticket_id)
    assert said(entrance.scan(phones.shows(ticket))) == (Verdict.REFUSE, Reason.SUPERSEDED)
    assert said(entrance.scan(phones.shows(replace(ticket, issue=1)))) == ADMITTED
