"""Which use an entry would be: the next one, the open one, a re-entry, or none."""

from dataclasses import dataclass

from ticketing.wire.facts import Gate, OfferRule
from ticketing.wire.moves import MoveKind, Moves
from ticketing.wire.verdict import Reason


@dataclass(frozen=True, slots=True)
class Limits:
    """What a ticket allows: uses (0: unlimited), persons per use, and its offer's rule."""

    entries: int
    party: int
    offer: OfferRule


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it would be written, or `block`, the reason why not.

    `doubtful`: the record says they are inside, but a gate has unsent entries.
    """

    move: MoveKind
    people: int = 0
    spends: int = 0
    remaining_people: int = 0
    doubtful: bool = False
    block: Reason | None = None


def plan_entry(limits: Limits, moves: Moves, gate: Gate) -> Entry:
    """What the next entry of this ticket would be; total.

    More people than the use has places for are counted down to those.
    """
    if limits.offer.reentry and moves.use_open:
        again = _again(limits.party, moves, gate)
        if again is not None:
            return again
    in_use = moves.people_in_use if moves.use_open else 0
    if 0 < in_use < limits.party:
        return _people(MoveKind.ENTRY, gate, wanted=limits.party, room=limits.party - in_use)
    return _next_use(limits, moves, gate)


def beyond(limits: Limits, moves: Moves, gate: Gate) -> Entry:
    """The entry that a supervisor allows where `plan_entry` blocks; total.

    It spends a use if one is left; otherwise `spends` is 0 and people come in by themselves.
    """
    if uses_left(limits, moves) == 0:
        return _people(MoveKind.ENTRY, gate, wanted=1, room=limits.party)
    return _people(MoveKind.ENTRY, gate, wanted=limits.party, room=limits.party, spends=1)


def uses_left(limits: Limits, moves: Moves) -> int | None:
    """Uses not spent yet, None without a limit."""
    return max(0, limits.entries - moves.uses) if limits.entries else None


def _again(party: int, moves: Moves, gate: Gate) -> Entry | None:
    outside = party - moves.inside
    if moves.last_kind is MoveKind.EXIT or (outside > 0 and moves.people_in_use >= party):
        returning = moves.people_in_use - moves.inside
        return _people(MoveKind.REENTRY, gate, wanted=returning, room=max(1, outside))
    if outside > 0:
        return None
    if not gate.unsent_elsewhere:
        return Entry(MoveKind.REENTRY, block=Reason.STILL_INSIDE)
    return _people(MoveKind.REENTRY, gate, wanted=party, room=party, doubtful=True)


def _next_use(limits: Limits, moves: Moves, gate: Gate) -> Entry:
    if uses_left(limits, moves) == 0:
        return Entry(MoveKind.ENTRY, block=Reason.ALREADY_USED)
    per_day = limits.offer.per_day
    if per_day is not None and moves.uses_today >= per_day:
        return Entry(MoveKind.ENTRY, block=Reason.USED_TODAY)
    return _people(MoveKind.ENTRY, gate, wanted=limits.party, room=limits.party, spends=1)


def _people(
    move: MoveKind,
    gate: Gate,
    *,
    wanted: int,
    room: int,
    spends: int = 0,
    doubtful: bool = False,
) -> Entry:
    asked = wanted if gate.people is None else gate.people
    people = min(max(1, asked), room)
    return Entry(move, people, spends, room - people, doubtful)
