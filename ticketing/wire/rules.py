"""The rules of admission, one by one, and their order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ticketing.wire.facts import LIVE_TOLERANCE, Decision, Evidence, Gate, Known
from ticketing.wire.keys import KeyState
from ticketing.wire.moves import MoveKind
from ticketing.wire.token import BadToken, Claims, Flag, Token, UnknownKey, Unsupported
from ticketing.wire.uses import Entry, Limits, uses_left
from ticketing.wire.verdict import Basis, Check, Direction, Reason, TicketState, Verdict
from ticketing.wire.window import Window


@dataclass(frozen=True, slots=True)
class Case:
    """One question, with what the caller knows laid over what the ticket claims."""

    token: Token | BadToken
    claims: Claims
    known: Known
    now: datetime
    gate: Gate
    validity: Window
    limits: Limits
    entry: Entry

    @property
    def online(self) -> bool:
        """Whether the service decides."""
        return self.gate.basis is Basis.ONLINE


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: a name, what it says, the reasons it may give, the rule itself."""

    name: str
    says: str
    reasons: tuple[Reason, ...]
    judge: Callable[[Case], Decision | None]


def _refuse(case: Case, reason: Reason, evidence: Evidence | None = None) -> Decision:
    return _stop(case, Verdict.REFUSE, reason, evidence)


def _ask_service(case: Case) -> Decision:
    return _stop(case, Verdict.ATTENTION, Reason.NEEDS_SERVICE)


def _stop(
    case: Case, verdict: Verdict, reason: Reason, evidence: Evidence | None = None
) -> Decision:
    moves = case.known.moves
    in_use = moves.people_in_use if moves.use_open else case.limits.party
    return Decision(
        verdict,
        reason,
        evidence or Evidence(),
        remaining_uses=uses_left(case.limits, moves),
        remaining_people=max(0, case.limits.party - in_use),
    )


def _barcode(case: Case) -> Decision | None:
    bad = case.token
    if isinstance(bad, Token) or (_is_leaving(case) and _is_signed(bad)):
        return None
    if isinstance(bad, UnknownKey) and not case.online:
        return Decision(Verdict.ATTENTION, Reason.NEEDS_SERVICE)
    return Decision(Verdict.REFUSE, bad.reason, Evidence(detail=bad.detail))


def _is_leaving(case: Case) -> bool:
    return case.gate.direction is Direction.EXIT


def _is_signed(bad: BadToken) -> bool:
    return isinstance(bad, Unsupported) and bad.claims is not None


def _exit(case: Case) -> Decision | None:
    if not _is_leaving(case):
        return None
    moves = case.known.moves
    people = max(1, case.gate.people if case.gate.people is not None else moves.inside)
    # The service has no ticket to write a move for; the scan is a row all the same.
    unknown = case.online and not case.known.registered
    return Decision(
        Verdict.EXIT,
        Reason.OK_EXIT if moves.inside > 0 else Reason.EXIT_UNMATCHED,
        people=people,
        move=None if unknown else MoveKind.EXIT,
        remaining_uses=uses_left(case.limits, moves),
    )


def _is_compromised(case: Case) -> bool:
    return isinstance(case.token, Token) and case.token.key_state is KeyState.COMPROMISED


def _service_only(case: Case) -> Decision | None:
    asks = Flag.ONLINE_ONLY in case.claims.flags or _is_compromised(case)
    return _ask_service(case) if asks and not case.online else None


def _unknown(case: Case) -> Decision | None:
    # Whoever has the key can also make the next issue of a ticket that is known.
    issue = case.known.issue
    invented = _is_compromised(case) and issue is not None and case.claims.issue > issue
    if not case.online or (case.known.registered and not invented):
        return None
    return _refuse(case, Reason.UNKNOWN_TICKET)


def _state(case: Case) -> Decision | None:
    if case.known.state is TicketState.REVOKED:
        return _refuse(case, Reason.REVOKED)
    if case.known.state is TicketState.BLOCKED:
        return _refuse(case, Reason.BLOCKED)
    if case.known.issue is not None and case.known.issue > case.claims.issue:
        return _refuse(case, Reason.SUPERSEDED)
    if case.known.state is TicketState.UNPAID and not case.limits.offer.pay_at_desk:
        return _refuse(case, Reason.UNPAID)
    return None


def _gate(case: Case) -> Decision | None:
    gates = case.limits.offer.gates
    if gates is None or case.gate.id in gates:
        return None
    return _refuse(case, Reason.WRONG_GATE, Evidence(detail=",".join(sorted(gates))))


def _clock(case: Case) -> Decision | None:
    return None if case.online or case.gate.clock_ok else _ask_service(case)


def _validity(case: Case) -> Decision | None:
    span = case.validity
    evidence = Evidence(at=span.start_at, until=span.end_at)
    if case.now < span.start_at:
        return _refuse(case, Reason.NOT_YET_VALID, evidence)
    return _refuse(case, Reason.EXPIRED, evidence) if case.now >= span.end_at else None


def _slot(case: Case) -> Decision | None:
    slot = case.known.slot
    if slot is None or not case.online or slot.holds(case.now):
        return None
    return _refuse(case, Reason.WRONG_SLOT, Evidence(at=slot.start_at, until=slot.end_at))


def _closed(case: Case) -> Decision | None:
    return _refuse(case, Reason.CLOSED) if case.gate.closed else None


def _uses(case: Case) -> Decision | None:
    reason, moves = case.entry.block, case.known.moves
    if reason is None:
        return None
    if reason is Reason.STILL_INSIDE:
        return _refuse(case, reason, _last_entry(case))
    return _refuse(case, reason, Evidence(at=moves.first_at, gate=moves.first_gate))


def _full(case: Case) -> Decision | None:
    room = case.gate.room
    # Offline the last known number is shown, it refuses nobody.
    if room is None or not case.online or case.entry.people <= room:
        return None
    return _refuse(case, Reason.FULL, Evidence(detail=str(max(0, room))))


def _checks(case: Case) -> Decision | None:
    found = [one for one in _wanted_checks(case) if one[0] not in case.gate.done]
    if not found:
        return None
    _, reason, evidence = found[0]
    return Decision(
        Verdict.ATTENTION,
        reason,
        evidence,
        checks=tuple(dict.fromkeys(check for check, _, _ in found)),
        people=case.entry.people,
        remaining_uses=uses_left(case.limits, case.known.moves),
        remaining_people=case.entry.people + case.entry.remaining_people,
    )


def _wanted_checks(case: Case) -> Iterator[tuple[Check, Reason, Evidence]]:
    stale = _staleness(case)
    if stale is not None:
        yield Check.IDENTITY, Reason.NOT_LIVE, stale
    if case.entry.doubtful:
        yield Check.INSIDE, Reason.STILL_INSIDE, _last_entry(case)
    if Flag.PROOF in case.claims.flags:
        yield Check.PROOF, Reason.CHECK_PROOF, Evidence()
    if Flag.IDENTITY in case.claims.flags:
        yield Check.IDENTITY, Reason.CHECK_IDENTITY, Evidence()
    if case.known.state is TicketState.UNPAID:
        yield Check.PAYMENT, Reason.COLLECT_PAYMENT, Evidence()


def _staleness(case: Case) -> Evidence | None:
    """Why a ticket that must be live is not, or None; a print has no time."""
    if Flag.LIVE_REQUIRED not in case.claims.flags:
        return None
    live = case.token.live if isinstance(case.token, Token) else None
    if live is None or live.signed_at is None:
        return Evidence()
    age = (case.gate.read_at or case.now) - live.signed_at
    if abs(age) <= LIVE_TOLERANCE:
        return None
    return Evidence(at=live.signed_at, detail=str(int(age.total_seconds())))


def _last_entry(case: Case) -> Evidence:
    return Evidence(at=case.known.moves.last_at, gate=case.known.moves.last_gate)


def _admit(case: Case) -> Decision:
    entry, left = case.entry, uses_left(case.limits, case.known.moves)
    return Decision(
        Verdict.ADMIT,
        Reason.OK_REENTRY if entry.move is MoveKind.REENTRY else Reason.OK,
        people=entry.people,
        move=None if case.gate.direction is Direction.CHECK else entry.move,
        remaining_uses=None if left is None else left - entry.spends,
        remaining_people=entry.remaining_people,
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "barcode",
        "Class, format, length, canonical text, key and signature hold. An unknown key"
        " is left to the service when offline.",
        (
            Reason.MALFORMED,
            Reason.UNSUPPORTED,
            Reason.UNKNOWN_KEY,
            Reason.FORGED,
            Reason.NEEDS_SERVICE,
        ),
        _barcode,
    ),
    Rule(
        "exit",
        "Nobody is locked in: an exit is always recorded.",
        (Reason.OK_EXIT, Reason.EXIT_UNMATCHED),
        _exit,
    ),
    Rule(
        "service only",
        "Offline, a ticket marked so and one under a compromised key wait for the service.",
        (Reason.NEEDS_SERVICE,),
        _service_only,
    ),
    Rule(
        "known",
        "Online, the service knows the ticket and, under a compromised key, its issue.",
        (Reason.UNKNOWN_TICKET,),
        _unknown,
    ),
    Rule(
        "state",
        "Not revoked, not blocked, no later issue, paid or payable at the desk.",
        (Reason.REVOKED, Reason.BLOCKED, Reason.SUPERSEDED, Reason.UNPAID),
        _state,
    ),
    Rule("gate", "The offer is for this gate.", (Reason.WRONG_GATE,), _gate),
    Rule(
        "clock",
        "Offline, a clock that is plainly wrong judges no times.",
        (Reason.NEEDS_SERVICE,),
        _clock,
    ),
    Rule(
        "validity",
        "Within the ticket's own validity, the end excluded.",
        (Reason.NOT_YET_VALID, Reason.EXPIRED),
        _validity,
    ),
    Rule("slot", "Online, within the slot and its tolerance.", (Reason.WRONG_SLOT,), _slot),
    Rule("calendar", "The house is open, if the offer asks.", (Reason.CLOSED,), _closed),
    Rule(
        "uses",
        "A use is left, or open with persons still to come; the day's limit is not reached;"
        " with re-entry, somebody is outside.",
        (Reason.STILL_INSIDE, Reason.USED_TODAY, Reason.ALREADY_USED),
        _uses,
    ),
    Rule("capacity", "Online, slot and house have room.", (Reason.FULL,), _full),
    Rule(
        "checks",
        "Staff have looked at everything that is to be looked at.",
        (
            Reason.NOT_LIVE,
            Reason.STILL_INSIDE,
            Reason.CHECK_PROOF,
            Reason.CHECK_IDENTITY,
            Reason.COLLECT_PAYMENT,
        ),
        _checks,
    ),
    Rule("admit", "Nothing speaks against it.", (Reason.OK, Reason.OK_REENTRY), _admit),
)
"""The table, in order; the last rule always has an answer."""
