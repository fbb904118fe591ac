"""What a form of the site holds: read field by field, every mistake told beside its field.

A view asks for the fields with their kinds; what cannot be read is noted in `problems` (field
to text) and read as None. The page is then shown again with what was typed:

    form = the_form()
    name = form.text("name", most=100)
    count = form.whole("count", least=1, most=1_000_000)
    if form.problems: return _page(form=form, status=422)
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final, TypeVar

from flask import request
from werkzeug.datastructures import MultiDict

from ticketing.domain import cells
from ticketing.domain.cells import CellFault
from ticketing.domain.museum import is_plausible_day
from ticketing.service.errors import Invalid
from ticketing.web.parts import the_parts
from ticketing.web.staff.speaker import Speaker

_MOST_CENTS: Final = 100_000_000
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Both:
    """A fact that two people changed, in words: how it stands now, and what the second typed.

    `mine` is "" where that is told by the field alone.
    """

    name: str
    words: str
    theirs: str
    mine: str = ""

    @property
    def field(self) -> str:
        """The field that says which of the two shall be."""
        return f"pick-{self.name}"


@dataclass(slots=True)
class Form:
    """The fields as they were sent, what is wrong with them, and what two people both changed."""

    sent: MultiDict[str, str]
    speaker: Speaker
    problems: dict[str, str] = field(default_factory=dict)
    both: tuple[Both, ...] = ()

    def value(self, name: str, otherwise: str = "") -> str:
        """What was typed, to show it again; `otherwise` before anything was."""
        return self.sent.get(name, otherwise)

    def is_checked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return name in self.sent

    def chosen(self, name: str) -> tuple[str, ...]:
        """Every value of a field that may be chosen more than once."""
        return tuple(self.sent.getlist(name))

    def problem(self, name: str, key: str, **values: str | int) -> None:
        """Note what is wrong with a field; the first mistake is the one that is told."""
        self.problems.setdefault(name, self.speaker.say(key, **values))

    def take(self, refusal: Invalid, names: dict[str, str] | None = None) -> None:
        """Note what the service found wrong, under the field of that name (or `names` of it)."""
        for error in refusal.errors:
            known = f"refused_{error.problem}"
            key = known if self.speaker.knows(known) else "wrong_value"
            self.problem((names or {}).get(error.field, error.field), key)

    def text(self, name: str, *, most: int, is_needed: bool = True) -> str:
        """A line without blanks around it, at most so many characters."""
        text = self.value(name).strip()
        if is_needed and not text:
            self.problem(name, "wrong_missing")
        if len(text) > most:
            self.problem(name, "wrong_too_long", most=most)
        return text

    def whole(self, name: str, *, least: int, most: int, is_needed: bool = True) -> int | None:
        """A whole number within bounds, written as in a table."""
        text = self._typed(name, is_needed=is_needed)
        if not text:
            return None
        number = cells.whole(text)
        if isinstance(number, CellFault) or not least <= number <= most:
            shown = [self.speaker.number(bound) for bound in (least, most)]
            self.problem(name, "wrong_number", least=shown[0], most=shown[1])
            return None
        return number

    def cents(self, name: str, *, is_needed: bool = True) -> int | None:
        """An amount of money such as "7,20", written as in a table; in cents."""
        text = self._typed(name, is_needed=is_needed)
        if not text:
            return None
        cents = cells.cents(text)
        if isinstance(cents, CellFault) or cents > _MOST_CENTS:
            self.problem(name, "wrong_money")
            return None
        return cents

    def _typed(self, name: str, *, is_needed: bool) -> str:
        text = cells.plain(self.value(name))
        if is_needed and not text:
            self.problem(name, "wrong_missing")
        return text

    def day(self, name: str, *, is_needed: bool = True) -> date | None:
        """A date in the museum's zone, as the browser sends it: 2026-10-04."""
        text = self.value(name).strip()
        if not text and not is_needed:
            return None
        day = day_of(text)
        if day is None:
            self.problem(name, "wrong_day" if text else "wrong_missing")
        return day

    def clock(self, name: str, *, is_needed: bool = True) -> time | None:
        """A time of day, as the browser sends it: 14:30."""
        text = self.value(name).strip()
        if not text and not is_needed:
            return None
        try:
            return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            self.problem(name, "wrong_clock" if text else "wrong_missing")
            return None

    def clocks(self, name: str) -> tuple[time, ...]:
        """Several times of day, with commas or blanks between: "10:00, 14:30"."""
        texts = re.split(r"[\s,;]+", self.value(name).strip())
        try:
            read = [time.fromisoformat(text) for text in texts if text]
        except ValueError:
            read = []
        if not read:
            self.problem(name, "wrong_clocks")
        return tuple(one.replace(second=0, microsecond=0, tzinfo=None) for one in read)

    def moment(self, name: str, *, is_needed: bool = True) -> datetime | None:
        """Date and time in the museum's zone, as the browser sends it: 2026-10-04T14:30; aware."""
        text = self.value(name).strip()
        if not text and not is_needed:
            return None
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            self.problem(name, "wrong_moment" if text else "wrong_missing")
            return None
        if not is_plausible_day(read.date()):
            self.problem(name, "wrong_moment")
            return None
        return read.replace(tzinfo=the_parts().house.museum.zone)

    def choice(self, name: str, among: type[E]) -> E | None:
        """One of a closed set."""
        try:
            return among(self.value(name))
        except ValueError:
            self.problem(name, "wrong_choice")
            return None


def day_of(text: str) -> date | None:
    """A date as it stands in an address; None if it is none, or none that can be computed with."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_plausible_day(day) else None


def typed_money(cents: int) -> str:
    """Money as one types it into a form: "7,20"."""
    return f"{cents // 100},{cents % 100:02}"


def the_form(speaker: Speaker) -> Form:
    """The form of this request."""
    return Form(request.form, speaker)


def blank(speaker: Speaker, **values: str) -> Form:
    """A form that was not sent yet, with what stands in it at first."""
    return Form(MultiDict(values), speaker)
