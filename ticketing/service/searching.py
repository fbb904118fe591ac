"""Looking for tickets by name, reference, short code or visitor; in the service room."""

from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain import names
from ticketing.domain.ids import VisitorId
from ticketing.domain.museum import day_bounds, local_day
from ticketing.service.errors import FieldError, Invalid
from ticketing.service.gate.judging import look
from ticketing.service.pages import LIMIT, Page, place_of, text_of
from ticketing.service.ports import House
from ticketing.service.tickets import ListedTicket, with_histories
from ticketing.store import searching as rows
from ticketing.store.searching import Found
from ticketing.store.tickets import Place
from ticketing.store.unit import Unit
from ticketing.wire.check import CodeKind, fold, is_valid
from ticketing.wire.token import Token

LETTERS_LEAST = 3
"""A gate PC may look for somebody, not leaf through everybody."""
_FOLDED_LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for: exactly one of the first four.

    Every word of `holder` stands in the name, without case and accents; `reference` is
    exact; `short_code` as typed. `ended_after` leaves out tickets over by then (aware).
    """

    holder: str | None = None
    reference: str | None = None
    short_code: str | None = None
    visitor: VisitorId | None = None
    cursor: str | None = None
    limit: int = LIMIT
    ended_after: datetime | None = None


def search_tickets(unit: Unit, *, search: Search) -> Page[ListedTicket]:
    """Tickets that match, newest first, with moves and slots.

    Raises:
        Invalid: Not exactly one thing to look for, none of it there, a bad cursor.
    """
    found = _found(unit, search, place_of(search.cursor))
    items = with_histories(unit, found[: search.limit])
    return Page(items, text_of(items[-1].ticket) if len(found) > search.limit else None)


def search_at_gate(unit: Unit, house: House, *, search: Search) -> Page[ListedTicket]:
    """The same for a station: by at least three letters, and only tickets still of use.

    Raises:
        Invalid: As `search_tickets`; `holder` or `reference` that is shorter; `visitor`.
    """
    if search.visitor is not None:
        raise Invalid(FieldError("visitor", "not_for_stations"))
    if search.holder is not None and _is_short(search.holder):
        raise Invalid(FieldError("holder", "too_short"))
    if search.reference is not None and names.letters(search.reference) < LETTERS_LEAST:
        raise Invalid(FieldError("reference", "too_short"))
    zone, now = house.museum.zone, house.clock.now()
    today_at, _ = day_bounds(local_day(now, zone), zone)
    return search_tickets(unit, search=replace(search, ended_after=today_at))


def search_anything(
    unit: Unit, house: House, *, text: str, limit: int = LIMIT
) -> Page[ListedTicket]:
    """What somebody at a desk types or reads with a hand scanner, newest first.

    A barcode of ours, a short code, a reference, or at least three letters of a name; what
    is a reference and has a digit is no name. More letters find less: there is no next page
    to be asked for.

    Raises:
        Invalid: `text` of too few letters that is nothing else either.
    """
    typed = text.strip()
    exact = of_exactly(unit, house, typed)
    if exact:
        return Page(with_histories(unit, exact), None)
    found: Found = ()
    if "\0" not in typed:
        found = rows.of_reference(unit, typed, ended_after=None, after=None, limit=limit + 1)
    if is_name(typed, is_known=bool(found)):
        known = {ticket.id for ticket, _ in found}
        named = _of_holder(unit, typed, Search(limit=limit), None)
        found = (*found, *(pair for pair in named if pair[0].id not in known))
    shown = with_histories(unit, found[:limit])
    return Page(shown, text_of(shown[-1].ticket) if len(found) > limit else None)


def is_name(typed: str, *, is_known: bool) -> bool:
    """Whether a name is to be looked for; what is known as something else and has a digit is none.

    Raises:
        Invalid: `text` of too few letters that is nothing else either.
    """
    if _is_short(typed):
        if not is_known:
            raise Invalid(FieldError("text", "too_short"))
        return False
    return not (is_known and any(symbol.isdigit() for symbol in typed))


def words_of(name: str) -> list[str]:
    """The words of a name, the longest first: the rarest decides first."""
    return sorted(names.words(name), key=len, reverse=True)


def of_exactly(unit: Unit, house: House, typed: str) -> Found:
    """The one ticket of a barcode or a short code; nothing for any other text."""
    token = look(typed, signer=house.signer).token
    if isinstance(token, Token):
        pairs = rows.of_ids(unit, (token.claims.ticket_id,))
        return tuple(pair for pair in pairs if pair[0].holder)  # else it is nobody's any more
    if is_valid(fold(typed), CodeKind.SHORT):
        return rows.of_short_code(unit, fold(typed))
    return ()


# ------------------------------------------------------------ parts of the above
def _is_short(text: str) -> bool:
    """Fewer than three letters, or three that are one umlaut written out."""
    is_one_letter = names.letters(names.search_key(text)) < _FOLDED_LEAST
    return is_one_letter or names.letters(text) < LETTERS_LEAST


def _found(unit: Unit, search: Search, after: Place | None) -> Found:
    """One match more than asked for, if there is one."""
    most, ended = search.limit + 1, search.ended_after
    match (search.holder, search.reference, search.short_code, search.visitor):
        case (str(holder), None, None, None):
            return _of_holder(unit, holder, search, after)
        case (None, str(reference), None, None) if "\0" not in reference:
            return rows.of_reference(unit, reference, ended_after=ended, after=after, limit=most)
        case (None, None, str(code), None):
            is_code = is_valid(fold(code), CodeKind.SHORT) and after is None
            return rows.of_short_code(unit, fold(code)) if is_code else ()
        case (None, None, None, bytes(visitor)):
            return rows.of_visitor(
                unit, VisitorId(visitor), ended_after=ended, after=after, limit=most
            )
        case _:
            raise Invalid(FieldError("holder", "one_of_four"))


def _of_holder(unit: Unit, holder: str, search: Search, after: Place | None) -> Found:
    if not names.letters(holder):
        raise Invalid(FieldError("holder", "empty"))
    if "\0" in holder:  # no name has one, and a database refuses it
        return ()
    return rows.of_words(
        unit,
        words_of(holder),
        ended_after=search.ended_after,
        after=after,
        limit=search.limit + 1,
    )
