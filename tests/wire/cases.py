"""The one file of admission cases, typed: for `decide()`, service and station.

Times without a date are on 4 October 2026, all times are on the clock of Berlin. What a
case does not say is a plain day ticket, online, known to the service, at gate `north`.
`gate.calendar`: the offer is bound to the opening hours of `tests/hours.py`.
`offline` is what a station says by itself to an online case, where that must differ.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.hours import HOURS
from ticketing.domain.opening import is_open
from ticketing.wire.admission import (
    Decision,
    Gate,
    Known,
    Move,
    MoveKind,
    OfferRule,
    Terms,
    Window,
    decide,
    fold,
)
from ticketing.wire.keys import KeyId, KeyState
from ticketing.wire.live import Live
from ticketing.wire.token import (
    BadToken,
    Claims,
    Flag,
    Forged,
    Malformed,
    TicketId,
    Token,
    UnknownKey,
    Unsupported,
)
from ticketing.wire.verdict import Basis, Check, Direction, Reason, TicketState, Verdict

BERLIN = ZoneInfo("Europe/Berlin")
_FILE = Path(__file__).parent / "admission_cases.json"
_DAY = "2026-10-04T"

# What a JSON file holds before it is read into types, here and nowhere else.
Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AdmissionCase:
    """State, moves, clock and knowledge, and the verdict they must give."""

    name: str
    token: Token | BadToken
    moves: tuple[Move, ...]
    known: Known | None
    now: datetime
    gate: Gate
    verdict: Verdict
    reason: Reason
    raw: Raw

    def decide(self) -> Decision:
        """What the rule says."""
        return decide(self.token, self.known, self.now, self.gate)


def load_cases() -> tuple[AdmissionCase, ...]:
    """Every case of the file, in its order."""
    return tuple(_case(raw) for raw in json.loads(_FILE.read_text("utf-8")))


def local(text: str) -> datetime:
    """`14:00` or `2026-10-04T14:00` on the clock of Berlin, as UTC."""
    full = text if "T" in text else _DAY + text
    return datetime.fromisoformat(full).replace(tzinfo=BERLIN).astimezone(UTC)


def _case(raw: Raw) -> AdmissionCase:
    now = local(raw.get("now", "14:00"))
    claims = _claims(raw.get("ticket", {}))
    moves = _moves(raw.get("moves", []))
    return AdmissionCase(
        name=raw["case"],
        token=_token(raw, claims, now),
        moves=moves,
        known=_known(raw, claims, moves, now),
        now=now,
        gate=_gate(raw, now),
        verdict=Verdict(raw["verdict"]),
        reason=Reason(raw["reason"]),
        raw=raw,
    )


def _claims(ticket: Raw) -> Claims:
    flags = Flag(0)
    for name in ticket.get("flags", []):
        flags |= Flag[name]
    return Claims(
        key_id=KeyId(1),
        ticket_id=TicketId(bytes(range(15))),
        issue=ticket.get("issue", 0),
        offer=7,
        not_before=local(ticket.get("from", "00:00")),
        not_after=local(ticket.get("until", "2026-10-05T00:00")),
        entries=ticket.get("entries", 1),
        party=ticket.get("party", 1),
        flags=flags,
        format=2 if "live_age_s" in ticket else 1,
    )


def _token(raw: Raw, claims: Claims, now: datetime) -> Token | BadToken:
    ticket = raw.get("ticket", {})
    bad = {
        "forged": Forged("the issuer's signature does not hold", claims),
        "malformed": Malformed("not the text of a whole ticket"),
        "future": Unsupported("a format of a later release"),
        "later_flag": Unsupported("a flag of a later release", claims),
        "unknown_key": UnknownKey("no such key", claims),
    }
    if "barcode" in raw:
        return bad[raw["barcode"]]
    age = ticket.get("live_age_s")
    live = None if age is None else Live(now - timedelta(seconds=age))
    return Token(claims, bytes(96), KeyState(ticket.get("key", "active")), live)


def _moves(rows: list[list[Any]]) -> tuple[Move, ...]:
    moves: list[Move] = []
    for no, (kind, people, at, gate) in enumerate(rows, 1):
        annuls = kind == "annul"
        scan_id = moves[people].scan_id if annuls else bytes([no]) * 16
        moves.append(Move(no, scan_id, MoveKind(kind), 0 if annuls else people, local(at), gate))
    return tuple(moves)


def _known(raw: Raw, claims: Claims, moves: tuple[Move, ...], now: datetime) -> Known | None:
    facts = raw.get("known", {})
    if facts is None:
        return None
    if facts == "own":
        own = fold(moves, now, BERLIN, terms=Terms(claims.party))
        return Known(moves=own, issue=raw.get("own_issue"))
    slot = _slot(facts.get("slot"))
    party, offer = facts.get("party"), _offer(facts.get("offer"))
    terms = Terms(party or claims.party, slot, reentry=offer is not None and offer.reentry)
    return Known(
        state=TicketState(facts.get("state", "valid")),
        issue=facts.get("issue"),
        not_after=local(facts["until"]) if "until" in facts else None,
        entries=facts.get("entries"),
        party=party,
        offer=offer,
        slot=slot,
        moves=fold(moves, now, BERLIN, terms=terms),
        registered=True,
    )


def _offer(raw: Raw | None) -> OfferRule | None:
    if raw is None:
        return None
    gates = frozenset(raw["gates"]) if "gates" in raw else None
    return OfferRule(
        reentry=raw.get("reentry", False),
        per_day=raw.get("per_day"),
        gates=gates,
        pay_at_desk=raw.get("pay_at_desk", False),
    )


def _slot(raw: list[Any] | None) -> Window | None:
    if raw is None:
        return None
    start, end, early, late = raw
    return Window(local(start), local(end), timedelta(minutes=early), timedelta(minutes=late))


def _gate(raw: Raw, now: datetime) -> Gate:
    gate = raw.get("gate", {})
    is_shut = gate.get("calendar", False) and not is_open(HOURS, now, BERLIN)
    return Gate(
        id="north",
        zone=BERLIN,
        basis=Basis(raw.get("basis", "online")),
        direction=Direction(gate.get("direction", "entry")),
        people=gate.get("people"),
        done=frozenset(Check(name) for name in gate.get("done", [])),
        closed=gate.get("closed", is_shut),
        room=gate.get("room"),
        unsent_elsewhere=gate.get("unsent_elsewhere", False),
        clock_ok=gate.get("clock_ok", True),
        read_at=local(gate["read_at"]) if "read_at" in gate else None,
    )
