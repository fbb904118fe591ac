"""What the house tells other programs: events, derived from what is stored (domain: pure).

A body is `{"type", "timestamp", "data"}`; `data` holds ids and words, never a name, a
code or a text. An event's id is made from its kind and the row it comes from, so the same
event found again has the same id and is not sent twice; it holds no full stop, which
separates the parts that are signed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.verdict import Verdict

Data = Mapping[str, str | int | None]


class EventName(StrEnum):
    """What may happen."""

    TICKET_ISSUED = "ticket.issued"
    TICKET_REVOKED = "ticket.revoked"
    SCAN_ADMITTED = "scan.admitted"
    SCAN_REFUSED = "scan.refused"
    SCAN_EXITED = "scan.exited"
    SCAN_ANNULLED = "scan.annulled"
    CONFLICT_FOUND = "conflict.found"
    VISITOR_ERASED = "visitor.erased"
    CODE_REDEEMED = "code.redeemed"
    CODE_RELEASED = "code.released"
    WEBHOOK_TEST = "webhook.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened `at` a time and is known of since `known_at` (aware UTC)."""

    id: str
    name: EventName
    at: datetime
    known_at: datetime
    data: Data

    @property
    def body(self) -> str:
        """The JSON text that is sent and signed."""
        told = {"type": self.name.value, "timestamp": _iso(self.at), "data": dict(self.data)}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanNews:
    """A scan as it stands: `moves` are those with its id, in their order.

    `at` is when it happened, `known_at` when the service came to its present state.
    `is_annulled`: it was taken back; a scan that is not `is_settled` waits for staff or
    has lapsed.
    """

    scan: str
    ticket: str | None
    gate: str
    station: str
    direction: str
    basis: str
    verdict: Verdict
    reason: str
    people: int
    moves: tuple[Move, ...]
    at: datetime
    known_at: datetime
    is_settled: bool
    is_annulled: bool

    @property
    def data(self) -> dict[str, str | int | None]:
        """What each of its events tells."""
        return {
            "scan": self.scan,
            "ticket": self.ticket,
            "gate": self.gate,
            "station": self.station,
            "direction": self.direction,
            "basis": self.basis,
            "reason": self.reason,
            "people": self.people,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNews:
    """A ticket as it stands; `revoked_at` is None while it is not revoked."""

    ticket: str
    offer: str
    issued_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictNews:
    """A conflict: the scan that counted, if any, and the one that was too many."""

    conflict: str
    kind: str
    ticket: str | None
    counted: str | None
    extra: str
    people: int
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionNews:
    """A redemption of a discount code as it stands; ids alone, never the code.

    `released_at` is None while it holds.
    """

    redemption: str
    batch: str
    offer: str | None
    off_cents: int
    source: str
    gate: str | None
    station: str | None
    redeemed_at: datetime
    released_at: datetime | None


_OF_MOVE: Mapping[MoveKind, EventName] = {
    MoveKind.ENTRY: EventName.SCAN_ADMITTED,
    MoveKind.REENTRY: EventName.SCAN_ADMITTED,
    MoveKind.EXIT: EventName.SCAN_EXITED,
    MoveKind.ANNUL: EventName.SCAN_ANNULLED,
}
_OF_VERDICT: Mapping[Verdict, EventName] = {
    Verdict.ADMIT: EventName.SCAN_ADMITTED,
    Verdict.EXIT: EventName.SCAN_EXITED,
    Verdict.REFUSE: EventName.SCAN_REFUSED,
}
_ANNULLED = "annulled"
_OK_OF_MOVE: Mapping[MoveKind, str] = {
    MoveKind.ENTRY: "ok",
    MoveKind.REENTRY: "ok_reentry",
    MoveKind.EXIT: "ok_exit",
    MoveKind.ANNUL: _ANNULLED,
}


def of_scan(news: ScanNews, *, since: datetime) -> tuple[Event, ...]:
    """All that happened with a scan, oldest first.

    Each of its moves is an event of its own: what was taken back was admitted before. The
    newest is known of since the scan's present state; earlier ones of before `since` are
    left out, for the record of what was sent goes no further back.
    """
    if not news.is_settled:
        return ()
    moves = [move for move in news.moves if move is news.moves[-1] or move.at >= since]
    events = [_of_move(news, move, is_last=move is moves[-1]) for move in moves]
    ends = _OF_MOVE[moves[-1].kind] if moves else None
    standing = EventName.SCAN_ANNULLED if news.is_annulled else _OF_VERDICT.get(news.verdict)
    if standing is not None and standing is not ends:
        events.append(_standing(news, standing))
    return tuple(events)


def _of_move(news: ScanNews, move: Move, *, is_last: bool) -> Event:
    name = _OF_MOVE[move.kind]
    is_present = is_last and _OF_VERDICT.get(news.verdict) is name
    reason = news.reason if is_present else _OK_OF_MOVE[move.kind]
    return Event(
        id=_id(name, news.scan, str(move.no)),
        name=name,
        at=move.at,
        known_at=news.known_at,
        data=news.data | {"people": move.people, "reason": reason},
    )


def _standing(news: ScanNews, name: EventName) -> Event:
    """What no move says: a refusal, an override without a use, an annul after a later move."""
    return Event(
        id=_id(name, news.scan), name=name, at=news.at, known_at=news.known_at, data=news.data
    )


def of_ticket(news: TicketNews) -> tuple[Event, ...]:
    """That a ticket was issued, and that it was revoked."""
    issued = _of_ticket(news, EventName.TICKET_ISSUED, news.issued_at)
    if news.revoked_at is None:
        return (issued,)
    return (issued, _of_ticket(news, EventName.TICKET_REVOKED, news.revoked_at))


def _of_ticket(news: TicketNews, name: EventName, at: datetime) -> Event:
    data = {"ticket": news.ticket, "offer": news.offer}
    return Event(id=_id(name, news.ticket), name=name, at=at, known_at=at, data=data)


def of_conflict(news: ConflictNews) -> tuple[Event, ...]:
    """That a conflict was found; closing it is no event."""
    data = {
        "conflict": news.conflict,
        "kind": news.kind,
        "ticket": news.ticket,
        "counted": news.counted,
        "extra": news.extra,
        "people": news.people,
    }
    name, at = EventName.CONFLICT_FOUND, news.found_at
    return (Event(id=_id(name, news.conflict), name=name, at=at, known_at=at, data=data),)


def of_erasure(visitor: str, at: datetime) -> tuple[Event, ...]:
    """That a visitor was erased; the id leads nowhere any more."""
    name = EventName.VISITOR_ERASED
    return (Event(id=_id(name, visitor), name=name, at=at, known_at=at, data={"visitor": visitor}),)


def of_redemption(news: RedemptionNews) -> tuple[Event, ...]:
    """That a code was redeemed, and that it was given back."""
    redeemed = _of_redemption(news, EventName.CODE_REDEEMED, news.redeemed_at)
    if news.released_at is None:
        return (redeemed,)
    return (redeemed, _of_redemption(news, EventName.CODE_RELEASED, news.released_at))


def _of_redemption(news: RedemptionNews, name: EventName, at: datetime) -> Event:
    data: dict[str, str | int | None] = {
        "redemption": news.redemption,
        "batch": news.batch,
        "offer": news.offer,
        "off_cents": news.off_cents,
        "source": news.source,
        "gate": news.gate,
        "station": news.station,
    }
    return Event(id=_id(name, news.redemption), name=name, at=at, known_at=at, data=data)


def a_test(chance: bytes, webhook: str, at: datetime) -> Event:
    """An event that somebody asked for, to see whether it arrives."""
    name = EventName.WEBHOOK_TEST
    data = {"webhook": webhook}
    return Event(id=_id(name, chance.hex()), name=name, at=at, known_at=at, data=data)


def wanted(events: Iterable[Event], names: frozenset[str], *, since: datetime) -> tuple[Event, ...]:
    """Those that a receiver asked for (no names: all) and that are known of since a time."""
    return tuple(
        event
        for event in events
        if event.known_at >= since and (not names or event.name.value in names)
    )


def _id(name: EventName, *parts: str) -> str:
    words: list[Any] = ["evt", name.value.replace(".", "_"), *parts]
    return "_".join(words)


def _iso(at: datetime) -> str:
    """To the millisecond; the same for a time that was stored and read again."""
    cut = at.astimezone(UTC) - timedelta(microseconds=at.microsecond % 1000)
    return cut.isoformat(timespec="milliseconds").replace("+00:00", "Z")
