"""A ticket by e-mail, from whatever page: the form, and what has become of the mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ticketing.domain.delivery import PENDING, DeliveryState
from ticketing.domain.mails import ADDRESS_LIMIT
from ticketing.domain.visitors import Lang
from ticketing.service import mails
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.mails import Mail, MailOrder
from ticketing.web.parts import the_parts
from ticketing.web.staff.forms import Form, blank
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.token import TicketId

_SHAPES: Final = {DeliveryState.SENT: "", DeliveryState.FAILED: "status--bad"}


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail; `what` is how it stands, `why` what stopped it, "" if nothing did."""

    at: str
    what: str
    shape: str
    why: str
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class MailBox:
    """The form, None where none is offered, and the mails so far, newest first."""

    form: Form | None
    rows: tuple[MailRow, ...]
    langs: tuple[tuple[str, str], ...] = ()


def box_of(
    ticket: TicketId, speaker: Speaker, *, may_send: bool, form: Form | None = None
) -> MailBox:
    """What a page shows of the mails of a ticket; `form` is one that was sent and refused."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = mails.of_ticket(unit, ticket_id=ticket)
    rows = rows_of(found, speaker)
    if form is None and not (may_send and parts.house.can_mail):
        return MailBox(None, rows)
    langs = tuple((lang.value, speaker.say(f"mail_lang_{lang.value}")) for lang in Lang)
    return MailBox(form or blank(speaker, lang=speaker.lang), rows, langs)


def rows_of(found: Sequence[Mail], speaker: Speaker) -> tuple[MailRow, ...]:
    """Mails in words."""
    return tuple(_row(one, speaker) for one in found)


def send(form: Form, ticket: TicketId) -> str:
    """Send the ticket to the address of a form; the key of what to say, "" if it was refused."""
    address = form.text("address", most=ADDRESS_LIMIT)
    lang = form.choice("lang", Lang)
    if form.problems or lang is None:
        return ""
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            order = MailOrder(ticket=ticket, address=address, lang=lang)
            is_new = mails.post(unit, parts.house, order=order)
    except Invalid as refusal:
        form.take(refusal)
        return ""
    except Conflict as refusal:
        form.problem("address", f"refused_{refusal.reason}")
        return ""
    return "mail_on_its_way" if is_new else "mail_on_its_way_already"


def _row(one: Mail, speaker: Speaker) -> MailRow:
    is_waiting = one.state in PENDING
    key = "mail_state_waiting" if is_waiting else f"mail_state_{one.state.value}"
    shape = "status--off" if is_waiting else _SHAPES.get(one.state, "status--idle")
    if is_waiting and one.reason:
        key = "mail_state_again"
    why = "" if is_waiting or not one.reason else speaker.say(f"mail_why_{one.reason}")
    at = speaker.moment(one.settled_at or one.created_at)
    return MailRow(at, speaker.say(key), shape, why, is_waiting)
