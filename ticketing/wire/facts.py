"""What a decision is made from and what comes of it: knowledge, gate, evidence, decision."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ticketing.wire.moves import MoveKind, Moves
from ticketing.wire.verdict import Basis, Check, Direction, Reason, TicketState, Verdict
from ticketing.wire.window import Window

__all__ = ["Decision", "Evidence", "Gate", "Known", "OfferRule", "Window"]


@dataclass(frozen=True, slots=True)
class OfferRule:
    """What an offer says about entry.

    `per_day` limits the uses per local day; `gates` None is every gate;
    `pay_at_desk`: an unpaid ticket may be paid at the gate.
    """

    reentry: bool = False
    per_day: int | None = None
    gates: frozenset[str] | None = None
    pay_at_desk: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller knows of a ticket; None overrides nothing, the claims rule there.

    `registered` False: the caller knows its own moves only (a station that has not heard
    of the ticket). `slot` is known to the service only. Times are aware.
    """

    state: TicketState = TicketState.VALID
    issue: int | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    entries: int | None = None
    party: int | None = None
    offer: OfferRule | None = None
    slot: Window | None = None
    moves: Moves = field(default_factory=Moves)
    registered: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """Where and how is asked.

    `people`: how many come now (None: those of this use not yet in); `done`: checks staff
    have made; `closed`: the offer is bound to the opening calendar and the house is closed
    now; `room`: free places of slot and house, None without a limit; `unsent_elsewhere`: a
    station that could have seen an exit has unsent entries; `clock_ok` False: the clock is
    plainly wrong or unknown; `read_at`: when the code was read, if that was not now (at
    confirm a live ticket is as fresh as it was when it was shown).
    """

    id: str
    zone: ZoneInfo
    basis: Basis = Basis.ONLINE
    direction: Direction = Direction.ENTRY
    people: int | None = None
    done: frozenset[Check] = frozenset()
    closed: bool = False
    room: int | None = None
    unsent_elsewhere: bool = False
    clock_ok: bool = True
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts behind a reason; times aware, `gate` is an id.

    - `already_used`, `used_today`: `at`, `gate` of the first entry of the last use
    - `still_inside`: `at`, `gate` of the last entry
    - `not_yet_valid`, `expired`, `wrong_slot`: from `at` until `until`
    - `not_live`: `at` when the phone signed, `detail` the age in seconds
    - `wrong_gate`: `detail` the ids of the good gates, sorted, with commas
    - `full`: `detail` the places left
    - bad barcodes and codes: `detail` a fixed phrase, `typo`, or the hint of a foreign text
    """

    at: datetime | None = None
    gate: str | None = None
    until: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be shown and, if `move` is set, written.

    `people` are let in (or out) by this scan, with attention: would be. `checks` are all
    open ones, the one behind the reason first. `remaining_uses` (None: unlimited) and
    `remaining_people` of the running use count this move as done. A decision with
    direction `check` never has a move.
    """

    verdict: Verdict
    reason: Reason
    evidence: Evidence = field(default_factory=Evidence)
    checks: tuple[Check, ...] = ()
    people: int = 0
    move: MoveKind | None = None
    remaining_uses: int | None = None
    remaining_people: int = 0


LIVE_TOLERANCE = timedelta(seconds=30)
"""How old, or how far ahead, the signature of a live ticket may be."""
