"""One ticket in words: its facts, its history, and what may be done with it now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ticketing.domain.accounts import Right
from ticketing.domain.payments import Flow, PaymentKind
from ticketing.domain.tickets import ShownState, is_of_many, mark, shown_code
from ticketing.domain.visitors import short_reference
from ticketing.service.audit import Action, ActorKind, Entry
from ticketing.service.gate.records import MARKED, RETRACTED
from ticketing.service.mails import CHANNEL
from ticketing.service.past import Past, PastScan
from ticketing.service.takings import Payment
from ticketing.service.tickets import state_of
from ticketing.web.cards import validity_of
from ticketing.web.parts import the_parts
from ticketing.web.staff.speaker import TICKET_SHAPES, Speaker
from ticketing.wire.facts import Evidence
from ticketing.wire.texts import render, verdict_word
from ticketing.wire.verdict import TicketState

May = Callable[[Right], bool]
_VOID = frozenset({ShownState.REVOKED, ShownState.BLOCKED})
_DONE = {
    Action.TICKET_ISSUED: "ticket_was_issued",
    Action.TICKET_PAID: "ticket_was_paid",
    Action.TICKET_REFUNDED: "ticket_was_refunded",
    Action.TICKET_REISSUED: "ticket_was_reissued",
    Action.TICKET_REVOKED: "ticket_was_revoked",
    Action.TICKET_BLOCKED: "ticket_was_blocked",
    Action.TICKET_UNBLOCKED: "ticket_was_unblocked",
    Action.TICKET_SENT: "ticket_was_sent",
    Action.TICKET_CHANGED: "ticket_was_renamed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One line of the history; `verdict` and `word` are of a scan.

    `scan` is its id if something may be done about it: `can_annul`, `can_override`.
    """

    moment: datetime
    at: str
    what: str
    where: str
    who: str
    why: str = ""
    verdict: str = ""
    word: str = ""
    scan: str = ""
    can_annul: bool = False
    can_override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """All that the page shows; `seen` is the mark that its forms carry, `can` what is offered.

    `visitor` is the id of whose it is in a chat, `called` what people call them; "" of nobody.
    """

    holder: str
    offer: str
    when: str
    state: str
    shape: str
    is_void: bool
    why: str
    party: int
    entries: str
    code: str
    reference: str
    issued: str
    issue: int
    money: tuple[str, ...]
    price: str
    has_chat: bool
    visitor: str
    called: str
    seen: str
    can: frozenset[str]
    history: tuple[Happened, ...]


def view_of(past: Past, speaker: Speaker, may: May) -> TicketView:
    """A ticket for the page of somebody with these rights."""
    case = past.case
    ticket, offer = case.ticket, case.offer
    visitor = ticket.visitor if may(Right.VISITORS_SEE) else None
    state = state_of(the_parts().house, case)
    return TicketView(
        holder=ticket.holder,
        offer=offer.name.in_(speaker.lang),
        when=validity_of(case, speaker.lang),
        state=f"ticket_short_{state.value}",
        shape=TICKET_SHAPES.get(state, "status--idle"),
        is_void=state in _VOID,
        why=speaker.say("ticket_of_many") if is_of_many(ticket) else ticket.state_reason or "",
        party=ticket.party,
        entries=_entries(past, speaker),
        code=shown_code(ticket.short_code),
        reference=ticket.reference or "",
        issued=speaker.moment(ticket.created_at),
        issue=ticket.issue,
        money=tuple(_money(one, past, speaker) for one in past.payments),
        price=_price(past, speaker),
        has_chat=past.has_chat,
        visitor=visitor.hex() if visitor else "",
        called=short_reference(visitor) if visitor else "",
        seen=mark(ticket),
        can=_can(past, may),
        history=_history(past, speaker, may),
    )


def _entries(past: Past, speaker: Speaker) -> str:
    if past.left is None:
        return speaker.say("ticket_entries_any", uses=past.uses)
    return speaker.say("ticket_entries_left", left=past.left, of=past.case.ticket.entries)


def _price(past: Past, speaker: Speaker) -> str:
    """What was paid for it, or what the offer costs now."""
    paid = next((one for one in past.payments if one.flow is Flow.TAKEN), None)
    if paid is not None:
        return speaker.money(paid.cents, paid.currency)
    return speaker.money(past.case.offer.price_cents, past.case.offer.currency)


def _money(paid: Payment, past: Past, speaker: Speaker) -> str:
    key = "ticket_money_taken" if paid.flow is Flow.TAKEN else "ticket_money_returned"
    if paid.kind is PaymentKind.ELSEWHERE:
        key = "ticket_money_elsewhere"
    return speaker.say(
        key,
        amount=speaker.money(paid.cents, paid.currency),
        at=speaker.moment(paid.at),
        who=past.names.get(paid.actor.id, ""),
    )


def _can(past: Past, may: May) -> frozenset[str]:
    """What is offered; the service decides again when it is done."""
    state = past.case.ticket.state
    taken = {one.flow for one in past.payments}
    is_gone = state is TicketState.REVOKED
    offered = {
        "send": past.has_chat and not is_gone and state is not TicketState.BLOCKED,
        "block": state is TicketState.VALID,
        "unblock": state is TicketState.BLOCKED,
        "reissue": not is_gone,
        "rename": not is_gone,
        "revoke": not is_gone,
    }
    sold = {
        "pay": state is TicketState.UNPAID,
        "refund": is_gone and taken == {Flow.TAKEN},
    }
    found = {name for name, is_so in offered.items() if is_so and may(Right.TICKETS_CHANGE)}
    found |= {name for name, is_so in sold.items() if is_so and may(Right.TICKETS_SELL)}
    return frozenset(found)


def _history(past: Past, speaker: Speaker, may: May) -> tuple[Happened, ...]:
    ticket = past.case.ticket
    lines = [_scan(one, speaker, may) for one in past.scans]
    lines += [_entry(one, past, speaker) for one in past.entries if one.action in _DONE]
    if not any(one.action is Action.TICKET_ISSUED for one in past.entries):
        lines.append(
            Happened(
                moment=ticket.created_at,
                at=speaker.moment(ticket.created_at),
                what=speaker.say("ticket_was_issued"),
                where=speaker.say("ticket_by_chat") if ticket.visitor else "",
                who="",
            )
        )
    return tuple(sorted(lines, key=lambda one: one.moment, reverse=True))


def _scan(one: PastScan, speaker: Speaker, may: May) -> Happened:
    zone, decision = the_parts().house.museum.zone, one.decision
    said = render(decision.reason, speaker.lang, Evidence(), zone, one.at)
    is_bold = may(Right.GATE_OVERRIDE)
    can_annul = one.can_annul and may(Right.TICKETS_CHANGE) and (one.is_in_time or is_bold)
    return Happened(
        moment=one.at,
        at=speaker.moment(one.at),
        what=said.title,
        where=one.gate.in_(speaker.lang),
        who=one.by,
        why=_why(one, speaker),
        verdict=decision.verdict.value,
        word=verdict_word(decision.verdict, speaker.lang),
        scan=one.scan.scan_id.hex(),
        can_annul=can_annul,
        can_override=one.can_override and is_bold,
    )


def _why(one: PastScan, speaker: Speaker) -> str:
    """What somebody wrote, or the service's own words."""
    own = {RETRACTED: "ticket_why_late", MARKED: "ticket_why_marked"}
    why = one.scan.why or ""
    return speaker.say(own[why]) if why in own else why


def _entry(entry: Entry, past: Past, speaker: Speaker) -> Happened:
    return Happened(
        moment=entry.at,
        at=speaker.moment(entry.at),
        what=speaker.say(_key(entry)),
        where="",
        who=_who(entry, past, speaker),
    )


def _key(entry: Entry) -> str:
    is_mail = entry.action is Action.TICKET_SENT and (entry.after or {}).get("to") == CHANNEL
    return "ticket_was_mailed" if is_mail else _DONE[entry.action]


def _who(entry: Entry, past: Past, speaker: Speaker) -> str:
    match entry.actor.kind:
        case ActorKind.COMMAND:
            return speaker.say("ticket_by_command")
        case ActorKind.SYSTEM:
            return speaker.say("ticket_by_system")
        case _:
            return past.names.get(entry.actor.id, speaker.say("ticket_by_gone"))
