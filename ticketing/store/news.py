"""What is new behind a reader's cursor; in the store room.

Rows come in commit order: by position, and by primary key within one. What is not final
yet (see `positions`) is left to the next look, so a late commit is never passed over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Column,
    RowMapping,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from ticketing.domain.events import (
    ConflictNews,
    Event,
    RedemptionNews,
    ScanNews,
    TicketNews,
    of_conflict,
    of_redemption,
    of_scan,
    of_ticket,
)
from ticketing.store import moves, positions, schema
from ticketing.store.scans import ScanState
from ticketing.store.unit import Unit
from ticketing.wire.verdict import Basis, TicketState

C = schema.cursors.c
_S, _T, _X, _M = schema.scans.c, schema.tickets.c, schema.conflicts.c, schema.moves.c
_R = schema.redemptions.c
Rows = Sequence[RowMapping]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has come in one table: up to this row all is read; `key` as text."""

    name: str
    pos: int
    key: str


@dataclass(frozen=True, slots=True)
class Found:
    """The events of some new rows, and the cursor behind the last of them."""

    rows: int
    events: tuple[Event, ...]
    cursor: Cursor


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A table with positions.

    `with_more` adds what else its events need to a query of its rows; `read` makes the
    events of one of them, none that are older than a time.
    """

    name: str
    table: Table
    with_more: Callable[[Select[Any]], Select[Any]]
    read: Callable[[Rows, datetime], tuple[Event, ...]]

    @property
    def key(self) -> Column[Any]:
        """Its primary key, one column."""
        return next(iter(self.table.primary_key.columns))

    def cursor_of(self, reader: str) -> str:
        """The name of a reader's cursor in it."""
        return f"{reader}/{self.name}"


# ------------------------------------------------------------ cursors
def start(unit: Unit, reader: str) -> None:
    """Let a new reader begin with what comes from now on."""
    for source in SOURCES:
        last = select(func.coalesce(func.max(source.table.c.pos), 0)).scalar_subquery()
        # PostgreSQL: what is not final may still be committed, so it is not history
        first_open = last + 1 if unit.is_sqlite else positions.final_below(unit)
        pos = int(unit.run(select(first_open)).scalar_one())
        row = {"name": source.cursor_of(reader), "pos": pos, "key": ""}
        unit.run(insert(schema.cursors).values(row))


def find_cursor(unit: Unit, reader: str, source: Source) -> Cursor | None:
    """Where a reader stands in a source."""
    query = select(schema.cursors).where(C.name == source.cursor_of(reader))
    row = unit.run(query).first()
    return None if row is None else Cursor(row.name, row.pos, row.key)


def advance(unit: Unit, old: Cursor, new: Cursor) -> bool:
    """Go on from one place to the next; False if another worker was faster."""
    is_there = and_(C.name == old.name, C.pos == old.pos, C.key == old.key)
    statement = (
        update(schema.cursors).where(is_there).values(pos=new.pos, key=new.key).returning(C.name)
    )
    return unit.run(statement).first() is not None


def stop(unit: Unit, reader: str) -> None:
    """Forget where a reader stood."""
    names = [source.cursor_of(reader) for source in SOURCES]
    unit.run(delete(schema.cursors).where(C.name.in_(names)))


# ------------------------------------------------------------ reading on
def behind(
    unit: Unit, source: Source, cursor: Cursor, *, limit: int, since: datetime
) -> Found | None:
    """The next rows behind a cursor that are final, with their events; None if none are."""
    table, key = source.table, source.key
    is_bytes = key.type.python_type is bytes
    last = bytes.fromhex(cursor.key) if is_bytes else cursor.key
    ids = (
        select(table.c.pos.label("new_pos"), key.label("new_key"))
        .where(
            table.c.pos >= cursor.pos,
            table.c.pos < positions.final_below(unit),
            or_(table.c.pos > cursor.pos, key > last),
        )
        .order_by(table.c.pos, key)
        .limit(limit)
        .subquery()
    )
    query = source.with_more(select(table, *ids.c).join_from(ids, table, key == ids.c.new_key))
    found = unit.run(query.order_by(ids.c.new_pos, ids.c.new_key)).mappings().all()
    if not found:
        return None
    each = [tuple(rows) for _, rows in groupby(found, key=lambda row: row["new_key"])]
    events = tuple(event for rows in each for event in source.read(rows, since))
    end = found[-1]["new_key"]
    behind_last = Cursor(cursor.name, found[-1]["new_pos"], end.hex() if is_bytes else end)
    return Found(len(each), events, behind_last)


# ------------------------------------------------------------ the sources
def _with_moves(query: Select[Any]) -> Select[Any]:
    own = and_(_M.ticket_id == _S.ticket, _M.scan_id == _S.scan_id)
    return query.add_columns(*_M).outerjoin(schema.moves, own)


def _with_offer(query: Select[Any]) -> Select[Any]:
    offers = schema.offers
    return query.add_columns(offers.c.slug).join(offers, offers.c.number == _T.offer)


def _alone(query: Select[Any]) -> Select[Any]:
    return query


def _scan_events(rows: Rows, since: datetime) -> tuple[Event, ...]:
    row = rows[0]
    state, basis = ScanState(row[_S.state]), Basis(row[_S.basis])
    known_at = row[_S.settled_at] or row[_S.received_at]
    own = [moves.to_move(one) for one in rows if one[_M.ticket_id] is not None]
    news = ScanNews(
        scan=row[_S.scan_id].hex(),
        ticket=_hex(row[_S.ticket]),
        gate=row[_S.gate],
        station=row[_S.station],
        direction=row[_S.direction].value,
        basis=basis.value,
        verdict=row[_S.verdict],
        reason=row[_S.reason].value,
        people=row[_S.people],
        moves=tuple(sorted(own, key=lambda move: move.no)),
        at=known_at if row[_S.settled_at] or basis is Basis.ONLINE else _scanned_at(row),
        known_at=known_at,
        is_settled=state is not ScanState.PENDING,
        is_annulled=state is ScanState.ANNULLED,
    )
    return of_scan(news, since=since)


def _scanned_at(row: RowMapping) -> datetime:
    """By the service's clock, as far as the difference is known."""
    at: datetime = row[_S.scanned_at]
    return at - timedelta(milliseconds=row[_S.diff_ms] or 0)


def _ticket_events(rows: Rows, since: datetime) -> tuple[Event, ...]:
    del since
    row = rows[0]
    is_revoked = row[_T.state] is TicketState.REVOKED
    return of_ticket(
        TicketNews(
            ticket=row[_T.id].hex(),
            offer=row[schema.offers.c.slug],
            issued_at=row[_T.created_at],
            revoked_at=row[_T.state_at] if is_revoked else None,
        )
    )


def _conflict_events(rows: Rows, since: datetime) -> tuple[Event, ...]:
    del since
    row = rows[0]
    return of_conflict(
        ConflictNews(
            conflict=row[_X.id],
            kind=row[_X.kind],
            ticket=_hex(row[_X.ticket]),
            counted=_hex(row[_X.counted]),
            extra=row[_X.extra].hex(),
            people=row[_X.people_extra],
            found_at=row[_X.found_at],
        )
    )


def _with_batch(query: Select[Any]) -> Select[Any]:
    batches, offers = schema.code_batches, schema.offers
    return (
        query.add_columns(batches.c.id.label("batch_id"), offers.c.slug)
        .join(batches, batches.c.number == _R.batch)
        .outerjoin(offers, offers.c.number == _R.offer)
    )


def _redemption_events(rows: Rows, since: datetime) -> tuple[Event, ...]:
    del since
    row = rows[0]
    return of_redemption(
        RedemptionNews(
            redemption=row[_R.id],
            batch=row["batch_id"],
            offer=row[schema.offers.c.slug],
            off_cents=row[_R.off_cents],
            source=row[_R.source],
            gate=row[_R.gate],
            station=row[_R.station],
            redeemed_at=row[_R.at],
            released_at=row[_R.released_at],
        )
    )


def _hex(raw: bytes | None) -> str | None:
    return None if raw is None else raw.hex()


SOURCES = (
    Source("tickets", schema.tickets, _with_offer, _ticket_events),
    Source("scans", schema.scans, _with_moves, _scan_events),
    Source("conflicts", schema.conflicts, _alone, _conflict_events),
    Source("redemptions", schema.redemptions, _with_batch, _redemption_events),
)
"""In the order in which they are looked at: a ticket's issue is told before its scan."""
