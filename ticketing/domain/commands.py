"""Words a visitor may type instead of tapping a button (domain: pure).

A command counts only as the whole message, after folding: "stop, der Bus fährt nicht"
is no withdrawal. Long command words forgive one slip of the finger, short ones do not:
"shop" is not "stop".
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum, auto


class Command(StrEnum):
    """What a typed word asks for."""

    STOP = auto()
    BACK = auto()
    CANCEL = auto()
    MENU = auto()
    TICKET = auto()
    MINE = auto()
    HOURS = auto()
    PRICES = auto()
    CONSENTS = auto()
    GERMAN = auto()
    ENGLISH = auto()
    PERSON = auto()
    DATA = auto()
    YES = auto()
    NO = auto()


_WORDS: Mapping[Command, tuple[str, ...]] = {
    Command.STOP: (
        "stop",
        "stopp",
        "abmelden",
        "abbestellen",
        "unsubscribe",
        "keine nachrichten mehr",
        "no more messages",
    ),
    Command.BACK: ("zurueck", "back", "go back"),
    Command.CANCEL: ("abbrechen", "abbruch", "cancel"),
    Command.MENU: ("menue", "menu", "start", "hilfe", "help", "hallo", "hi", "hello", "hey"),
    Command.TICKET: (
        "ticket",
        "tickets",
        "ticket holen",
        "get a ticket",
        "get ticket",
        "karte",
        "eintritt",
        "eintrittskarte",
    ),
    Command.MINE: ("meine tickets", "mein ticket", "my tickets", "my ticket"),
    Command.HOURS: (
        "oeffnungszeiten",
        "oeffnungszeit",
        "geoeffnet",
        "offen",
        "wann habt ihr offen",
        "wann habt ihr geoeffnet",
        "habt ihr heute offen",
        "habt ihr morgen offen",
        "hours",
        "opening hours",
        "open",
        "are you open",
        "when are you open",
        "when do you open",
    ),
    Command.PRICES: ("preise", "preis", "eintrittspreise", "kosten", "prices", "price", "cost"),
    Command.CONSENTS: (
        "einwilligungen aendern",
        "einwilligungen",
        "einwilligung",
        "einstellungen",
        "change consents",
        "consents",
        "consent",
        "settings",
    ),
    Command.GERMAN: ("deutsch", "german", "auf deutsch"),
    Command.ENGLISH: ("english", "englisch", "in english"),
    Command.PERSON: ("mensch", "mitarbeiter", "team", "human", "person", "staff", "agent"),
    Command.DATA: (
        "auskunft",
        "loeschen",
        "meine daten",
        "datenschutz",
        "delete",
        "my data",
        "privacy",
    ),
    Command.YES: ("ja", "ja gern", "ja gerne", "gern", "gerne", "jo", "yes", "yes please", "yep"),
    Command.NO: ("nein", "nein danke", "noe", "ne", "nee", "no", "no thanks", "no thank you"),
}
_BY_WORD = {word: command for command, words in _WORDS.items() for word in words}
_FORGIVING = 8  # letters from which one slip is forgiven
_STOP_TOKENS = frozenset({"stop", "stopp", "abmelden", "abbestellen", "unsubscribe"})
_HINTS: Mapping[Command, frozenset[str]] = {
    Command.PRICES: frozenset({"kostet", "kosten", "preis", "preise", "price", "prices", "cost"}),
    Command.HOURS: frozenset(
        {"offen", "geoeffnet", "oeffnungszeiten", "geschlossen", "open", "hours", "closed"}
    ),
    Command.TICKET: frozenset({"ticket", "tickets", "eintrittskarte", "karte", "karten"}),
}
_GERMAN_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_NO_WORD = re.compile(r"[\W_]+")
_FOLDED_MAX = 200  # no command is longer; a long text need not be folded as a whole

_DAYS = {
    "heute": 0,
    "today": 0,
    "morgen": 1,
    "tomorrow": 1,
    "uebermorgen": 2,
    "day after tomorrow": 2,
    "the day after tomorrow": 2,
}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_GERMAN_DATE = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.?\s?(\d{4})?", re.ASCII)
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            ("eins", "eine", "einer", "one"),
            ("zwei", "two"),
            ("drei", "three"),
            ("vier", "four"),
            ("fuenf", "five"),
            ("sechs", "six"),
        ),
        start=1,
    )
    for word in words
}
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)


def fold(text: str) -> str:
    """Lower case, umlauts written out, accents, signs and pictures gone, single blanks."""
    lower = unicodedata.normalize("NFKC", text[:_FOLDED_MAX]).casefold()
    spelled = unicodedata.normalize("NFKD", lower.translate(_GERMAN_LETTERS))
    bare = "".join(symbol for symbol in spelled if not unicodedata.combining(symbol))
    return _NO_WORD.sub(" ", bare).strip()


def command(text: str) -> Command | None:
    """The command a whole message is, or None."""
    if len(text) > _FOLDED_MAX:
        return None
    folded = fold(text)
    exact = _BY_WORD.get(folded)
    if exact is not None or len(folded) < _FORGIVING:
        return exact
    near = (word for word in _BY_WORD if len(word) >= _FORGIVING and _one_slip(word, folded))
    return next((_BY_WORD[word] for word in near), None)


def mentions_stop(text: str) -> bool:
    """Whether a longer text has a stop word in it: worth asking back, not obeying."""
    return not _STOP_TOKENS.isdisjoint(fold(text).split())


def hinted(text: str) -> Command | None:
    """What a sentence seems to be about, by one word in it: prices, hours or tickets."""
    words = set(fold(text).split())
    return next((subject for subject, hints in _HINTS.items() if words & hints), None)


def typed_day(text: str, today: date) -> date | None:
    """The local date a message names, None if it names none.

    Understood: heute/morgen/übermorgen and the English words, `4.10.`, `4.10.2026`,
    `2026-10-04`. A date without a year is the next one of that name.
    """
    offset = _DAYS.get(fold(text))
    if offset is not None:
        return today + timedelta(days=offset)
    plain = text.strip()
    if found := _ISO.fullmatch(plain):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _GERMAN_DATE.fullmatch(plain):
        day, month, year = int(found[1]), int(found[2]), found[3]
        return _date(int(year), month, day) if year else _next_date(today, month, day)
    return None


def typed_number(text: str) -> int | None:
    """The number of persons a message names, None if it names none."""
    folded = fold(text)
    first, _, rest = folded.partition(" ")
    if rest not in {"", "person", "personen", "persons", "people"}:
        return None
    return int(first) if _NUMBER.fullmatch(first) else _NUMBERS.get(first)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_date(today: date, month: int, day: int) -> date | None:
    # Eight years hold a 29 February even around a century year without one.
    for year in range(today.year, today.year + 9):
        found = _date(year, month, day)
        if found is not None and found >= today:
            return found
    return None


def _one_slip(word: str, typed: str) -> bool:
    """Whether one letter more, fewer, other, or two swapped make `typed` of `word`."""
    if abs(len(word) - len(typed)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(word, typed, strict=False)) if a != b), None)
    if start is None:  # equal, or one is the other's beginning
        return True
    rest, seen = word[start:], typed[start:]
    swapped = rest[:2] == seen[1::-1] and rest[2:] == seen[2:]
    return swapped or rest[1:] == seen[1:] or rest[1:] == seen or rest == seen[1:]
