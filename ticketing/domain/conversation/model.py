"""The data of a conversation: where it stands, what happened, what to do (domain: pure)."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from ticketing.domain.consent import Action as ConsentAction
from ticketing.domain.consent import Answer, How, Purpose, Shown
from ticketing.domain.offers import Offer
from ticketing.domain.opening import Calendar
from ticketing.domain.retention import Kept
from ticketing.domain.visitors import Lang
from ticketing.wire.token import TicketId

TICKETS_A_DAY = 10
LONG_PAUSE = timedelta(hours=12)
"""After so long the bot says again what it is, and an unfinished ticket is dropped:
yesterday's question must not make today's "hello" a name."""


class Place(StrEnum):
    """What the bot waits for."""

    NEW = "new"
    CONSENT = "consent"
    MENU = "menu"
    OFFER = "offer"
    DAY = "day"
    PARTY = "party"
    NAME = "name"


TICKET_PLACES = frozenset({Place.OFFER, Place.DAY, Place.PARTY, Place.NAME})


# ------------------------------------------------------------ where it stands
@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket being put together; what is not yet known is None or 0."""

    offer: str
    on: date | None = None
    party: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Where a conversation stands, stored with it.

    Attributes:
        place: what the bot waits for.
        asked: purposes whose question is over, answered or passed by.
        purpose: the purpose asked about, in `consent`.
        draft: the ticket being put together.
        missed: answers in a row that were no answer.
        turn: events so far; makes two states that look alike differ.
        shown: proof of the consent question on screen, filled in by who renders it.
    """

    place: Place = Place.NEW
    asked: tuple[Purpose, ...] = ()
    purpose: Purpose | None = None
    draft: Draft | None = None
    missed: int = 0
    turn: int = 0
    shown: Shown | None = None

    def to_json(self) -> dict[str, Any]:
        """The stored object."""
        draft, shown = self.draft, self.shown
        return {
            "place": self.place.value,
            "asked": [purpose.value for purpose in self.asked],
            "purpose": self.purpose.value if self.purpose else None,
            "draft": draft
            and {
                "offer": draft.offer,
                "on": draft.on.isoformat() if draft.on else None,
                "party": draft.party,
            },
            "missed": self.missed,
            "turn": self.turn,
            "shown": shown
            and {
                "text": shown.text_id,
                "version": shown.version,
                "lang": shown.lang.value,
                "digest": shown.digest.hex(),
            },
        }


def step_from_json(data: Any) -> Step:  # noqa: ANN401  any JSON may be stored
    """The stored step; at the menu if it cannot be read, e.g. written by another release."""
    try:
        return Step(
            place=Place(data["place"]),
            asked=tuple(Purpose(word) for word in data["asked"]),
            purpose=Purpose(data["purpose"]) if data["purpose"] else None,
            draft=_draft(data["draft"]),
            missed=int(data["missed"]),
            turn=int(data["turn"]),
            shown=_shown(data["shown"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return Step(place=Place.MENU, asked=tuple(Purpose))


def _draft(data: Any) -> Draft | None:  # noqa: ANN401  checked by use
    if data is None:
        return None
    on = date.fromisoformat(data["on"]) if data["on"] else None
    return Draft(str(data["offer"]), on, int(data["party"]))


def _shown(data: Any) -> Shown | None:  # noqa: ANN401  checked by use
    if data is None:
        return None
    digest = bytes.fromhex(data["digest"])
    return Shown(str(data["text"]), str(data["version"]), Lang(data["lang"]), digest)


# ------------------------------------------------------------ what happened
class EventKind(StrEnum):
    """What a visitor did: typed, tapped a button, opened the chat."""

    TEXT = "text"
    CHOICE = "choice"
    START = "start"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a visitor did; a `text` event without text is one the bot cannot read."""

    kind: EventKind
    text: str = field(default="", repr=False)
    choice: str = ""


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """A ticket of this visitor that may still admit."""

    id: TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the bot knows when an event comes.

    Attributes:
        lang: the conversation's language.
        local: now, aware, in the museum's zone.
        away: time since the visitor's last event; None if this is the first.
        museum: the house's name.
        contact: where the team is reached.
        privacy: full address of the privacy page.
        offers: what is on sale, in order.
        calendar: opening hours.
        address: where the house is, in one line; "" if it does not say.
        kept: for how many days messages and the person on a ticket are kept.
        answers: the newest answer to each purpose answered so far.
        own: this visitor's tickets, newest first.
        issued_today: tickets this visitor got since local midnight.
        limit: tickets a visitor may get a day.
    """

    lang: Lang
    local: datetime
    away: timedelta | None
    museum: str
    contact: str
    privacy: str
    offers: tuple[Offer, ...]
    calendar: Calendar
    address: str = ""
    kept: Kept = field(default_factory=Kept)
    answers: tuple[Answer, ...] = ()
    own: tuple[OwnTicket, ...] = ()
    issued_today: int = 0
    limit: int = TICKETS_A_DAY

    @property
    def today(self) -> date:
        """The local date."""
        return self.local.date()


# ------------------------------------------------------------ what to do
@dataclass(frozen=True, slots=True)
class Line:
    """A text of the wording with its values; a value may be a line itself."""

    key: str
    values: "tuple[tuple[str, str | Line], ...]" = ()


def line(key: str, **values: str | Line) -> Line:
    """A `Line` with named values."""
    return Line(key, tuple(values.items()))


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what comes back, what it says."""

    id: str
    label: Line


@dataclass(frozen=True, slots=True)
class Say:
    """Say the lines, one below the other."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Say the lines and offer choices; `purpose` marks the question for that consent."""

    lines: tuple[Line, ...]
    choices: tuple[Choice, ...]
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Write an answer into the ledger.

    `shown` is the question it answers; None: `text` is the wording of the confirmation,
    the only text there was (a withdrawal by command or in the settings).
    """

    purpose: Purpose
    action: ConsentAction
    how: How
    text: str
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """Issue a ticket; `on` None: the offer needs no day."""

    offer: Offer
    on: date | None
    party: int
    holder: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShowTicket:
    """Send a ticket of this visitor once more."""

    ticket: TicketId


@dataclass(frozen=True, slots=True)
class SetLang:
    """Speak this language from here on."""

    lang: Lang


Action = Say | Ask | Record | Issue | ShowTicket | SetLang


@dataclass(frozen=True, slots=True)
class Turn:
    """Where the conversation stands now, and what to do, in order."""

    state: Step
    actions: tuple[Action, ...]
