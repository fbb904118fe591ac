"""Who is taken for gone when the house closes (domain: pure)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ticketing.domain.opening import Calendar, closing_after, last_closing
from ticketing.wire.admission import Move, MoveKind, Terms, fold
from ticketing.wire.token import TicketId

_LABEL = b"einlass-checkout-v1\0"
_ID_BYTES = 16
_EPOCH_BYTES = 8


@dataclass(frozen=True, slots=True)
class ClosingTimes:
    """When the house closes: its opening hours and its zone."""

    calendar: Calendar
    zone: ZoneInfo


def due_exit(
    ticket: TicketId, moves: Sequence[Move], *, terms: Terms, closing: ClosingTimes, now: datetime
) -> Move | None:
    """The exit to be written for people who have not been seen leaving, or None.

    It is dated at the first closing behind their entry. Who came in at or after the last
    closing stays, who has left since was not inside. Written once it leaves nothing to write.
    """
    closed_at = last_closing(closing.calendar, now, closing.zone)
    before = [m for m in moves if m.at < closed_at or m.kind is MoveKind.ANNUL]
    then = fold(before, closed_at, closing.zone, terms=terms)
    people = min(then.inside, fold(moves, now, closing.zone, terms=terms).inside)
    if people == 0 or then.entered_at is None:
        return None
    at = closing_after(closing.calendar, then.entered_at, closing.zone)
    last_no = max(move.no for move in moves)
    gate = then.last_gate or ""
    return Move(last_no + 1, scan_id_of(ticket, at), MoveKind.EXIT, people, at, gate)


def scan_id_of(ticket: TicketId, closed_at: datetime) -> bytes:
    """The id that stands for the scan which nobody made: of that ticket at that closing."""
    epoch_ms = (closed_at - datetime.fromisoformat("1970-01-01T00:00Z")) // timedelta(
        milliseconds=1
    )
    text = _LABEL + ticket + epoch_ms.to_bytes(_EPOCH_BYTES, "big")
    return hashlib.sha256(text).digest()[:_ID_BYTES]
