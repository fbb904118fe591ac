"""All that a verdict needs, read in one statement; in the store room.

So an admitted scan stays within four: this, the move, the counter, the scan. Who asks is
found by the same statement, by its token. What became of a scan that is there already is read
by one more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, exists, literal, or_, select

from ticketing.domain.accounts import Station
from ticketing.domain.ids import ScanId, StationId
from ticketing.domain.offers import Offer
from ticketing.domain.slots import Slot
from ticketing.domain.tickets import Ticket
from ticketing.store import moves, offers, scans, schema, slots, stations, tickets
from ticketing.store.codes import Found
from ticketing.store.prepared import Call, Prepared, Row
from ticketing.store.scans import Scan
from ticketing.store.types import UtcMs
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move
from ticketing.wire.token import TicketId

T = schema.scans.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A discount code that was shown, every offer there is, and its visitor's uses so far."""

    found: Found
    offers: tuple[Offer, ...]
    visitor_uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about a scan and its ticket, as one statement saw it.

    `inside` people are in the house; `came` so far by tickets of its slot; `unsent_elsewhere`:
    another station has entries that have not arrived, or is silent since today. `code` is
    looked up by whoever asks about one.
    """

    scan: Scan | None
    ticket: Ticket | None
    offer: Offer | None
    moves: tuple[Move, ...]
    inside: int
    slot: Slot | None = None
    came: int = 0
    unsent_elsewhere: bool = False
    code: ShownCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What to look for: a scan, and a ticket by its id or by its short code."""

    scan_id: ScanId
    ticket_id: TicketId | None = None
    short_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else is looked at: people inside by that counter, and other stations.

    Another station than `station` may know more if it was heard of since `today_at`
    (aware UTC) but not since `silent_at`, or has told of unsent entries.
    """

    counter: str
    station: StationId
    today_at: datetime
    silent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the station with a token, as its SHA-256, wants to know."""

    key: Key
    token_hash: bytes
    around: Around


def find(unit: Unit, key: Key, *, around: Around) -> Facts:
    """The scan if it is stored, the presented ticket with offer, slot and moves."""
    if key.short_code is not None:
        return _facts(unit, _BY_SHORT_CODE, key, around)
    return _facts(unit, _BY_TICKET, key, around)


def find_asked(unit: Unit, asked: Asked) -> tuple[Station, Facts] | None:
    """The same for the station of a token, which need not be known yet; None for nobody's."""
    return _found(unit, unit.fetch(*_call(asked)))


def find_each_asked(unit: Unit, each: Sequence[Asked]) -> list[tuple[Station, Facts] | None]:
    """The same for several at once, on PostgreSQL."""
    return [_found(unit, rows) for rows in unit.fetch_each([_call(asked) for asked in each])]


def find_of_scan(unit: Unit, scan_id: ScanId, *, around: Around) -> Facts:
    """A stored scan with its own ticket, offer, slot and moves."""
    return _facts(unit, _BY_SCAN, Key(scan_id=scan_id), around)


def latest(unit: Unit, limit: int) -> tuple[Facts, ...]:
    """The newest scans with ticket and offer; the rest is left out."""
    query = (
        select(schema.scans, schema.tickets, schema.offers)
        .select_from(schema.scans)
        .outerjoin(schema.tickets, schema.tickets.c.id == T.ticket)
        .outerjoin(schema.offers, schema.offers.c.number == schema.tickets.c.offer)
        .order_by(T.received_at.desc(), T.scan_id)
        .limit(limit)
    )
    return tuple(_one(row, scan=scans.to_scan(row)) for row in unit.run(query).mappings())


# ------------------------------------------------------------ the one statement of a scan
def _counter(name: ColumnElement[str]) -> ColumnElement[int]:
    counters = schema.counters.c
    return select(counters.n).where(counters.name == name).scalar_subquery()


def _unsent(asking: ColumnElement[str]) -> ColumnElement[bool]:
    other = schema.stations.alias("other").c
    is_silent = (other.last_seen_at < bindparam("silent_at", type_=UtcMs())) & (
        other.last_seen_at >= bindparam("today_at", type_=UtcMs())
    )
    return exists().where(
        other.id != asking,
        other.revoked_at.is_(None),
        or_(other.unsent > 0, is_silent),
    )


def _statement(is_presented: ColumnElement[bool]) -> Prepared:
    anchor = select(literal(1).label("one")).subquery()  # a row even if nothing is found
    return Prepared(_around(anchor, is_presented, asking=bindparam("key_station")))


def _asked(is_presented: ColumnElement[bool]) -> Prepared:
    own, gate = schema.stations.c, schema.gates.c
    anchor = schema.stations.join(schema.gates)
    query = _around(anchor, is_presented, asking=own.id)
    return Prepared(
        query.add_columns(*own, gate.name_de, gate.name_en).where(
            own.token_hash == bindparam("key_token"), own.revoked_at.is_(None)
        )
    )


def _around(
    anchor: FromClause, is_presented: ColumnElement[bool], *, asking: ColumnElement[str]
) -> Select[Any]:
    came = _counter(literal(slots.came_name("")) + schema.tickets.c.slot)
    return (
        select(
            T.scan_id.label("known_scan"),  # hardly ever there: what became of it is read then
            schema.tickets,
            schema.offers,
            schema.slots,
            schema.moves,
            _counter(bindparam("key_counter")).label("people_inside"),
            came.label("people_came"),
            _unsent(asking).label("unsent_elsewhere"),
        )
        .select_from(anchor)
        .outerjoin(schema.scans, T.scan_id == bindparam("key_scan"))
        .outerjoin(schema.tickets, is_presented)
        .outerjoin(schema.offers, schema.offers.c.number == schema.tickets.c.offer)
        .outerjoin(schema.slots, schema.slots.c.id == schema.tickets.c.slot)
        .outerjoin(schema.moves, schema.moves.c.ticket_id == schema.tickets.c.id)
        .order_by(schema.moves.c.move_no)
    )


_BY_TICKET = _statement(schema.tickets.c.id == bindparam("key_ticket"))
_BY_SHORT_CODE = _statement(schema.tickets.c.short_code == bindparam("key_ticket"))
_ASKED_BY_TICKET = _asked(schema.tickets.c.id == bindparam("key_ticket"))
_ASKED_BY_SHORT_CODE = _asked(schema.tickets.c.short_code == bindparam("key_ticket"))
_BY_SCAN = _statement(schema.tickets.c.id == T.ticket)


def _call(asked: Asked) -> Call:
    statement = _ASKED_BY_TICKET if asked.key.short_code is None else _ASKED_BY_SHORT_CODE
    return statement, _values(asked.key, asked.around) | {"key_token": asked.token_hash}


def _found(unit: Unit, rows: Sequence[Row]) -> tuple[Station, Facts] | None:
    return (stations.to_station(rows[0]), _seen(unit, rows)) if rows else None


def _facts(unit: Unit, statement: Prepared, key: Key, around: Around) -> Facts:
    return _seen(unit, unit.fetch(statement, _values(key, around)))


def _seen(unit: Unit, rows: Sequence[Row]) -> Facts:
    known = rows[0]["known_scan"]
    return _one(rows[0], rows, scan=None if known is None else scans.find(unit, known))


def _values(key: Key, around: Around) -> dict[str, Any]:
    return {
        "key_scan": key.scan_id,
        "key_ticket": key.short_code or key.ticket_id or b"",
        "key_counter": around.counter,
        "key_station": around.station,
        "today_at": around.today_at,
        "silent_at": around.silent_at,
    }


def _one(row: Row, rows: Sequence[Row] = (), *, scan: Scan | None) -> Facts:
    has_ticket = row[schema.tickets.c.id] is not None
    has_slot = bool(rows) and row[schema.slots.c.id] is not None
    return Facts(
        scan=scan,
        ticket=tickets.to_ticket(row) if has_ticket else None,
        offer=offers.to_offer(row) if has_ticket else None,
        moves=tuple(moves.to_move(r) for r in rows if r[schema.moves.c.ticket_id] is not None),
        inside=max(0, row["people_inside"] or 0) if rows else 0,
        slot=slots.to_slot(row) if has_slot else None,
        came=(row["people_came"] or 0) if rows else 0,
        unsent_elsewhere=bool(rows) and bool(row["unsent_elsewhere"]),
    )
