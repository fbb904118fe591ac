"""One visitor: what is kept of them, shown and erased; in the service room."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketing.domain.audit import HIDDEN
from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import Batch
from ticketing.domain.consent import Action, Purpose
from ticketing.domain.events import of_erasure
from ticketing.domain.ids import VisitorId
from ticketing.domain.mails import Mail
from ticketing.domain.retention import CHUNK, next_size
from ticketing.service import audit, consent
from ticketing.service.audit import Action as Deed
from ticketing.service.audit import Thing
from ticketing.service.errors import NotFound
from ticketing.service.ports import House, Units
from ticketing.service.telling import tell
from ticketing.service.tickets import ListedTicket, state_of, with_histories
from ticketing.store import codes, consents, mails, redemptions, retention
from ticketing.store import people as rows
from ticketing.store import tickets as ticket_rows
from ticketing.store.codes import Found
from ticketing.store.people import Person, Reach, Saying
from ticketing.store.redemptions import Redemption
from ticketing.store.unit import Unit

__all__ = ["Erased", "Person", "Profile", "Reach", "Record", "Saying"]

_TOLD = 10_000
"""Of tickets, codes and redemptions."""
_WHOSE = Thing("visitor", HIDDEN)
"""The log is never erased, so it does not say whose data they were."""
_ROWS_EACH = 3
"""A message may have a delivery and an errand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who a visitor is to the museum, without a word that was said."""

    person: Person
    reaches: tuple[Reach, ...]
    consents: Mapping[Purpose, Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is kept of a visitor (Art. 15 GDPR); `declarations` are the ledger's fields.

    `codes` are bound to the visitor, `redemptions` those of which it is known who used them,
    `mails` went out with a ticket; their addresses are kept only until they are sent.
    """

    profile: Profile
    sayings: tuple[Saying, ...]
    declarations: tuple[dict[str, Any], ...]
    tickets: tuple[ListedTicket, ...]
    codes: tuple[Found, ...]
    redemptions: tuple[tuple[Redemption, Batch], ...]
    mails: tuple[Mail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many rows are gone; of tickets, codes, redemptions and declarations the person is."""

    messages: int = 0
    tickets: int = 0
    codes: int = 0
    redemptions: int = 0
    declarations: int = 0
    identities: int = 0


def get_visitor(unit: Unit, *, visitor: VisitorId) -> Profile:
    """Who a visitor is.

    Raises:
        NotFound: `visitor`.
    """
    person = rows.find(unit, visitor)
    if person is None:
        raise NotFound("visitor")
    return Profile(
        person=person,
        reaches=rows.reaches(unit, visitor),
        consents=consent.current(unit, visitor=visitor),
    )


def export(unit: Unit, house: House, *, visitor: VisitorId) -> Record:
    """All that is kept of a visitor; that it was taken out is noted.

    Raises:
        NotFound: `visitor`.
    """
    profile = get_visitor(unit, visitor=visitor)
    found = ticket_rows.of_visitor(unit, visitor, limit=_TOLD)
    record = Record(
        profile=profile,
        sayings=rows.sayings(unit, visitor),
        declarations=rows.declarations(unit, visitor),
        tickets=with_histories(unit, found),
        codes=codes.of_visitor(unit, visitor, limit=_TOLD),
        redemptions=redemptions.of_visitor(unit, visitor, limit=_TOLD),
        mails=mails.of_visitor(unit, visitor, limit=_TOLD),
    )
    unit.begin()  # not before: reading much would keep a gate waiting
    audit.note(unit, house, action=Deed.VISITOR_EXPORTED, object=_WHOSE)
    unit.commit()
    return record


def erase(store: Units, house: House, *, visitor: VisitorId) -> Erased:
    """Erase a visitor for good: messages, addresses, answers, the name on tickets.

    Tickets and codes stay good, of nobody; the ledger still verifies. In small transactions,
    so that no gate waits; begun and not ended, it is begun again.

    Raises:
        NotFound: `visitor`.
    """
    with store.unit() as unit:
        get_visitor(unit, visitor=visitor)
        messages = _swept(
            unit, house, lambda most: rows.drop_messages(unit, visitor, limit=most // _ROWS_EACH)
        )
        tickets = _swept(unit, house, lambda most: rows.scrub_tickets(unit, visitor, limit=most))
        freed = _swept(unit, house, lambda most: codes.free(unit, visitor, limit=most))
        used = _swept(unit, house, lambda most: redemptions.forget(unit, visitor, limit=most))
        unit.begin()
        if not rows.hold(unit, visitor):  # somebody else was faster
            raise NotFound("visitor")
        messages += rows.drop_messages(unit, visitor, limit=CHUNK)  # said meanwhile
        tickets += rows.scrub_tickets(unit, visitor, limit=CHUNK)
        freed += codes.free(unit, visitor, limit=CHUNK)
        used += redemptions.forget(unit, visitor, limit=CHUNK)
        declarations = consents.forget(unit, visitor)
        identities = rows.drop(unit, visitor)
        tell(unit, house, of_erasure(visitor.hex(), house.clock.now()))
        audit.note(unit, house, action=Deed.VISITOR_ERASED, object=_WHOSE)
        unit.commit()
        retention.empty_log(unit)
    return Erased(
        messages=messages,
        tickets=tickets,
        codes=freed,
        redemptions=used,
        declarations=declarations,
        identities=identities,
    )


# ------------------------------------------------------------ as JSON, for programs and commands
def profile_json(profile: Profile) -> dict[str, Any]:
    """A profile as plain values; ids are hex."""
    return {
        "id": profile.person.id.hex(),
        "lang": profile.person.lang.value,
        "created_at": profile.person.created_at.isoformat(),
        "identities": [_reach_json(one) for one in profile.reaches],
        "consents": {purpose.value: action.value for purpose, action in profile.consents.items()},
    }


def record_json(house: House, record: Record) -> dict[str, Any]:
    """A whole record as plain values; addresses are hex of their bytes."""
    return {
        **profile_json(record.profile),
        "addresses": [
            _reach_json(one) | {"address": one.address.hex()} for one in record.profile.reaches
        ],
        "messages": [
            {
                "conversation": said.conversation.hex(),
                "direction": said.direction,
                "kind": said.kind,
                "at": said.at.isoformat(),
                "content": said.content,
            }
            for said in record.sayings
        ],
        "declarations": list(record.declarations),
        "tickets": [_ticket_json(house, one) for one in record.tickets],
        "codes": [_code_json(one) for one in record.codes],
        "redemptions": [_redemption_json(*one) for one in record.redemptions],
        "mails": [_mail_json(one) for one in record.mails],
    }


def _reach_json(one: Reach) -> dict[str, Any]:
    return {
        "id": one.identity.hex(),
        "channel": one.channel,
        "account": one.account,
        "created_at": one.created_at.isoformat(),
        "last_event_at": one.updated_at.isoformat(),
    }


def _ticket_json(house: House, listed: ListedTicket) -> dict[str, Any]:
    ticket, zone = listed.ticket, house.museum.zone
    return {
        "id": ticket.id.hex(),
        "offer": listed.offer.slug,
        "holder": ticket.holder,
        "party": ticket.party,
        "valid_from": ticket.valid_from.astimezone(zone).isoformat(),
        "valid_until": ticket.valid_until.astimezone(zone).isoformat(),
        "state": state_of(house, listed).value,
        "reference": ticket.reference,
        "moves": [
            {
                "kind": move.kind.value,
                "people": move.people,
                "at": move.at.isoformat(),
                "gate": move.gate,
            }
            for move in listed.moves
        ],
    }


def _code_json(found: Found) -> dict[str, Any]:
    code, batch = found.code, found.batch
    return {
        "code": text_of(batch.prefix, code.bits),
        "batch": batch.name,
        "uses": code.uses,
        "sent_at": _iso(code.sent_at),
        "delivered_at": _iso(code.delivered_at),
    }


def _redemption_json(one: Redemption, batch: Batch) -> dict[str, Any]:
    return {
        "code": text_of(batch.prefix, one.code),
        "batch": batch.name,
        "at": one.at.isoformat(),
        "gate": one.gate,
        "amount_cents": one.amount_cents,
        "off_cents": one.off_cents,
        "released_at": _iso(one.released_at),
    }


def _mail_json(one: Mail) -> dict[str, Any]:
    return {
        "ticket": one.ticket.hex(),
        "lang": one.lang.value,
        "state": one.state.value,
        "created_at": one.created_at.isoformat(),
        "settled_at": _iso(one.settled_at),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


# ------------------------------------------------------------ parts of the above
def _swept(unit: Unit, house: House, erase_some: Callable[[int], int]) -> int:
    """Chunk after chunk until nothing is left."""
    total, size = 0, _ROWS_EACH
    while True:
        unit.begin()
        began_at = house.clock.now()
        gone = erase_some(size)
        unit.commit()
        if not gone:
            return total
        total += gone
        size = max(_ROWS_EACH, next_size(size, house.clock.now() - began_at, CHUNK))
