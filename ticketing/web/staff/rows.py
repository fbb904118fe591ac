"""Rows that more than one page shows: scans, conflicts, stations, tickets, offers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ticketing.domain.accounts import Station, StationState
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.slots import SlotPlaces
from ticketing.domain.tickets import shown_code
from ticketing.service.cards import said_validity
from ticketing.service.gate.conflicts import ListedConflict
from ticketing.service.gate.records import happened_at
from ticketing.service.gate.scans import SeenScan
from ticketing.service.tickets import ListedTicket, state_of
from ticketing.web.parts import the_parts
from ticketing.web.staff.speaker import TICKET_SHAPES, Speaker
from ticketing.wire.texts import verdict_word

CLOCK_APART_S: Final = 60
"""From there on a station says itself that its clock is wrong."""


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer."""

    slug: str
    name: str
    price: str
    validity: str
    entries: str
    is_active: bool
    has_slots: bool


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket; `state` is a key of the words, `shape` the class of its sign."""

    id: str
    holder: str
    offer: str
    when: str
    party: int
    state: str
    shape: str
    code: str
    issued: str


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One scan."""

    at: str
    gate: str
    verdict: str
    word: str
    reason: str
    offer: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """People inside for whom no ticket accounts; `scans` are times and gates."""

    what: str
    people: int
    scans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot; `free` is 0 where it is full."""

    begins: str
    offer: str
    sold: int
    capacity: int
    free: int


@dataclass(frozen=True, slots=True)
class StationRow:
    """One station; `state` is a text, `shape` the class of its sign."""

    id: str
    name: str
    gate: str
    gate_name: str
    state: str
    shape: str
    seen: str
    notes: tuple[str, ...]


def offer(one: Offer, speaker: Speaker) -> OfferRow:
    """One offer in words."""
    return OfferRow(
        slug=one.slug,
        name=one.name.in_(speaker.lang),
        price=speaker.price(one),
        validity=speaker.validity(one),
        entries=str(one.entries) if one.entries else speaker.say("staff_unlimited"),
        is_active=one.active,
        has_slots=one.validity is Validity.SLOT,
    )


def ticket(listed: ListedTicket, speaker: Speaker) -> TicketRow:
    """One ticket in words."""
    state = state_of(the_parts().house, listed)
    return TicketRow(
        id=listed.ticket.id.hex(),
        holder=listed.ticket.holder,
        offer=listed.offer.name.in_(speaker.lang),
        when=said_validity(listed.ticket, the_parts().house.museum, lang=speaker.lang),
        party=listed.ticket.party,
        state=f"ticket_short_{state.value}",
        shape=TICKET_SHAPES.get(state, "status--idle"),
        code=shown_code(listed.ticket.short_code),
        issued=speaker.moment(listed.ticket.created_at),
    )


def scan(seen: SeenScan, gates: dict[str, str], speaker: Speaker) -> ScanRow:
    """One scan in words; `gates` are names by slug."""
    return ScanRow(
        at=speaker.moment(seen.at),
        gate=gates.get(seen.gate, seen.gate),
        verdict=seen.verdict.value,
        word=verdict_word(seen.verdict, speaker.lang),
        reason=speaker.reason(seen.reason),
        offer=seen.offer_name.in_(speaker.lang) if seen.offer_name else "",
    )


def conflict(listed: ListedConflict, gates: dict[str, str], speaker: Speaker) -> ConflictRow:
    """One conflict with the scans it is about; `gates` are names by slug."""
    scans = (
        f"{speaker.moment(happened_at(one))}, {gates.get(one.gate, one.gate)}"
        for one in listed.scans
    )
    kind = listed.conflict.kind.value
    return ConflictRow(
        speaker.say(f"conflict_{kind}"),
        listed.conflict.people_extra,
        tuple(scans),
    )


def slot(one: SlotPlaces, offers: Mapping[int, Offer], speaker: Speaker) -> SlotRow:
    """One slot in words; `offers` by number."""
    return SlotRow(
        begins=speaker.moment(one.slot.starts_at),
        offer=offers[one.slot.offer].name.in_(speaker.lang),
        sold=one.sold,
        capacity=one.slot.capacity,
        free=max(0, one.slot.capacity - one.sold),
    )


def station(one: Station, speaker: Speaker) -> StationRow:
    """One station with how it is and when it was last heard of."""
    state, shape = _station_state(one, speaker)
    seen = one.last_seen_at
    return StationRow(
        id=one.id,
        name=one.name,
        gate=one.gate,
        gate_name=one.gate_name.in_(speaker.lang),
        state=state,
        shape=shape,
        seen=speaker.say("staff_seen", at=speaker.moment(seen))
        if seen
        else speaker.say("staff_never_seen"),
        notes=tuple(_station_notes(one, speaker)),
    )


def _station_notes(one: Station, speaker: Speaker) -> Iterator[str]:
    """What else is to be known of it: its version, a clock that is wrong, keys it lacks."""
    if one.version:
        yield speaker.say("staff_version", version=one.version)
    apart_s = abs(one.clock_diff_ms or 0) // 1000
    if apart_s >= CLOCK_APART_S:
        yield speaker.say("staff_clock_apart", n=apart_s)
    if one.ring is not None and one.ring != the_parts().house.signer.ring().fingerprint():
        yield speaker.say("staff_old_keys")


def _station_state(one: Station, speaker: Speaker) -> tuple[str, str]:
    match one.state(speaker.now()):
        case StationState.REVOKED:
            return speaker.say("staff_revoked"), "status--bad"
        case StationState.CONNECTED if one.unsent:
            return speaker.say("staff_unsent", n=one.unsent), "status--off"
        case StationState.CONNECTED:
            return speaker.say("staff_connected"), ""
        case StationState.SILENT:
            return speaker.say("staff_away"), "status--idle"
