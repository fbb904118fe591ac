"""What the page asks of the service itself: tickets by a name, and a supervisor's word.

What comes back goes to whoever asked and is kept nowhere: a name stands on the screen for as
long as staff look for it, a PIN is never anywhere but on its way. No line of the log tells of
either.
"""

from typing import Final, Protocol

from scanner.events import Answer, Event, Failure, ScanId, Step
from scanner.hand import is_a_code
from scanner.line import NoReply
from scanner.page.tools import Found, Match, Overruling, Said
from scanner.presentation import House
from scanner.wording import Words, both
from ticketing.wire.messages import BadMessage, Fields, JsonObject
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.texts import local_date, local_time
from ticketing.wire.views import name_of

LEAST_LETTERS: Final = 3
MOST_SHOWN: Final = 20
_MINUTE_S: Final = 60
_SAME_DAY_S: Final = 86_400

_ONLINE_ONLY = frozenset(
    {Failure.UNREACHABLE, Failure.TIMEOUT, Failure.BROKEN, Failure.SERVER, Failure.REVOKED}
)


_OVERRIDE_WORDS: Final = {
    "wrong_pin": "override.wrong_pin",
    "not_overridable": "override.not_overridable",
}


class Asked(Protocol):
    """The part of the line to the service that is used."""

    def search(self, holder: str) -> tuple[JsonObject, ...] | NoReply:
        """Tickets whose holder's name has these letters."""
        ...

    def override(self, scan_id: ScanId, *, why: str, by: str, pin: str) -> ScanAnswer | NoReply:
        """Have a supervisor let somebody in who was refused."""
        ...


class Counter(Protocol):
    """The part of the desk that is used."""

    @property
    def house(self) -> House:
        """Where the station stands."""
        ...

    def typed(self, text: str) -> None:
        """A hand scanner has typed."""
        ...

    def post(self, happened: Event, /) -> None:
        """Something for the gate."""
        ...


class Errands:
    """Runs errands to the service; for many threads, each waits for its own."""

    def __init__(self, asked: Asked, desk: Counter) -> None:
        self._asked = asked
        self._desk = desk

    def search(self, name: str) -> Found:
        """Tickets of holders whose name has these letters, at least three."""
        if is_a_code(name):  # the hand scanner went off while the field had the focus
            self._desk.typed(name)
            return Found(is_scanned=True)
        if sum(letter.isalpha() for letter in name) < LEAST_LETTERS:
            return Found(note=_say("search.short"))
        reply = self._asked.search(" ".join(name.split()))
        if isinstance(reply, NoReply):
            return Found(note=_say(_search_problem(reply)))
        matches = tuple(match for item in reply if (match := _match(item, self._desk.house)))
        if not matches:
            return Found(note=_say("search.none"))
        note = _say("search.more", count=MOST_SHOWN) if len(matches) > MOST_SHOWN else {}
        return Found(matches[:MOST_SHOWN], note)

    def override(self, overruling: Overruling) -> Said:
        """Have it done; what to say if it is not, else nothing: the screen says so."""
        reply = self._asked.override(
            overruling.scan_id, why=overruling.why, by=overruling.by, pin=overruling.pin
        )
        if isinstance(reply, NoReply):
            return _override_problem(reply)
        self._desk.post(Answer(overruling.scan_id, Step.OVERRIDE, reply))
        return {}


def _say(key: str, **values: object) -> Said:
    return {words.lang: words.say(key, **values) for words in both()}


def _search_problem(reply: NoReply) -> str:
    if reply.failure in _ONLINE_ONLY:
        return "search.offline"
    return "search.busy" if reply.failure is Failure.BUSY else "search.refused"


def _override_problem(reply: NoReply) -> Said:
    """Why nobody was let in, and what to do about it."""
    if reply.failure is Failure.BUSY:
        minutes = max(1, -(-(reply.retry_after_s or _MINUTE_S) // _MINUTE_S))
        return {words.lang: words.count("override.throttled", minutes) for words in both()}
    if reply.failure in _ONLINE_ONLY:
        is_open = reply.failure in {Failure.TIMEOUT, Failure.BROKEN, Failure.SERVER}
        return _say("override.unsure" if is_open else "override.offline")
    return _say(_OVERRIDE_WORDS.get(reply.problem, "override.refused"))


def _match(item: JsonObject, house: House) -> Match | None:
    """A ticket of the answer; what is none is left out."""
    got = Fields.of(item)
    try:
        holder, code = got.text("holder"), got.text("short_code")
        said = {words.lang: _in_words(got, house, words) for words in both()}
    except BadMessage:
        return None
    return Match(holder, said, code)


def _in_words(got: Fields, house: House, words: Words) -> str:
    """`Tageskarte · 2 Personen · So 4. Okt. 2026 · gültig`."""
    name = got.optional("offer_name", lambda field_name: name_of(got, field_name))
    offer = name.in_(words.lang) if name else words.say("ticket")
    begin, end = got.time("valid_from"), got.time("valid_until")
    date = local_date(begin, house.zone, words.lang)
    if (end - begin).total_seconds() > _SAME_DAY_S:
        date = words.say("valid.until", date=local_date(end, house.zone, words.lang))
    elif (end - begin).total_seconds() < _SAME_DAY_S / 4:
        date = f"{date}, {local_time(begin, house.zone)}"
    key = f"state.{got.text('state')}"
    state = words.by_key.get(key, "")
    parts = (offer, words.count("people", got.whole("party")), date, state)
    return " · ".join(part for part in parts if part)
