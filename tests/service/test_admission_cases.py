"""The one file of admission cases, asked of the service on both engines."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, update

from tests.factories import a_museum, an_offer, with_station
from tests.fakes import SeededChance
from tests.service.conftest import Entrance
from tests.wire.cases import AdmissionCase, load_cases
from ticketing.domain.museum import local_day
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.opening import Calendar
from ticketing.domain.slots import Slot
from ticketing.domain.tickets import Ticket
from ticketing.store import counters, offers, schema, slots, tickets
from ticketing.wire.admission import Known, OfferRule, Window, decide
from ticketing.wire.codec import to_base32hex
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.token import CONTEXT_TICKET, Claims, Token, signed_bytes
from ticketing.wire.verdict import Basis, Verdict


def _is_for_the_service(case: AdmissionCase) -> bool:
    """Online, and without live tickets: nothing makes one yet."""
    is_live = isinstance(case.token, Token) and case.token.live is not None
    return case.gate.basis is Basis.ONLINE and not is_live and _is_asked_for(case)


def _is_asked_for(case: AdmissionCase) -> bool:
    """Checks are done after a question, all of them: `test_attention.py` has the rest."""
    if not case.gate.done:
        return True
    asked = decide(case.token, case.known, case.now, replace(case.gate, done=frozenset()))
    return asked.verdict is Verdict.ATTENTION and case.gate.done.issuperset(asked.checks)


CASES = [case for case in load_cases() if _is_for_the_service(case)]
SLOT, CAPACITY = "sl_0123456789abcdef", 20
INSIDE = 50
"""People in the house that belong to other tickets."""
KEY = Ed25519PrivateKey.from_private_bytes(SeededChance("cases").draw(32))


class OneKey:
    """A signer of key 1, in whatever state a case wants it."""

    def __init__(self, state: KeyState) -> None:
        self._public = PublicKey(KeyId(1), state, KEY.public_key().public_bytes_raw())

    @property
    def key_id(self) -> KeyId:
        """Key 1."""
        return KeyId(1)

    def ring(self) -> KeyRing:
        """That key alone."""
        return KeyRing((self._public,))

    def holds(self, key: PublicKey, value: bytes, signature: bytes) -> bool:
        """As a gate would judge."""
        return key.holds(value, signature)

    def barcode(self, claims: Claims) -> Token:
        """The signed ticket."""
        return Token(claims, signed_bytes(claims), self._public.state)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_service_gives_the_verdict_of_the_case(
    bare_entrance: Entrance, case: AdmissionCase
) -> None:
    """Ticket and moves in the store, the barcode scanned: verdict and reason agree."""
    entrance = _prepared(bare_entrance, case)
    _store(entrance, case)
    direction, people = case.gate.direction, case.gate.people
    answer = entrance.scan(_barcode(case), direction=direction, people=people)
    if case.gate.done:
        answer = entrance.confirm(answer.scan_id, *case.gate.done)
    assert (answer.verdict, answer.reason) == (case.verdict, case.reason)
    if "left" in case.raw:
        assert [answer.remaining.uses, answer.remaining.people] == case.raw["left"]


def test_enough_cases_reach_the_service() -> None:
    """More than three quarters of the file, a third of them refusals."""
    assert len(CASES) >= 140
    assert len(CASES) * 4 >= len(load_cases()) * 3
    assert sum(case.verdict is Verdict.REFUSE for case in CASES) * 3 >= len(CASES)


def _prepared(entrance: Entrance, case: AdmissionCase) -> Entrance:
    state = case.token.key_state if isinstance(case.token, Token) else KeyState.ACTIVE
    museum = a_museum(zone=case.gate.zone)
    if case.raw.get("gate", {}).get("closed"):
        museum = replace(museum, hours=Calendar(weekly=(None,) * 7))
    if case.gate.room is not None and _slot(case) is None:
        museum = replace(museum, capacity=INSIDE + case.gate.room)
    entrance.house = replace(entrance.house, signer=OneKey(state), museum=museum)
    entrance.station = replace(entrance.station, gate="north")
    entrance.clock.at = case.now
    _surround(entrance, case)
    return entrance


def _barcode(case: AdmissionCase) -> str:
    claims = case.token.claims
    kind = case.raw.get("barcode", "good")
    if kind == "future":
        return "0C" + "0" * 160
    if claims is None:
        return "04" + "0" * 60
    payload = claims.payload()
    if kind == "later_flag":
        payload = payload[:31] + bytes([payload[31] | 128])
    elif kind == "unknown_key":
        payload = payload[:1] + b"\x63" + payload[2:]
    signature = bytearray(KEY.sign(CONTEXT_TICKET + payload))
    if kind == "forged":
        signature[0] ^= 1
    return to_base32hex(payload + bytes(signature))


def _is_bound(case: AdmissionCase) -> bool:
    """Whether the offer is bound to the opening calendar."""
    gate = case.raw.get("gate", {})
    return bool(gate.get("closed") or gate.get("calendar"))


def _slot(case: AdmissionCase) -> Window | None:
    return None if case.known is None else case.known.slot


def _surround(entrance: Entrance, case: AdmissionCase) -> None:
    """Other people inside, and another station that has not told everything."""
    day = local_day(case.now, case.gate.zone)
    with entrance.store.unit() as unit:
        unit.begin()
        counters.add(unit, counters.inside_name(day), INSIDE)
        if case.gate.room is not None:
            counters.add(unit, slots.came_name(SLOT), CAPACITY - case.gate.room)
        unit.commit()
    if case.gate.unsent_elsewhere:
        other = with_station(entrance.store, entrance.house, gate="nord", name="Nebentor")
        stations = schema.stations
        with entrance.store.unit() as unit:
            unit.begin()
            unit.run(update(stations).where(stations.c.id == other.id).values(unsent=1))
            unit.commit()


def _store(entrance: Entrance, case: AdmissionCase) -> None:
    known, claims = case.known, case.token.claims
    if known is None or not known.registered or claims is None:
        return
    window = known.slot
    offer = _with_tolerance(
        _offer(known.offer, number=claims.offer, calendar=_is_bound(case)), window
    )
    rows = [
        {
            "ticket_id": claims.ticket_id,
            "move_no": move.no,
            "scan_id": move.scan_id,
            "kind": move.kind,
            "people": move.people,
            "at": move.at,
            "gate": move.gate,
        }
        for move in case.moves
    ]
    with entrance.store.unit() as unit:
        unit.begin()
        offers.add(unit, offer, at=case.now)
        if window is not None:
            slots.add(unit, (_slot_row(window, offer.number),), at=case.now)
        tickets.add(unit, (_ticket(known, claims),))
        if rows:
            unit.run(insert(schema.moves), rows)
        unit.commit()


def _offer(rule: OfferRule | None, *, number: int, calendar: bool) -> Offer:
    plain = rule or OfferRule()
    return an_offer(
        number=number,
        party_max=255,
        price_cents=900 if plain.pay_at_desk else 0,
        pay_at_desk=plain.pay_at_desk,
        per_day=plain.per_day,
        reentry=plain.reentry,
        gates=None if plain.gates is None else tuple(sorted(plain.gates)),
        calendar=calendar,
    )


def _with_tolerance(offer: Offer, window: Window | None) -> Offer:
    if window is None:
        return offer
    minute = timedelta(minutes=1)
    return replace(
        offer,
        validity=Validity.SLOT,
        early_min=window.early // minute,
        late_min=window.late // minute,
    )


def _slot_row(window: Window, offer: int) -> Slot:
    return Slot(
        id=SLOT,
        offer=offer,
        starts_at=window.start_at,
        ends_at=window.end_at,
        capacity=CAPACITY,
    )


def _ticket(known: Known, claims: Claims) -> Ticket:
    return Ticket(
        id=claims.ticket_id,
        short_code="00000000",
        offer=claims.offer,
        key_id=claims.key_id,
        issue=claims.issue if known.issue is None else known.issue,
        holder="Ada",
        party=known.party or claims.party,
        entries=claims.entries if known.entries is None else known.entries,
        flags=claims.flags,
        valid_from=known.not_before or claims.not_before,
        valid_until=known.not_after or claims.not_after,
        state=known.state,
        created_at=claims.not_before,
        issued_at=claims.not_before,
        state_at=claims.not_before,
        slot=None if known.slot is None else SLOT,
    )
