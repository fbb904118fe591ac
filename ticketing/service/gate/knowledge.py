"""What a station may know, so that it can judge without the service; in the service room.

Ids, states, validity and what the moves add up to; a name only in its box. A station asks
with the cursor of its last page: first a walk through all tickets by id, then what has
changed since that began, and once a local day those whose time comes nearer. A page takes a
constant number of statements, and none of them a lock.

The cursor holds the gate and which offers are not for it: when either changes, the station
is told to load everything anew (`Gone`), and its old knowledge serves meanwhile.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ticketing.domain import offers as offer_rules
from ticketing.domain.accounts import Station
from ticketing.domain.museum import Museum, day_bounds, local_day
from ticketing.domain.offers import Offer
from ticketing.domain.opening import opening_on
from ticketing.service.errors import Gone
from ticketing.service.gate import cursors
from ticketing.service.gate.cursors import Cursor, ahead_of
from ticketing.service.ports import House
from ticketing.store import counters
from ticketing.store import knowledge as rows
from ticketing.store import offers as offer_rows
from ticketing.store.knowledge import Bounds, Scope, Spot, TicketRow, Uploaded
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit
from ticketing.wire.admission import Move, MoveKind, Moves, Terms, fold
from ticketing.wire.codec import canonical_json
from ticketing.wire.house import HouseSettings, OpenDay
from ticketing.wire.sync_api import MOST_TICKETS, KnowledgePage, KnownTicket
from ticketing.wire.token import TicketId

CALENDAR_DAYS = 14
_LANGUAGES = ("de", "en")
_MS = timedelta(milliseconds=1)
_DIGEST_CHARACTERS = 16
_MOST_DAYS = 366
_ALONE = Terms(party=1)  # nothing is added up without moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a station asks with; without `epoch` and `cursor` it begins anew.

    `journal` (16 bytes) is its own, to hear which of its entries the rows contain.
    """

    epoch: str | None = None
    cursor: str | None = None
    limit: int = MOST_TICKETS
    journal: bytes | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A page but for its offers, and the offers."""

    page: KnowledgePage
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """What one page found: tickets, where it ends, whether that was all there is.

    `behind_ms`: for so long something may have been committed where the question has been
    already; `contained`: entries of the station's journal that are in all that was told, on
    the last page.
    """

    ids: tuple[TicketId, ...]
    cursor: Cursor
    more: bool = False
    behind_ms: int = 0
    contained: Uploaded | None = None


def knowledge(unit: Unit, house: House, *, station: Station, asked: Asked) -> Told:
    """The next page for a station.

    Raises:
        Gone: `epoch` or `cursor` is not of this database, gate and set of offers: load anew.
    """
    now, zone = house.clock.now(), house.museum.zone
    here = None
    if asked.journal is not None:  # read first: what is here then is in the rows read later
        here = rows.uploaded(unit, asked.journal, station=station.id)
    epoch, bounds = _epoch(unit), rows.bounds(unit)
    offers = offer_rows.listed(unit)
    scope = _scope(house.museum, offers, gate=station.gate, now=now)
    cursor = _place(asked, epoch=epoch, bounds=bounds, scope=scope, gate=station.gate)
    search = _Search(unit, bounds, now_ms=_to_ms(now), journal=asked.journal, here=here)
    step = _step(search, cursor, scope=scope, limit=asked.limit)
    known, gone = _looked_up(unit, step.ids, offers=offers, scope=scope, zone=zone)
    contained = step.contained
    page = KnowledgePage(
        epoch=epoch,
        cursor=cursors.written(step.cursor),
        more=step.more,
        server_time=now,
        window_from=scope.since,
        window_until=scope.until,
        keys=house.signer.ring(),
        offers=(),
        settings=_settings(house.museum, station, now=now),
        tickets=known,
        gone=gone,
        acked=None if contained is None else contained.acked,
        held=() if contained is None else contained.runs,
        behind_ms=step.behind_ms,
    )
    return Told(page, offers)


def known_ticket(
    row: TicketRow, moves: Sequence[Move], *, terms: Terms, zone: ZoneInfo
) -> KnownTicket:
    """What a station may know of one ticket: its moves added up as of the last entry."""
    plain = KnownTicket(
        id=row.id,
        issue=row.issue,
        state=row.state,
        not_before=row.valid_from,
        not_after=row.valid_until,
        party=row.party,
        box=row.name_box,
    )
    if not moves:
        return plain
    sums = _as_of_entry(moves, terms=terms, zone=zone)
    return replace(
        plain,
        people_today=sums.people_in_use,
        uses_total=sums.uses,
        last_move_no=sums.last_no,
        last_in_at=sums.entered_at,
        last_in_gate=_gate_of(moves, sums.entered_at),
        inside=sums.inside,
        uses_today=sums.uses_today,
        first_in_at=sums.first_at,
        first_in_gate=sums.first_gate,
        has_left=sums.last_kind is MoveKind.EXIT,
    )


# ------------------------------------------------------------ one row
def _as_of_entry(moves: Sequence[Move], *, terms: Terms, zone: ZoneInfo) -> Moves:
    """Figures of a day are told with the day they belong to, not with the day of asking."""
    latest = max(move.at for move in moves)
    sums = fold(moves, latest, zone, terms=terms)
    if sums.entered_at is None or sums.use_open:
        return sums
    return fold(moves, sums.entered_at, zone, terms=terms)


def _gate_of(moves: Sequence[Move], at: datetime | None) -> str | None:
    entries = (MoveKind.ENTRY, MoveKind.REENTRY)
    return next((m.gate for m in reversed(moves) if m.at == at and m.kind in entries), None)


def _looked_up(
    unit: Unit, ids: Sequence[TicketId], *, offers: Iterable[Offer], scope: Scope, zone: ZoneInfo
) -> tuple[tuple[KnownTicket, ...], tuple[TicketId, ...]]:
    """The rows of these tickets, and the ids a station has to forget."""
    if not ids:
        return (), ()
    found = rows.rows(unit, scope, ids)
    moves = rows.moves_of(unit, ids)
    terms = _terms(unit, [row for row in found if row.id in moves], offers)
    known = tuple(
        known_ticket(row, moves.get(row.id, ()), terms=terms.get(row.id, _ALONE), zone=zone)
        for row in found
        if row.is_known
    )
    return known, tuple(row.id for row in found if not row.is_known and row.has_turned)


def _terms(
    unit: Unit, used: Sequence[TicketRow], offers: Iterable[Offer]
) -> Mapping[TicketId, Terms]:
    """How the moves of used tickets add up."""
    wanted = sorted({row.slot for row in used if row.slot is not None})
    slots = rows.slots_of(unit, wanted) if wanted else {}
    by_number = {offer.number: offer for offer in offers}
    found = {}
    for row in used:
        offer, slot = by_number[row.offer], slots.get(row.slot or "")
        window = None if slot is None else offer_rules.slot_window(offer, slot)
        found[row.id] = Terms(party=row.party, slot=window, reentry=offer.reentry)
    return found


# ------------------------------------------------------------ what is next
@dataclass(frozen=True, slots=True)
class _Search:
    """Where it is looked, and up to where changes are final; the time in ms since 1970.

    `here` is what was uploaded of the journal before anything else was looked at.
    """

    unit: Unit
    bounds: Bounds
    now_ms: int
    journal: bytes | None
    here: Uploaded | None


def _step(search: _Search, cursor: Cursor, *, scope: Scope, limit: int) -> _Step:
    until_ms = _to_ms(scope.until)
    if cursor.after is None and cursor.until_ms < until_ms:  # a day has begun
        cursor = replace(cursor, begins_ms=cursor.until_ms, until_ms=until_ms, after=b"")
    if cursor.after is None:
        return _changes(search, cursor, limit=limit)
    begins = None if cursor.begins_ms is None else EPOCH + cursor.begins_ms * _MS
    until = replace(scope, until=EPOCH + cursor.until_ms * _MS)
    ids = rows.walk(search.unit, until, begins=begins, after=cursor.after, limit=limit)
    if len(ids) == limit:
        return _Step(ids, replace(cursor, after=ids[-1]), more=True)
    rest = _changes(search, replace(cursor, after=None), limit=limit - len(ids))
    return replace(rest, ids=(*ids, *rest.ids))


def _changes(search: _Search, cursor: Cursor, *, limit: int) -> _Step:
    """Tickets first: what was revoked is more urgent than who came in.

    Of what is not final all is told as well, page by page; the next question begins again
    where it is, for what is committed late.
    """
    far = ahead_of(cursor, search.now_ms, journal=search.journal, here=search.here)
    tickets = rows.changed_tickets(search.unit, far.tickets, limit=limit)
    left = limit - len(tickets)
    moves = rows.changed_moves(search.unit, far.moves, limit=left) if left else ()
    ids = tuple(dict.fromkeys(TicketId(spot.id) for spot in (*tickets, *moves)))
    end = replace(cursor, ahead=None)
    if cursor.ahead is None:
        end = replace(
            end,
            tickets=_end(far.tickets, tickets, final_below=search.bounds.tickets),
            moves=_end(far.moves, moves, final_below=search.bounds.moves),
        )
    if len(moves) < left:
        behind_ms = 0 if cursor.ahead is None else max(1, search.now_ms - far.since_ms)
        return _Step(ids, end, behind_ms=behind_ms, contained=far.here_of(search.journal))
    reached = replace(far, tickets=(far.tickets, *tickets)[-1], moves=(far.moves, *moves)[-1])
    is_final = (reached.tickets, reached.moves) == (end.tickets, end.moves)
    return _Step(ids, end if is_final else replace(end, ahead=reached), more=True)


def _end(spot: Spot, found: Sequence[Spot], *, final_below: int) -> Spot:
    """The last final one: behind it something may still be committed."""
    return next((one for one in reversed(found) if one.pos < final_below), spot)


def _scope(museum: Museum, offers: Iterable[Offer], *, gate: str, now: datetime) -> Scope:
    """From the beginning of yesterday until the end of the last day that is told.

    Whole local days: then the window moves once a day and not at every question.
    """
    today = local_day(now, museum.zone)
    ahead = timedelta(days=min(max(0, museum.knowledge_days), _MOST_DAYS))
    return Scope(
        elsewhere=tuple(o.number for o in offers if o.gates is not None and gate not in o.gates),
        since=day_bounds(today - timedelta(days=1), museum.zone)[0],
        until=day_bounds(today + ahead, museum.zone)[1],
    )


def _settings(museum: Museum, station: Station, *, now: datetime) -> HouseSettings:
    today = local_day(now, museum.zone)
    days = [today + timedelta(days=ahead) for ahead in range(CALENDAR_DAYS)]
    hours = [opening_on(museum.hours, day) for day in days]
    return HouseSettings(
        museum=museum.name,
        zone=museum.zone.key,
        gate=station.gate,
        gate_name=station.gate_name,
        calendar=tuple(
            OpenDay(day, *((None, None) if found is None else (found.opens, found.closes)))
            for day, found in zip(days, hours, strict=True)
        ),
        languages=_LANGUAGES,
    )


# ------------------------------------------------------------ the cursor
def _epoch(unit: Unit) -> str:
    return f"{counters.read(unit, 'epoch') or 0:016x}"


def _place(asked: Asked, *, epoch: str, bounds: Bounds, scope: Scope, gate: str) -> Cursor:
    fresh = Cursor(
        gate=gate,
        offers=_digest(scope.elsewhere),
        until_ms=_to_ms(scope.until),
        begins_ms=None,
        after=b"",
        tickets=Spot(bounds.tickets),
        moves=Spot(bounds.moves),
    )
    if asked.epoch is None and asked.cursor is None:
        return fresh
    cursor = None if asked.cursor is None else cursors.read(asked.cursor)
    if cursor is None or asked.epoch != epoch:
        raise Gone
    is_here = (cursor.gate, cursor.offers) == (fresh.gate, fresh.offers)
    is_ahead = cursor.tickets.pos > bounds.tickets or cursor.moves.pos > bounds.moves
    if is_ahead or not is_here:
        raise Gone
    return cursor


def _digest(elsewhere: Sequence[int]) -> str:
    digest = hashlib.sha256(canonical_json(sorted(elsewhere))).hexdigest()
    return digest[:_DIGEST_CHARACTERS]


def _to_ms(at: datetime) -> int:
    return (at - EPOCH) // _MS
