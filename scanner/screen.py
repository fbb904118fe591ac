"""What is on the screen, as facts; words and layout are made from it in `presentation`.

The gate's room: pure data.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ticketing.wire.facts import Decision, Evidence
from ticketing.wire.station_api import CodeView, FirstUse, ScanAnswer, TicketView
from ticketing.wire.token import Claims
from ticketing.wire.verdict import OVERRIDABLE, Basis, Check, Direction, Reason, Verdict


class Face(StrEnum):
    """What kind of thing fills the panel."""

    READY = "ready"
    WAITING = "waiting"
    VERDICT = "verdict"
    FOREIGN = "foreign"
    ANNULLED = "annulled"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Alert:
    """The service judged a scan otherwise after it had been let through.

    `at` is when that scan was made, aware UTC.
    """

    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a scan, whoever decided.

    `remaining_uses` None is unlimited; `until`, aware UTC, ends the time to settle an
    attention; `holder` is the name out of its box when the station decided by itself.
    """

    verdict: Verdict
    reason: Reason
    basis: Basis
    evidence: Evidence = field(default_factory=Evidence)
    checks: tuple[Check, ...] = ()
    people: int = 0
    remaining_uses: int | None = None
    remaining_people: int = 0
    until: datetime | None = None
    ticket: TicketView | None = None
    code: CodeView | None = None
    first_use: FirstUse | None = None
    holder: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything the panel is made of; times are aware UTC.

    `claims` are what the barcode says (the service may say more, in `result.ticket`);
    `may_settle` whether confirm and decline act; `has_lapsed` that they did until a
    moment ago; `may_change` whether the number of people can still be changed, `replaces`
    the scan whose place this one took then; `hint` what a foreign text looks like, or what
    a notice says. An annulled face keeps the result that was taken back.
    """

    face: Face = Face.READY
    scan_id: str = ""
    at: datetime | None = None
    direction: Direction = Direction.ENTRY
    claims: Claims | None = None
    result: Result | None = None
    may_settle: bool = False
    has_lapsed: bool = False
    may_change: bool = False
    replaces: str = ""
    hint: str = ""
    alert: Alert | None = None


def may_overrule(result: Result) -> bool:
    """Whether a supervisor may let them in: a ticket that the service itself has refused."""
    is_refused = result.verdict is Verdict.REFUSE and result.reason in OVERRIDABLE
    return is_refused and result.basis is Basis.ONLINE and result.code is None


def by_station(decision: Decision, until: datetime | None = None, *, holder: str = "") -> Result:
    """What the station decided by itself."""
    return Result(
        verdict=decision.verdict,
        reason=decision.reason,
        basis=Basis.OFFLINE,
        evidence=decision.evidence,
        checks=decision.checks,
        people=decision.people,
        remaining_uses=decision.remaining_uses,
        remaining_people=decision.remaining_people,
        until=until,
        holder=holder,
    )


def by_service(answer: ScanAnswer) -> Result:
    """What the service answered."""
    return Result(
        verdict=answer.verdict,
        reason=answer.reason,
        basis=Basis.ONLINE,
        evidence=answer.evidence,
        checks=answer.checks,
        people=answer.people,
        remaining_uses=answer.remaining.uses,
        remaining_people=answer.remaining.people,
        until=answer.until,
        ticket=answer.ticket,
        code=answer.code,
        first_use=answer.first_use,
    )
