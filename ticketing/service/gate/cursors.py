"""How far a station has come in what it may know, as the text it comes back with.

The text is opaque to the station; nothing but what was given out is read. In the service
room.
"""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from typing import Any

from ticketing.store.knowledge import Spot, Uploaded
from ticketing.store.types import EPOCH
from ticketing.wire.codec import canonical_json, from_base64url, to_base64url

_MS = timedelta(milliseconds=1)
_FORM = 1
_SHORT_BYTES = 4
_MOST_RUNS = 16
"""A cursor is part of an address: of more runs behind a gap the others count later."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far one question has been told beyond what is final, since when (ms since 1970).

    A transaction that was older may still commit something before these spots: so the
    station begins again at the final ones when the question has come to its end. What was
    `here` of the station's journal when the question began is in the rows at its end: moves
    are never changed, so none of then can slip behind a spot. `journal` tells whose.
    """

    since_ms: int
    tickets: Spot
    moves: Spot
    journal: str = ""
    here: Uploaded | None = None

    def here_of(self, journal: bytes | None) -> Uploaded | None:
        """What was here of this journal; None if nobody asked for it then."""
        return self.here if journal is not None and self.journal == _short(journal) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a station has come.

    The walk goes on behind the id `after`, None when it is over; it takes tickets that
    begin before `until_ms`, and after the first time only from `begins_ms` on. All changes
    up to `tickets` and `moves` are told and final.
    """

    gate: str
    offers: str
    until_ms: int
    begins_ms: int | None
    after: bytes | None
    tickets: Spot
    moves: Spot
    ahead: Ahead | None = None


def ahead_of(cursor: Cursor, now_ms: int, *, journal: bytes | None, here: Uploaded | None) -> Ahead:
    """Where a question goes on beyond what is final, or begins to."""
    if cursor.ahead is not None:
        return cursor.ahead
    few = here and replace(here, runs=here.runs[:_MOST_RUNS])
    whose = "" if journal is None else _short(journal)
    return Ahead(now_ms, cursor.tickets, cursor.moves, journal=whose, here=few)


def written(cursor: Cursor) -> str:
    """The text of a cursor."""
    after = None if cursor.after is None else cursor.after.hex()
    fields = [_FORM, cursor.gate, cursor.offers, cursor.until_ms, cursor.begins_ms, after]
    fields += _spots(cursor.tickets, cursor.moves)
    ahead = cursor.ahead
    if ahead is not None:
        here = None if ahead.here is None else [ahead.here.acked, *chain(*ahead.here.runs)]
        fields += [*_spots(ahead.tickets, ahead.moves), ahead.since_ms, ahead.journal, here]
    return to_base64url(canonical_json(fields))


def read(text: str) -> Cursor | None:
    """The cursor of a text; None if it was never given out."""
    try:
        fields: Any = json.loads(from_base64url(text) or b"")
        form, gate, offers, until_ms, begins_ms, after, *spots = fields
        numbers, ahead = [until_ms], None
        tickets, moves = _spots_of(spots[:5], numbers)
        if len(spots) > 5:  # noqa: PLR2004  two spots have five fields
            *there, since_ms, journal, here = spots[5:]
            numbers += [since_ms, *(here or ())]
            ahead = Ahead(
                since_ms, *_spots_of(there, numbers), journal=journal, here=_here_of(here)
            )
        cursor = Cursor(
            gate=gate,
            offers=offers,
            until_ms=until_ms,
            begins_ms=begins_ms,
            after=None if after is None else bytes.fromhex(after),
            tickets=tickets,
            moves=moves,
            ahead=ahead,
        )
        is_ours = form == _FORM and written(cursor) == text  # nothing but what was given out
        _ = [EPOCH + (ms or 0) * _MS for ms in (until_ms, begins_ms)]
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return cursor if is_ours and _are_numbers(numbers) else None


def _short(journal: bytes) -> str:
    """Enough of a journal's id to tell it from a station's next one."""
    return journal[:_SHORT_BYTES].hex()


def _here_of(fields: list[int] | None) -> Uploaded | None:
    if fields is None:
        return None
    acked, *ends = fields
    return Uploaded(acked, tuple(zip(ends[::2], ends[1::2], strict=True)))


def _spots(tickets: Spot, moves: Spot) -> list[Any]:
    return [tickets.pos, tickets.id.hex(), moves.pos, moves.id.hex(), moves.no]


def _spots_of(fields: list[Any], numbers: list[object]) -> tuple[Spot, Spot]:
    ticket_pos, ticket_id, move_pos, move_id, move_no = fields
    numbers += [ticket_pos, move_pos, move_no]
    tickets = Spot(ticket_pos, bytes.fromhex(ticket_id))
    return tickets, Spot(move_pos, bytes.fromhex(move_id), move_no)


def _are_numbers(values: list[object]) -> bool:
    return all(type(value) is int and 0 <= value < 1 << 62 for value in values)
