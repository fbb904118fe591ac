"""From what was presented and what is known to a decision; in the service room.

No I/O: `scans.py` reads before and writes after.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime

from ticketing.domain import offers as offer_rules
from ticketing.domain import opening
from ticketing.domain import tickets as ticket_rules
from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId
from ticketing.domain.museum import Museum
from ticketing.domain.tickets import Ticket
from ticketing.service.gate import discounts
from ticketing.service.ports import House, Signer
from ticketing.store.facts import Facts, Key
from ticketing.store.scans import Scan
from ticketing.wire.admission import (
    Decision,
    Evidence,
    Gate,
    Known,
    decide,
    decide_text,
    fold,
    override,
)
from ticketing.wire.codec import from_base32hex
from ticketing.wire.keys import KeyState
from ticketing.wire.textclass import (
    TYPO,
    Classified,
    TextClass,
    classify,
    fold_text,
    folded_digest,
)
from ticketing.wire.token import BadToken, TicketId, Token, Unsupported, verify
from ticketing.wire.uses import Limits, uses_left
from ticketing.wire.verdict import Check, Direction, Reason, Verdict

_HEAD_BYTES = {1: 96, 2: 128}  # by format: what the digest of a verified ticket is made from
_DIGEST_BYTES = 16
UNPROVEN = frozenset(
    {
        Reason.FORGED,
        Reason.UNKNOWN_KEY,
        Reason.UNSUPPORTED,
        Reason.MALFORMED,
        Reason.UNKNOWN_TICKET,
        Reason.UNKNOWN_CODE,
    }
)
"""Nobody has shown a ticket of ours then: no holder is named, whatever id the text claims."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What lay in front of the camera: its class, and the ticket if it is one."""

    raw: str = field(repr=False)
    text: Classified
    token: Token | BadToken | None

    @property
    def claimed_id(self) -> TicketId | None:
        """The ticket id in the text, signed or not."""
        claims = None if self.token is None else self.token.claims
        return None if claims is None else claims.ticket_id

    def key(self, scan_id: ScanId) -> Key:
        """What to look for: a ticket only if its signature holds, or by its short code."""
        if self.text.kind is TextClass.SHORT_CODE:
            return Key(scan_id=scan_id, short_code=self.text.folded)
        is_signed = isinstance(self.token, Token | Unsupported)
        return Key(scan_id=scan_id, ticket_id=self.claimed_id if is_signed else None)

    def by(self, station: Station) -> "Presented":
        """The same once it is known who asks: digests of foreign texts are keyed."""
        keyed = folded_digest(station.digest_key, self.text.folded or fold_text(self.raw))
        if isinstance(self.token, Token):
            digest = self.token.digest
            return Presented(self, digest, frozenset({digest, keyed}))
        return Presented(self, keyed, frozenset({keyed, *_head_digest(self.text)}))


@dataclass(frozen=True, slots=True)
class Presented:
    """What was looked at, with its digests.

    `digest` is kept with the scan; `digests` are all it may have been kept under
    before, e.g. when its key was still good.
    """

    looked: Looked
    digest: bytes
    digests: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How a ticket is asked about: where, when (aware), which way, how many, checks done."""

    gate: str
    now: datetime
    direction: Direction = Direction.ENTRY
    people: int | None = None
    done: frozenset[Check] = frozenset()


def look(barcode: str, *, signer: Signer) -> Looked:
    """Look at a text: class and signature. Holds no lock."""
    text = classify(barcode)
    token: Token | BadToken | None = None
    if text.kind in {TextClass.TICKET, TextClass.FUTURE}:
        try:
            token = verify(text.folded, signer.ring(), holds=signer.holds)
        except BadToken as bad:
            token = bad
    return Looked(barcode, text, token)


def judge(house: House, what: Looked, facts: Facts, *, question: Question) -> Decision:
    """The one admission rule, asked with what the service knows."""
    kind, now = what.text.kind, question.now
    gate = _gate(house, facts, question=question)
    if kind is TextClass.SHORT_CODE and what.text.detail != TYPO and facts.ticket is not None:
        return judge_stored(house, facts, question=question, issue=facts.ticket.issue)
    if what.token is not None:
        return decide(what.token, _known(house, facts, now), now, gate)
    if kind is TextClass.DISCOUNT_CODE:
        return discounts.decide(facts.code, detail=what.text.detail, now=now)
    if kind is TextClass.SHORT_CODE:
        return Decision(Verdict.REFUSE, Reason.UNKNOWN_CODE, Evidence(detail=what.text.detail))
    return decide_text(what.text, now, gate)


def judge_stored(house: House, facts: Facts, *, question: Question, issue: int) -> Decision:
    """The same for a ticket whose barcode is not at hand: its own claims are asked.

    `issue` is the one that was presented, which may have been superseded since.
    """
    if facts.ticket is None:  # erased while staff looked
        return Decision(Verdict.REFUSE, Reason.UNKNOWN_TICKET)
    token, gate = _stored(house, facts.ticket, issue), _gate(house, facts, question=question)
    return decide(token, _known(house, facts, question.now), question.now, gate)


def overrule_stored(
    house: House, facts: Facts, *, question: Question, issue: int
) -> Decision | None:
    """What a supervisor may make of a stored ticket now: admit, or None.

    A plain `ok` if nothing speaks against it any more: it is overruled only if it must be.
    """
    decision = judge_stored(house, facts, question=question, issue=issue)
    if decision.verdict is Verdict.ADMIT:
        return decision
    if facts.ticket is None:
        return None
    token, gate = _stored(house, facts.ticket, issue), _gate(house, facts, question=question)
    return override(token, _known(house, facts, question.now), question.now, gate)


def left_of(house: House, facts: Facts, now: datetime) -> tuple[int | None, int]:
    """Uses left (None: unlimited), and persons of the open use still to come."""
    known = _known(house, facts, now)
    if known is None or known.offer is None or facts.ticket is None:
        return 0, 0
    party, moves = max(1, facts.ticket.party), known.moves
    uses = uses_left(Limits(facts.ticket.entries, party, known.offer), moves)
    return uses, max(0, party - moves.people_in_use) if moves.use_open else 0


def people_passed(decision: Decision) -> int:
    """By how many the people inside change: those let in, minus those who left."""
    if decision.verdict is Verdict.ADMIT:
        return decision.people
    return -decision.people if decision.verdict is Verdict.EXIT else 0


def is_same_barcode(scan: Scan, what: Presented) -> bool:
    """Whether a repeated scan id comes with what it came with before.

    A tombstone came with nothing: it stands for whatever barcode comes later.
    """
    return not scan.digest or scan.digest in what.digests


def _stored(house: House, ticket: Ticket, issue: int) -> Token:
    claims = replace(ticket_rules.claims(ticket), issue=issue)
    key = house.signer.ring().find(claims.key_id)
    return Token(claims, bytes(_HEAD_BYTES[1]), KeyState.RETIRED if key is None else key.state)


def _known(house: House, facts: Facts, now: datetime) -> Known | None:
    ticket, offer = facts.ticket, facts.offer
    if ticket is None or offer is None:
        return None
    slot = None if facts.slot is None else offer_rules.slot_window(offer, facts.slot)
    terms = ticket_rules.terms(ticket, offer, slot)
    return Known(
        state=ticket.state,
        issue=ticket.issue,
        not_before=ticket.valid_from,
        not_after=ticket.valid_until,
        entries=ticket.entries,
        party=ticket.party,
        offer=offer_rules.rule(offer),
        slot=slot,
        moves=fold(facts.moves, now, house.museum.zone, terms=terms),
        registered=True,
    )


def _gate(house: House, facts: Facts, *, question: Question) -> Gate:
    museum, offer = house.museum, facts.offer
    is_bound = offer is not None and offer.calendar
    return Gate(
        id=question.gate,
        zone=museum.zone,
        direction=question.direction,
        people=question.people,
        done=question.done,
        closed=is_bound and not opening.is_open(museum.hours, question.now, museum.zone),
        room=_room(museum, facts),
        unsent_elsewhere=facts.unsent_elsewhere,
    )


def _room(museum: Museum, facts: Facts) -> int | None:
    """Places left in the house and in the ticket's slot, None without a limit."""
    rooms = [] if not museum.capacity else [museum.capacity - facts.inside]
    if facts.slot is not None:
        rooms.append(facts.slot.capacity - facts.came)
    return min(rooms, default=None)


def _head_digest(text: Classified) -> tuple[bytes, ...]:
    """The digest a ticket text had while its key was good, or nothing."""
    raw = from_base32hex(text.folded) if text.kind is TextClass.TICKET else None
    if not raw:
        return ()
    head = raw[: _HEAD_BYTES.get(raw[0], len(raw))]
    return (hashlib.sha256(head).digest()[:_DIGEST_BYTES],)
