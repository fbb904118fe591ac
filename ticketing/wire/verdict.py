"""The words of a decision: verdicts, reasons, checks. No texts, those are in `texts.py`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Verdict(StrEnum):
    """What staff see at the gate, in colour, shape, word and sound."""

    ADMIT = "admit"
    DISCOUNT = "discount"
    EXIT = "exit"
    ATTENTION = "attention"
    REFUSE = "refuse"


class Reason(StrEnum):
    """Why a verdict was given; every reason has a German and an English text."""

    OK = "ok"
    OK_REENTRY = "ok_reentry"
    OK_OVERRIDE = "ok_override"
    OK_EXIT = "ok_exit"
    EXIT_UNMATCHED = "exit_unmatched"
    OK_CODE = "ok_code"
    CHECK_PROOF = "check_proof"
    CHECK_IDENTITY = "check_identity"
    COLLECT_PAYMENT = "collect_payment"
    NOT_LIVE = "not_live"
    NEEDS_SERVICE = "needs_service"
    ALREADY_USED = "already_used"
    USED_TODAY = "used_today"
    STILL_INSIDE = "still_inside"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    WRONG_SLOT = "wrong_slot"
    WRONG_GATE = "wrong_gate"
    CLOSED = "closed"
    FULL = "full"
    UNPAID = "unpaid"
    BLOCKED = "blocked"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    ANNULLED = "annulled"
    DECLINED = "declined"
    LAPSED = "lapsed"
    UNKNOWN_TICKET = "unknown_ticket"
    UNKNOWN_CODE = "unknown_code"
    CODE_USED_UP = "code_used_up"
    CODE_NOT_APPLICABLE = "code_not_applicable"
    BUDGET_SPENT = "budget_spent"
    FORGED = "forged"
    UNKNOWN_KEY = "unknown_key"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"
    FOREIGN = "foreign"


class Check(StrEnum):
    """What staff have to look at before they confirm."""

    PROOF = "proof"
    IDENTITY = "identity"
    PAYMENT = "payment"
    INSIDE = "inside"


class Basis(StrEnum):
    """Whether the service decided, or the station by itself."""

    ONLINE = "online"
    OFFLINE = "offline"


class Direction(StrEnum):
    """What a scan is for; `check` stores nothing."""

    ENTRY = "entry"
    EXIT = "exit"
    CHECK = "check"


class TicketState(StrEnum):
    """The stored states of a ticket; all others are derived and only shown."""

    VALID = "valid"
    UNPAID = "unpaid"
    BLOCKED = "blocked"
    REVOKED = "revoked"


def _verdicts_of() -> dict[Reason, frozenset[Verdict]]:
    special = {
        Verdict.ADMIT: (Reason.OK, Reason.OK_REENTRY, Reason.OK_OVERRIDE),
        Verdict.EXIT: (Reason.OK_EXIT, Reason.EXIT_UNMATCHED),
        Verdict.DISCOUNT: (Reason.OK_CODE,),
        Verdict.ATTENTION: (
            Reason.CHECK_PROOF,
            Reason.CHECK_IDENTITY,
            Reason.COLLECT_PAYMENT,
            Reason.NOT_LIVE,
            Reason.NEEDS_SERVICE,
        ),
    }
    table = {reason: frozenset({Verdict.REFUSE}) for reason in Reason}
    for verdict, reasons in special.items():
        table |= dict.fromkeys(reasons, frozenset({verdict}))
    # The one reason with two verdicts: another gate may know of the exit (contract).
    table[Reason.STILL_INSIDE] = frozenset({Verdict.REFUSE, Verdict.ATTENTION})
    return table


VERDICTS_OF: Mapping[Reason, frozenset[Verdict]] = MappingProxyType(_verdicts_of())
"""Which verdicts a reason may stand beside; total over `Reason`."""

OVERRIDABLE: frozenset[Reason] = frozenset(
    {
        Reason.ALREADY_USED,
        Reason.USED_TODAY,
        Reason.STILL_INSIDE,
        Reason.WRONG_GATE,
        Reason.WRONG_SLOT,
        Reason.NOT_YET_VALID,
        Reason.EXPIRED,
        Reason.CLOSED,
        Reason.FULL,
        Reason.UNPAID,
        Reason.BLOCKED,
    }
)
"""What a supervisor may overrule, online only; nothing else can be."""

CONFIRMABLE: frozenset[Reason] = frozenset(
    reason for reason, verdicts in VERDICTS_OF.items() if Verdict.ATTENTION in verdicts
) - {Reason.NEEDS_SERVICE}
"""Attention that staff may confirm; `needs_service` would let in any forgery."""
