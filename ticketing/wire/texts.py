"""What each reason says to staff, German and English, from one catalogue (`texts.json`).

Staff read neutral infinitives: what, when, where, then what to do next. A line has
several wordings; the first is taken for which every fact is there.
"""

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from ticketing.wire.facts import Evidence
from ticketing.wire.verdict import Reason, Verdict
from ticketing.wire.window import local_day, to_local

LANGUAGES = ("de", "en")
"""Any other language is answered in English."""
PLACEHOLDERS = frozenset({"when", "from", "until", "wait", "gate", "age", "ahead", "room"})
"""The facts a line may name."""

_LONG_S = 120
_MIDNIGHT = "00:00"
_CALENDAR_START = datetime(1, 1, 2, tzinfo=UTC)
_SOON = timedelta(hours=2)
_MINUTE = timedelta(minutes=1)
_NUMBER = re.compile("-?[0-9]{1,9}")
_WEEKDAYS = {
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = {
    "de": (
        "Jan.",
        "Feb.",
        "März",
        "Apr.",
        "Mai",
        "Juni",
        "Juli",
        "Aug.",
        "Sept.",
        "Okt.",
        "Nov.",
        "Dez.",
    ),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"),
}
_MINUTES = {"de": ("in 1 Minute", "in {} Minuten"), "en": ("in 1 minute", "in {} minutes")}
_CLOCK_TIME = {"de": "um {}", "en": "at {}"}
_DAY_AND_TIME = {"de": "am {} um {}", "en": "on {} at {}"}


@dataclass(frozen=True, slots=True)
class Localised:
    """One text in both languages."""

    de: str
    en: str

    def in_(self, lang: str) -> str:
        """The text in `de`, or in English for every other language."""
        return self.de if lang == "de" else self.en


@dataclass(frozen=True, slots=True)
class ReasonText:
    """What the page says: `title` is what, when, where; `next` what to do."""

    title: str
    next: str


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """An aware time on the museum's clock: `14:42`."""
    return to_local(at, zone).strftime("%H:%M")


def local_date(at: datetime | date, zone: ZoneInfo | None, lang: str) -> str:
    """`So 4. Okt. 2026` or `Sun 4 Oct 2026`.

    An aware time is taken in `zone` (in its own without one), a date as it is.
    """
    day = to_local(at, zone) if isinstance(at, datetime) and zone is not None else at
    key = _known(lang)
    dot = "." if key == "de" else ""
    month = _MONTHS[key][day.month - 1]
    return f"{_WEEKDAYS[key][day.weekday()]} {day.day}{dot} {month} {day.year}"


def verdict_word(verdict: Verdict, lang: str) -> str:
    """The one big word: Einlass, Prüfen, Stopp, Rabatt, Ausgang."""
    return _catalogue().words[_known(lang), verdict]


def render(  # noqa: PLR0917 - the order every caller agreed on
    reason: Reason,
    lang: str,
    evidence: Evidence,
    zone: ZoneInfo,
    now: datetime,
    gate_name: str = "",
) -> ReasonText:
    """What to say for a reason, in local time; total.

    `gate_name` is the name, in `lang`, of the gate in the evidence; without it the
    sentence does without a place.
    """
    key = _known(lang)
    facts = _Speaker(key, zone, now).facts(evidence) | ({"gate": gate_name} if gate_name else {})
    lines = _catalogue().lines[key, reason]
    return ReasonText(_fill(lines.title, facts), _fill(lines.next, facts))


@dataclass(frozen=True, slots=True)
class Lines:
    """The wordings of one reason in one language, the fullest first."""

    title: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Catalogue:
    words: Mapping[tuple[str, str], str]
    lines: Mapping[tuple[str, str], Lines]


@cache
def _catalogue() -> _Catalogue:
    text = resources.files("ticketing.wire").joinpath("texts.json").read_text("utf-8")
    data = json.loads(text)
    words = {
        (lang, verdict): word
        for lang, by_verdict in data["verdicts"].items()
        for verdict, word in by_verdict.items()
    }
    lines = {
        (lang, reason): Lines(tuple(parts["title"]), tuple(parts["next"]))
        for reason, by_lang in data["reasons"].items()
        for lang, parts in by_lang.items()
    }
    return _Catalogue(words, lines)


@cache
def placeholders(wording: str) -> frozenset[str]:
    """The facts a wording names."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(wording) if name)


def _fill(wordings: tuple[str, ...], facts: Mapping[str, str]) -> str:
    wording = next(one for one in wordings if placeholders(one) <= facts.keys())
    sentence = wording.format_map(facts)
    return sentence[0].upper() + sentence[1:]


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Puts facts into words of one language, on one clock, as of now."""

    lang: str
    zone: ZoneInfo
    now: datetime

    def facts(self, evidence: Evidence) -> dict[str, str]:
        found: dict[str, str] = {}
        if evidence.at is not None:
            found |= {"when": self._when(evidence.at), "from": self._from(evidence.at)}
            found |= self._wait(evidence.at - self.now)
        if evidence.until is not None:
            found["until"] = self._until(evidence.until)
        if _NUMBER.fullmatch(evidence.detail):
            found |= self._number(int(evidence.detail))
        return found

    def _is_today(self, at: datetime) -> bool:
        return local_day(at, self.zone) == local_day(self.now, self.zone)

    def _date(self, at: datetime) -> str:
        return local_date(at, self.zone, self.lang)

    def _when(self, at: datetime) -> str:
        clock = local_time(at, self.zone)
        if self._is_today(at):
            return _CLOCK_TIME[self.lang].format(clock)
        return _DAY_AND_TIME[self.lang].format(self._date(at), clock)

    def _from(self, at: datetime) -> str:
        clock = local_time(at, self.zone)
        if self._is_today(at):
            return clock
        return self._date(at) if clock == _MIDNIGHT else f"{self._date(at)}, {clock}"

    def _until(self, end: datetime) -> str:
        """An end is exclusive: midnight is told as the day before."""
        clock = local_time(end, self.zone)
        if clock == _MIDNIGHT and end > _CALENDAR_START:
            return self._date(end - _MINUTE)
        return clock if self._is_today(end) else f"{self._date(end)}, {clock}"

    def _wait(self, ahead: timedelta) -> dict[str, str]:
        if not timedelta(0) < ahead <= _SOON:
            return {}
        minutes = -(-ahead // _MINUTE)
        one, many = _MINUTES[self.lang]
        return {"wait": one if minutes == 1 else many.format(minutes)}

    def _number(self, number: int) -> dict[str, str]:
        seconds = abs(number)
        span = f"{seconds}\u00a0s" if seconds < _LONG_S else f"{seconds // 60}\u00a0min"
        found = {"age" if number > 0 else "ahead": span}
        return found | ({"room": str(number)} if number > 0 else {})


def _known(lang: str) -> str:
    return lang if lang in LANGUAGES else "en"
