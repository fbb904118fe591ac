"""The one rule of admission, asked by the service and the station alike.

`RULES` (in `rules.py`) is the whole of it: the first rule that has something to say
decides. The documentation's table and drawing are made from it. Refusals come before
checks, so that nobody is asked for proof and then sent away.
"""

from datetime import UTC, datetime

from ticketing.wire.facts import Decision, Evidence, Gate, Known, OfferRule, Window
from ticketing.wire.keys import KeyId
from ticketing.wire.moves import Move, MoveKind, Moves, Terms, fold
from ticketing.wire.rules import RULES, Case, Rule
from ticketing.wire.textclass import TYPO, Classified, TextClass
from ticketing.wire.token import BadToken, Claims, Flag, TicketId, Token
from ticketing.wire.uses import Limits, beyond, plan_entry
from ticketing.wire.verdict import OVERRIDABLE, Reason, Verdict

__all__ = [
    "RULES",
    "Case",
    "Decision",
    "Evidence",
    "Gate",
    "Known",
    "Move",
    "MoveKind",
    "Moves",
    "OfferRule",
    "Rule",
    "Terms",
    "Window",
    "decide",
    "decide_text",
    "fold",
    "override",
]

_START = datetime(1970, 1, 1, tzinfo=UTC)
# Stands in for the claims of a text that has none; no rule behind `barcode` sees it.
_NO_CLAIMS = Claims(
    key_id=KeyId(0),
    ticket_id=TicketId(bytes(15)),
    issue=0,
    offer=0,
    not_before=_START,
    not_after=_START,
    entries=1,
    party=1,
    flags=Flag(0),
)


def decide(token: Token | BadToken, known: Known | None, now: datetime, gate: Gate) -> Decision:
    """Whether a ticket may enter or leave; total, pure, deterministic.

    `known` is None for a ticket the caller does not know; `now` is aware. Asked again at
    confirm with the checks done in `gate.done`. Raises nothing.
    """
    case = _case(token, known, now, gate)
    return next(found for rule in RULES if (found := rule.judge(case)) is not None)


def decide_text(classified: Classified, now: datetime, gate: Gate) -> Decision:  # noqa: ARG001 - asked like `decide`; no text depends on them so far
    """What to show for a text that is no ticket, without the service's list of codes.

    A mistyped code is refused at once; a good one only the service can judge. A ticket
    text is taken for malformed: a whole one belongs to `verify` and `decide`.
    """
    refusals = {
        TextClass.TICKET: Reason.MALFORMED,
        TextClass.FUTURE: Reason.UNSUPPORTED,
        TextClass.FOREIGN: Reason.FOREIGN,
    }
    evidence = Evidence(detail=classified.detail)
    if classified.kind in refusals:
        return Decision(Verdict.REFUSE, refusals[classified.kind], evidence)
    if classified.detail == TYPO:
        return Decision(Verdict.REFUSE, Reason.UNKNOWN_CODE, evidence)
    return Decision(Verdict.ATTENTION, Reason.NEEDS_SERVICE)


def override(
    token: Token | BadToken, known: Known | None, now: datetime, gate: Gate
) -> Decision | None:
    """What a supervisor may make of a ticket that `decide` refuses; None if it is not theirs.

    People of an open use join it, and who left comes back. Otherwise a use is spent if one
    is left; if none is, the people are counted and no move is written.
    """
    refused = decide(token, known, now, gate)
    if refused.verdict is not Verdict.REFUSE or refused.reason not in OVERRIDABLE:
        return None
    case, left = _case(token, known, now, gate), refused.remaining_uses
    entry, is_counted = case.entry, True
    if entry.block is not None:
        entry = beyond(case.limits, case.known.moves, gate)
        is_counted = entry.spends > 0
    return Decision(
        Verdict.ADMIT,
        Reason.OK_OVERRIDE,
        evidence=refused.evidence,
        people=entry.people,
        move=entry.move if is_counted else None,
        remaining_uses=None if left is None else left - entry.spends,
        remaining_people=entry.remaining_people if is_counted else 0,
    )


def _case(token: Token | BadToken, known: Known | None, now: datetime, gate: Gate) -> Case:
    claims = token.claims or _NO_CLAIMS
    facts = known or Known()
    limits = Limits(
        claims.entries if facts.entries is None else facts.entries,
        max(1, claims.party if facts.party is None else facts.party),
        facts.offer or OfferRule(),
    )
    return Case(
        token=token,
        claims=claims,
        known=facts,
        now=now,
        gate=gate,
        validity=Window(facts.not_before or claims.not_before, facts.not_after or claims.not_after),
        limits=limits,
        entry=plan_entry(limits, facts.moves, gate),
    )
