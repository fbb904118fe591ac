"""What people write into the cells of a table: numbers, money, days, in German and English.

Each reader gives the value, or the `CellFault` that says what is wrong. A number that two
people would read differently is refused rather than guessed.
"""

import re
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from ticketing.domain.museum import day_bounds, is_plausible_day, is_plausible_time


class CellFault(StrEnum):
    """Why a cell cannot be read."""

    CONTROL = "control"
    TOO_LONG = "too_long"
    NOT_WHOLE = "not_whole"
    NOT_MONEY = "not_money"
    NOT_DAY = "not_day"
    AMBIGUOUS_DAY = "ambiguous_day"
    NOT_YES_OR_NO = "not_yes_or_no"


_NOTHING: Final = frozenset(
    {
        *("-", "none", "no limit", "unlimited", "any", "all", "nobody", "no one", "∞"),
        *("keine", "keiner", "keines", "ohne", "unbegrenzt", "beliebig", "alle", "niemand"),
    }
)
"""Words that take a limit away, where an empty cell leaves it as it is."""
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "✓", "ja", "j", "wahr"})
_NO: Final = frozenset({"no", "n", "false", "0", "nein", "falsch"})
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_FORMULA: Final = ("=", "+", "-", "@")
_WHOLE: Final = re.compile(r"[0-9]{1,12}|[0-9]{1,3}(?:([ .,'])[0-9]{3})(?:\1[0-9]{3}){0,3}")
_PLAIN_MONEY: Final = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")
_GROUPED_MONEY: Final = re.compile(
    r"[0-9]{1,3}(?:(?:\.[0-9]{3})+(?:,([0-9]{1,2}))?|(?:,[0-9]{3})+(?:\.([0-9]{1,2}))?"
    r"|(?:[ '][0-9]{3})+(?:[.,]([0-9]{1,2}))?)"
)
_DIGITS: Final = 12
_TIME: Final = r"(?:(?:,? |T)([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?: Uhr)?)?"
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})" + _TIME)
_EXACT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_DOTTED: Final = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4}|[0-9]{2})" + _TIME)
_NAMED: Final = re.compile(r"([0-9]{1,2})\.? ([^\W\d_]+)\.? ([0-9]{4})" + _TIME)
_NAMED_FIRST: Final = re.compile(r"([^\W\d_]+)\.? ([0-9]{1,2}),? ([0-9]{4})" + _TIME)
_SLASHED: Final = re.compile(r"[0-9]{1,4}/[0-9]{1,2}/[0-9]{1,4}.*")
_MONTHS: Final = (
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
    ("jän", "feb", "mae", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
    ("jan", "feb", "mrz", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
)
_LONGEST_MONTH: Final = 9
_CENTURY: Final = 2000


def has_control(text: str) -> bool:
    """Whether there is a character in it that nobody can see: NUL, a line end, half a letter."""
    return _CONTROL.search(text) is not None


def plain(cell: str) -> str:
    """A cell's text, without blanks around it or the apostrophe that our exports put before `=`."""
    text = " ".join(cell.split())
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is no limit."""
    return text.casefold() in _NOTHING


def whole(text: str) -> int | CellFault:
    """A whole number; points, commas or blanks may stand between its thousands."""
    if not _WHOLE.fullmatch(text):
        return CellFault.NOT_WHOLE
    return int(re.sub(r"[^0-9]", "", text))


def percent(text: str) -> int | CellFault:
    """A whole number of percent, with its sign or without."""
    return whole(text.removesuffix("%").rstrip())


def cents(text: str) -> int | CellFault:
    """An amount such as "7,20 €", "€7.20" or "1.234,50", in cents."""
    bare = re.sub(r"(?i)€|\beur(?:o)?\b", "", text).strip()
    found = _PLAIN_MONEY.fullmatch(bare)
    part = found[2] if found else None
    if found is None:
        found = _GROUPED_MONEY.fullmatch(bare)
        part = found[1] or found[2] or found[3] if found else None
    if found is None:
        return CellFault.NOT_MONEY
    units = re.sub(r"[^0-9]", "", bare[: len(bare) - len(part)] if part else bare)
    if len(units) > _DIGITS:
        return CellFault.NOT_MONEY
    return int(units) * 100 + int((part or "").ljust(2, "0"))


def yes_or_no(text: str) -> bool | CellFault:
    """Whether a cell says yes."""
    word = text.casefold()
    if word in _YES:
        return True
    return False if word in _NO else CellFault.NOT_YES_OR_NO


def moment(text: str, zone: ZoneInfo, *, is_end: bool = False) -> datetime | CellFault:
    """A day or a time in the zone, aware; of a day its beginning, with `is_end` that of the next.

    `04/10/2026` is a day in April or in October, so it is refused.
    """
    if _SLASHED.fullmatch(text):
        return CellFault.AMBIGUOUS_DAY
    try:
        at = datetime.fromisoformat(text) if _EXACT.fullmatch(text) else _local(text, zone, is_end)
    except ValueError:
        return CellFault.NOT_DAY
    return at if at is not None and is_plausible_time(at) else CellFault.NOT_DAY


def _local(text: str, zone: ZoneInfo, is_end: bool) -> datetime | None:  # noqa: FBT001  handed on
    found = _day(text)
    if found is None or not is_plausible_day(found[0]):
        return None
    day, clock = found
    if clock:
        hour, rest = clock.split(":", 1)
        return datetime.combine(day, time.fromisoformat(f"{hour:0>2}:{rest}"), zone)
    return day_bounds(day, zone)[is_end]


def _day(text: str) -> tuple[date, str] | None:
    """The day that a text names, and the time behind it; None for no known way to write one."""
    if found := _ISO.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3])), found[4] or ""
    if found := _DOTTED.fullmatch(text):
        year = int(found[3]) + (_CENTURY if len(found[3]) == len("26") else 0)
        return date(year, int(found[2]), int(found[1])), found[4] or ""
    if found := _NAMED.fullmatch(text):
        day, month = found[1], found[2]
    elif found := _NAMED_FIRST.fullmatch(text):
        day, month = found[2], found[1]
    else:
        return None
    return date(int(found[3]), _month(month), int(day)), found[4] or ""


def _month(name: str) -> int:
    start = name.casefold()[:3]
    for names in _MONTHS:
        if start in names and len(name) <= _LONGEST_MONTH:
            return names.index(start) + 1
    raise ValueError
