"""Tickets by e-mail: an address is used for one errand and kept by nobody; in the service room.

The address is sealed as long as the mail is on its way, and gone with its end, good or bad.
Neither the audit nor any log has it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ticketing.domain.delivery import LEASE, TRIES_MAX, DeliveryState, Settlement, again
from ticketing.domain.mails import Mail, MailReason, find_address
from ticketing.domain.tickets import shown_code
from ticketing.domain.visitors import Lang
from ticketing.service import audit, vault
from ticketing.service.audit import Action, Thing
from ticketing.service.cards import card_facts, said_validity
from ticketing.service.cases import TicketCase, get_ticket
from ticketing.service.channels import Permanent, Retry, Sent
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.letters import Letter, MailOutcome
from ticketing.service.ports import House, LinkKind, Wording
from ticketing.store import mails as rows
from ticketing.store import moves
from ticketing.store.mails import Errand, MailLease
from ticketing.store.unit import Unit
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState

__all__ = ["Mail", "MailLease", "MailOrder", "claim", "is_due", "letter_of", "post", "settle"]
CHANNEL: Final = "mail"
SHOWN: Final = 10
_KEY_BYTES: Final = 16
_VOID: Final = frozenset({TicketState.REVOKED, TicketState.BLOCKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOrder:
    """A ticket for an address, in the language of whoever gets it."""

    ticket: TicketId
    address: str = field(repr=False)
    lang: Lang


def post(unit: Unit, house: House, *, order: MailOrder) -> bool:
    """Queue a mail; False if this ticket is on its way to that address already.

    Raises:
        NotFound: `ticket`.
        Invalid: `address` that is not one e-mail address.
        Conflict: `no_mail` for a house without a mail server; `ticket_revoked`,
            `ticket_blocked`.
    """
    if not house.can_mail:
        raise Conflict("no_mail")
    state = get_ticket(unit, house, ticket_id=order.ticket).ticket.state
    if state in _VOID:
        raise Conflict(f"ticket_{state.value}")
    address = find_address(order.address)
    if address is None:
        raise Invalid(FieldError("address", "no_address"))
    key = house.chance.draw(_KEY_BYTES).hex()
    box = vault.seal(house, address.encode(), owner=_owner(key))
    unit.begin()
    moves.hold(unit, order.ticket)  # of two presses of one button the second sees the first's
    if any(_address(house, one) == address for one in rows.pending(unit, order.ticket)):
        unit.rollback()
        return False
    errand = Errand(key=key, ticket=order.ticket, lang=order.lang, address=box)
    rows.add(unit, errand, at=house.clock.now())
    thing = Thing("ticket", order.ticket.hex())
    audit.note(unit, house, action=Action.TICKET_SENT, object=thing, after={"to": CHANNEL})
    unit.commit()
    return True


def of_ticket(unit: Unit, *, ticket_id: TicketId) -> tuple[Mail, ...]:
    """The newest mails of a ticket."""
    return rows.of_ticket(unit, ticket_id, limit=SHOWN)


def is_due(unit: Unit, house: House) -> bool:
    """Whether there is anything to send; takes no lock."""
    return rows.is_due(unit, house.clock.now())


def claim(unit: Unit, house: House) -> MailLease | None:
    """Lease a mail for a minute; one that no worker survived is given up."""
    unit.begin()
    now = house.clock.now()
    lease = rows.claim(unit, now, until=now + LEASE)
    while lease is not None and lease.tries > TRIES_MAX:
        gave_up = Settlement(DeliveryState.FAILED, MailReason.GAVE_UP.value)
        rows.settle(unit, lease, gave_up, at=now)
        lease = rows.claim(unit, now, until=now + LEASE)
    unit.commit()
    return lease


def letter_of(unit: Unit, house: House, *, lease: MailLease, words: Wording) -> Letter | MailReason:
    """What is to be said, with the facts of the picture; or why nothing is."""
    errand = lease.errand
    try:
        case = get_ticket(unit, house, ticket_id=errand.ticket)
    except NotFound:
        return MailReason.TICKET_VOID
    if case.ticket.state in _VOID:
        return MailReason.TICKET_VOID
    address = _address(house, errand)
    if address is None:
        return MailReason.UNREADABLE
    facts = card_facts(case, house.museum, lang=errand.lang.value)
    say = _sayer(words, errand.lang)
    museum = house.museum
    token = house.links.make(LinkKind.TICKET, errand.ticket)
    return Letter(
        key=errand.key,
        to=address,
        lang=errand.lang.value,
        sender=museum.name,
        subject=say("subject", museum=museum.name),
        greeting=say("greeting"),
        lines=(
            say("ticket", offer=facts.offer, when=_when(case, house, errand.lang)),
            say("show", code=shown_code(case.ticket.short_code)),
        ),
        link=f"{museum.base_url}/t/{token}?lang={errand.lang.value}",
        link_text=say("link"),
        picture_text=say("picture", code=shown_code(case.ticket.short_code)),
        foot=(say("address"), ", ".join((museum.name, *museum.address))),
        card=facts,
    )


def settle(
    unit: Unit, house: House, *, lease: MailLease, outcome: MailOutcome | MailReason
) -> bool:
    """Store what became of a mail; False if the lease is not the newest any more."""
    unit.begin()
    is_stored = rows.settle(unit, lease, _settlement(house, lease, outcome), at=house.clock.now())
    unit.commit()
    return is_stored


# ------------------------------------------------------------ parts of the above
def _settlement(house: House, lease: MailLease, outcome: MailOutcome | MailReason) -> Settlement:
    match outcome:
        case Sent():
            return Settlement(DeliveryState.SENT)
        case Retry():
            return again(outcome.after, lease.tries, house.clock.now())
        case Permanent():
            return Settlement(DeliveryState.FAILED, outcome.reason)
        case MailReason():
            return Settlement(DeliveryState.SKIPPED, outcome.value)


def _owner(key: str) -> str:
    return f"mail {key}"


def _address(house: House, errand: Errand) -> str | None:
    plain = vault.unseal(house, errand.address, owner=_owner(errand.key))
    return None if plain is None else plain.decode()


def _when(case: TicketCase, house: House, lang: Lang) -> str:
    return said_validity(case.ticket, house.museum, lang=lang.value, slot=case.slot)


def _sayer(words: Wording, lang: Lang) -> Callable[..., str]:
    def say(key: str, **values: str) -> str:
        return words.say(key, lang.value, **values)

    return say
