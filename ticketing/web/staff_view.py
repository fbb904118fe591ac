"""The staff page's rows, in words of the language."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketing.domain.accounts import Station, StationState
from ticketing.domain.money import money
from ticketing.domain.museum import Gate
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.opening import Hours
from ticketing.domain.tickets import ShownState, shown_code
from ticketing.service.gate.scans import SeenScan
from ticketing.service.gate.stations import PairingCode
from ticketing.service.tickets import ListedTicket, state_of
from ticketing.web.pages import teller
from ticketing.web.parts import the_parts
from ticketing.web.qr import symbol
from ticketing.web.words import Lang
from ticketing.wire.facts import Evidence
from ticketing.wire.texts import local_date, local_time, render, verdict_word

_SHAPES: Final = {
    ShownState.VALID: "",
    ShownState.UNPAID: " status--off",
    ShownState.BLOCKED: " status--bad",
    ShownState.REVOKED: " status--bad",
}


@dataclass(frozen=True, slots=True)
class DayRow:
    """The head of the page."""

    date: str
    time: str
    hours: str


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer."""

    name: str
    price: str
    validity: str
    entries: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket; `shape` is the class of its sign."""

    holder: str
    offer: str
    when: str
    party: int
    state: str
    shape: str
    code: str


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
class StationRow:
    """One station; `state` is a key of the page's words."""

    id: str
    name: str
    gate: str
    state: str
    shape: str
    seen: str
    can_revoke: bool


@dataclass(frozen=True, slots=True)
class PairingPanel:
    """A fresh pairing code with its QR symbol."""

    code: str
    name: str
    gate: str
    until: str
    path: str
    side: int


@dataclass(frozen=True, slots=True)
class Viewer:
    """Turns what the service knows into rows, in one language, now."""

    lang: Lang

    def day(self, hours: Hours | None) -> DayRow:
        """Date, time, and whether the house is open."""
        now, zone = self._now(), the_parts().house.museum.zone
        return DayRow(
            local_date(now, zone, self.lang), local_time(now, zone), self._hours(hours, now)
        )

    def offer(self, offer: Offer) -> OfferRow:
        """One offer."""
        unlimited = self._say("staff_unlimited")
        return OfferRow(
            name=offer.name.in_(self.lang),
            price=money(offer.price_cents, offer.currency, self.lang),
            validity=self._validity(offer),
            entries=str(offer.entries) if offer.entries else unlimited,
            is_active=offer.active,
        )

    def ticket(self, listed: ListedTicket) -> TicketRow:
        """One ticket."""
        ticket, zone = listed.ticket, the_parts().house.museum.zone
        state = state_of(the_parts().house, listed)
        return TicketRow(
            holder=ticket.holder,
            offer=listed.offer.name.in_(self.lang),
            when=local_date(ticket.valid_from, zone, self.lang),
            party=ticket.party,
            state=state.value,
            shape=_SHAPES.get(state, " status--idle"),
            code=shown_code(ticket.short_code),
        )

    def scan(self, scan: SeenScan, gates: dict[str, str]) -> ScanRow:
        """One scan; `gates` are names by slug."""
        house = the_parts().house
        zone, now = house.museum.zone, self._now()
        text = render(scan.reason, self.lang, Evidence(), zone, now)
        return ScanRow(
            at=self._moment(scan.at),
            gate=gates.get(scan.gate, scan.gate),
            verdict=scan.verdict.value,
            word=verdict_word(scan.verdict, self.lang),
            reason=text.title,
            offer=scan.offer_name.in_(self.lang) if scan.offer_name else "",
        )

    def station(self, station: Station) -> StationRow:
        """One station with when it was last heard of."""
        state, shape = self._station_state(station)
        seen = station.last_seen_at
        return StationRow(
            id=station.id,
            name=station.name,
            gate=station.gate_name.in_(self.lang),
            state=state,
            shape=shape,
            seen=self._say("staff_seen", at=self._moment(seen))
            if seen
            else self._say("staff_never_seen"),
            can_revoke=station.revoked_at is None,
        )

    def pairing(self, code: PairingCode, *, name: str, gate: Gate) -> PairingPanel:
        """The code and its QR symbol: address, code and the fingerprint of the keys."""
        house = the_parts().house
        told = {"u": house.museum.base_url, "c": code.code, "k": house.signer.ring().fingerprint()}
        drawn = symbol(json.dumps(told, separators=(",", ":")))
        until = local_time(code.expires_at, house.museum.zone)
        return PairingPanel(
            code.code, name, gate.name.in_(self.lang), until, drawn.path, drawn.side
        )

    def _now(self) -> datetime:
        return the_parts().house.clock.now()

    def _say(self, key: str, **values: str) -> str:
        return teller(self.lang)(key, **values)

    def _moment(self, at: datetime) -> str:
        """The time, with the date unless it is today."""
        zone = the_parts().house.museum.zone
        day, today = (local_date(when, zone, self.lang) for when in (at, self._now()))
        time = local_time(at, zone)
        return time if day == today else f"{day}, {time}"

    def _hours(self, hours: Hours | None, now: datetime) -> str:
        if hours is None:
            return self._say("staff_shut")
        local = now.astimezone(the_parts().house.museum.zone).time()
        if local < hours.opens:
            return self._say("staff_opens", opens=f"{hours.opens:%H:%M}")
        if local < hours.closes:
            return self._say("staff_open", closes=f"{hours.closes:%H:%M}")
        return self._say("staff_shut")

    def _validity(self, offer: Offer) -> str:
        if offer.validity is not Validity.RANGE or not (offer.valid_from and offer.valid_until):
            return self._say(f"validity_{offer.validity.value}")
        first, last = (
            local_date(d, None, self.lang) for d in (offer.valid_from, offer.valid_until)
        )
        return self._say("validity_range", first=first, last=last)

    def _station_state(self, station: Station) -> tuple[str, str]:
        match station.state(self._now()):
            case StationState.REVOKED:
                return "staff_revoked", " status--bad"
            case StationState.CONNECTED:
                return "staff_connected", ""
            case StationState.SILENT:
                return "staff_away", " status--idle"
