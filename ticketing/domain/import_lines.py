"""The lines of a list of codes, read one by one; in the domain room.

Headings are German or English, in any order. What is read of a line is its code, and what it
says of its batch; lines of one batch that contradict each other are faults.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from ticketing.domain import cells, code_texts
from ticketing.domain.cells import CellFault
from ticketing.domain.code_imports import (
    FIELDS,
    Column,
    Entry,
    HeadingFault,
    LineFault,
    Problem,
    Wish,
    column_of,
)
from ticketing.domain.codes import NAME_LIMIT, OFFERS_LIMIT, Effect, EffectKind
from ticketing.domain.ids import VisitorId
from ticketing.domain.tables import BadTable, TableRow
from ticketing.domain.visitors import find_visitor_id
from ticketing.wire.check import fold

BATCHES_LIMIT: Final = 500
"""Batches that one file may be about."""
CELL_LIMIT: Final = 1_000
_CACHED: Final = 1_000
_SLUG: Final = re.compile(r"[^\s,;|]+")
_NOT_USED: Final = frozenset({"", "0", "-", "no", "nein", "false", "falsch"})
_UNSAID: Final = object()
_FREE: Final[Mapping[object, object]] = {True: Effect(EffectKind.FREE), False: _UNSAID}


# ------------------------------------------------------------ the heading
_TITLES: Final[Mapping[Column, str]] = {
    Column.CODE: "code codes rabattcode gutscheincode discountcode",
    Column.BATCH: "batch serie batchname serienname",
    Column.VISITOR: "visitor visitorid besucher besucherid kennungdesbesuchers",
    Column.PERCENT: "percent % prozent rabattin% percentoff",
    Column.AMOUNT: "amount amountoff betrag betragin€ abzug",
    Column.PRICE: "price preis preisin€ festpreis fixedprice",
    Column.FREE: "free frei gratis kostenlos freieintritt freereintritt",
    Column.VALID_FROM: "validfrom from firstday von ab gültigab gültigvon erstertag",
    Column.VALID_UNTIL: "validuntil until lastday bis gültigbis letztertag",
    Column.MAX_USES: "maxuses usesofeachcode maxeinlösungen einlösungenjecode",
    Column.PER_VISITOR: "pervisitor usesofeachvisitor jebesucher probesucher einlösungenjebesucher",
    Column.OFFERS: "offers offer angebote angebot",
    Column.MIN_AMOUNT: "minamount minimumamount mindestbetrag",
    Column.BUDGET: "budget",
    Column.TAG: "tag schlagwort",
    Column.NOTE: "note notiz",
}
_OUTCOMES: Final = (
    "state zustand sent gesendet delivered zugestellt gate eingang discount discountcents nachlass"
)
_USES: Final = "uses einlösungen redeemed eingelöst last lastredeemed zuletzteingelöst"
_IN_CENTS: Final = (Column.AMOUNT, Column.PRICE, Column.MIN_AMOUNT, Column.BUDGET)
_BY_TITLE: Final[Mapping[str, tuple[Column, bool]]] = {
    title: (column, False) for column, titles in _TITLES.items() for title in titles.split()
} | {
    f"{title}{cents}": (column, True)
    for column in _IN_CENTS
    for title in _TITLES[column].split()
    for cents in ("cents", "incent")
}


def _folded(title: str) -> str:
    text = title.casefold().strip("\ufeff").replace("ae", "ä").replace("oe", "ö")
    return re.sub(r"[\s_\-./()'\"]+", "", text.replace("ue", "ü"))


_BY_FOLDED: Final = {_folded(title): found for title, found in _BY_TITLE.items()}
_TELL_OF_USE: Final = frozenset(map(_folded, _USES.split()))
_PASSED_OVER: Final = _TELL_OF_USE | set(map(_folded, _OUTCOMES.split()))


class Place(NamedTuple):
    """Where a column stands; money may be in whole cents."""

    at: int
    column: Column
    is_cents: bool


def placed(heading: Sequence[str], *, line: int = 1) -> tuple[Place, ...]:
    """The columns of a heading, in any order, in German or English.

    Raises:
        BadTable: A column is missing, unknown, or there twice; which one, by its number.
    """
    places: dict[Column, Place] = {}
    for at, title in enumerate(heading):
        folded = _folded(title)
        if not folded or folded in _PASSED_OVER:
            continue
        column, is_cents = _BY_FOLDED.get(folded, (None, False))
        if column is None:
            is_list = any(_BY_FOLDED.get(_folded(one)) == (Column.CODE, False) for one in heading)
            fault = HeadingFault.UNKNOWN_COLUMN if is_list else HeadingFault.NO_CODE_COLUMN
            raise BadTable(fault, line=line, column=at + 1)
        if column in places:
            raise BadTable(HeadingFault.COLUMN_TWICE, line=line, column=at + 1)
        places[column] = Place(at, column, is_cents)
    if Column.CODE not in places:
        raise BadTable(HeadingFault.NO_CODE_COLUMN, line=line)
    return tuple(places.values())


# ------------------------------------------------------------ a line
class Lines:
    """Reads line after line, and keeps what they say of each batch."""

    def __init__(self, heading: Sequence[str], zone: ZoneInfo, *, line: int = 1) -> None:
        """Take the heading; `zone` is the museum's.

        Raises:
            BadTable: As `placed`.
        """
        places = placed(heading, line=line)
        at = {place.column: place.at for place in places}
        self._zone = zone
        self._width = len(heading)
        self._nameless = [n for n, title in enumerate(heading) if not _folded(title)]
        self._code = at[Column.CODE]
        self._batch, self._visitor = at.get(Column.BATCH), at.get(Column.VISITOR)
        self._used = [n for n, title in enumerate(heading) if _folded(title) in _TELL_OF_USE]
        others = {Column.CODE, Column.BATCH, Column.VISITOR}
        self._settings = tuple(place for place in places if place.column not in others)
        self._by_key: dict[tuple[str, str], int] = {}
        self._read_settings: dict[tuple[str, ...], dict[str, Any] | Problem] = {}
        self._columns = {place.at: place.column for place in places}
        self.wishes: list[Wish] = []

    def read(self, row: TableRow) -> Entry | Problem:
        """What a row says, or the first thing that is wrong with it."""
        if row.cells is None:
            return Problem(row.line, Column.LINE, LineFault.BROKEN_QUOTES)
        found = row.cells + [""] * (self._width - len(row.cells))
        fault = self._cells_fault(row.line, found)
        return fault or self._entry(row.line, found)

    def _cells_fault(self, line: int, found: list[str]) -> Problem | None:
        if any(found[self._width :]) or any(found[at].strip() for at in self._nameless):
            return Problem(line, Column.LINE, LineFault.EXTRA_CELL)
        joined = "".join(found)
        if len(joined) <= CELL_LIMIT and not cells.has_control(joined):
            return None
        for at, cell in enumerate(found):
            column = self._columns.get(at, Column.LINE)
            if cells.has_control(cell):
                return Problem(line, column, CellFault.CONTROL)
            if len(cell) > CELL_LIMIT:
                return Problem(line, column, CellFault.TOO_LONG)
        return None

    def _entry(self, line: int, found: list[str]) -> Entry | Problem:
        text = found[self._code]
        read = code_texts.read(text)
        if read is None:
            return Problem(line, Column.CODE, _code_fault(text))
        prefix, bits = read
        visitor = _visitor(found[self._visitor]) if self._visitor is not None else (False, None)
        if isinstance(visitor, LineFault):
            return Problem(line, Column.VISITOR, visitor)
        was_used = any(found[at].strip().lower() not in _NOT_USED for at in self._used)
        wish = self._wish(line, prefix, found)
        if isinstance(wish, Problem):
            return wish
        place, says_batch = wish
        return Entry(bits, line, place, visitor[0], was_used, visitor[1], says_batch)

    # -------------------------------------------------------- its batch
    def _wish(self, line: int, prefix: str, found: list[str]) -> tuple[int, bool] | Problem:
        """The place of the batch that a line is about, and whether it says anything of it."""
        name = cells.plain(found[self._batch]) if self._batch is not None else ""
        if len(name) > NAME_LIMIT:
            return Problem(line, Column.BATCH, CellFault.TOO_LONG)
        raw = tuple([found[place.at] for place in self._settings])
        said = self._said(raw)
        if isinstance(said, Problem):
            return said._replace(line=line)
        key = (name, fold(prefix))
        place = self._by_key.get(key)
        if place is None:
            if len(self.wishes) >= BATCHES_LIMIT:
                return Problem(line, Column.BATCH, LineFault.TOO_MANY_BATCHES)
            place = self._by_key[key] = len(self.wishes)
            self.wishes.append(Wish(name, prefix))
        wish = self.wishes[place]
        if wish.seen != raw:
            for name_of, value in said.items():
                if wish.said.get(name_of, value) != value:
                    return Problem(line, column_of(name_of, value), LineFault.DIFFERS)
            wish.said |= said
            wish.seen = raw
        return place, bool(said)

    def _said(self, raw: tuple[str, ...]) -> dict[str, Any] | Problem:
        known = self._read_settings.get(raw)
        if known is None:
            if len(self._read_settings) >= _CACHED:
                self._read_settings.clear()
            known = self._read_settings[raw] = self._settings_of(raw)
        return known

    def _settings_of(self, raw: tuple[str, ...]) -> dict[str, Any] | Problem:
        said: dict[str, Any] = {}
        for place, cell in zip(self._settings, raw, strict=True):
            text = cells.plain(cell)
            if not text:
                continue
            value = self._value(place, text)
            if isinstance(value, CellFault | LineFault):
                return Problem(0, place.column, value)
            if value is _UNSAID:
                continue
            name = "effect" if isinstance(value, Effect) else FIELDS[place.column]
            if name in said:
                return Problem(0, place.column, LineFault.SEVERAL_EFFECTS)
            said[name] = value
        return said

    def _value(self, place: Place, text: str) -> object:
        """What a cell says; `_UNSAID`: nothing after all."""
        match place.column:
            case Column.PERCENT | Column.AMOUNT | Column.PRICE:
                value = _NUMBERS[place.column, place.is_cents](text)
                kind = EffectKind(place.column.value)
                return value if isinstance(value, CellFault) else Effect(kind, value)
            case Column.FREE:
                said = cells.yes_or_no(text)
                return _FREE.get(said, said)
            case Column.TAG | Column.NOTE:
                return None if text == "-" else text  # "Keine" may be what a house calls something
            case _:
                return None if cells.is_nothing(text) else self._limit(place, text)

    def _limit(self, place: Place, text: str) -> object:
        match place.column:
            case Column.VALID_FROM | Column.VALID_UNTIL:
                is_end = place.column is Column.VALID_UNTIL
                return cells.moment(text, self._zone, is_end=is_end)
            case Column.OFFERS:
                slugs = tuple(dict.fromkeys(_SLUG.findall(text.lower())))
                return slugs if 0 < len(slugs) <= OFFERS_LIMIT else LineFault.LENGTH
            case _:
                return _NUMBERS[place.column, place.is_cents](text)


_NUMBERS: Final[Mapping[tuple[Column, bool], Callable[[str], int | CellFault]]] = {
    (Column.PERCENT, False): cells.percent,
    (Column.MAX_USES, False): cells.whole,
    (Column.PER_VISITOR, False): cells.whole,
    **{(column, False): cells.cents for column in _IN_CENTS},
    **{(column, True): cells.whole for column in _IN_CENTS},
}


def _code_fault(text: str) -> LineFault:
    if not text.strip():
        return LineFault.MISSING
    return LineFault.TYPO if code_texts.is_shaped(text) else LineFault.NOT_A_CODE


def _visitor(cell: str) -> tuple[bool, VisitorId | None] | LineFault:
    """Whether a cell says for whom a code is, and for whom."""
    text = cell.strip()
    if not text:
        return False, None
    if cells.is_nothing(text):
        return True, None
    found = find_visitor_id(text.lower())
    return LineFault.NOT_A_VISITOR if found is None else (True, found)
