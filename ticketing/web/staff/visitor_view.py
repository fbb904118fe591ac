"""Visitors in words: a row of the list, and one with answers, tickets and codes."""

from dataclasses import dataclass

from ticketing.domain.code_texts import text_of
from ticketing.domain.consent import Action, Purpose
from ticketing.domain.visitors import Lang, short_reference
from ticketing.service.code_lists import state_of
from ticketing.service.people import Reach
from ticketing.service.visitor_lists import Declared, Found, Listed, VisitorView
from ticketing.web.staff import rows
from ticketing.web.staff.batch_words import CODE_SHAPES
from ticketing.web.staff.rows import TicketRow
from ticketing.web.staff.speaker import Speaker

_SHAPES = {Action.GRANTED: "", Action.REFUSED: "status--idle", Action.WITHDRAWN: "status--off"}
"""The class of an answer's sign."""


@dataclass(frozen=True, slots=True)
class VisitorRow:
    """One visitor of a list; `holder` is the name on the newest ticket, "" without one."""

    id: str
    reference: str
    holder: str
    reached: str
    lang: str
    tickets: str
    heard: str
    since: str


@dataclass(frozen=True, slots=True)
class ReachRow:
    """One way to a visitor, without the address."""

    channel: str
    heard: str
    since: str


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """How the answer to one purpose stands now."""

    purpose: str
    said: str
    shape: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer of the ledger."""

    at: str
    purpose: str
    said: str
    shape: str
    wording: str
    how: str


@dataclass(frozen=True, slots=True)
class BoundCodeRow:
    """One discount code that is bound to the visitor; `batch` is the id of its batch."""

    text: str
    batch: str
    name: str
    state: str
    shape: str
    used: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorPage:
    """All that the page of one visitor shows."""

    id: str
    reference: str
    lang: str
    since: str
    reaches: tuple[ReachRow, ...]
    consents: tuple[ConsentRow, ...]
    answers: tuple[AnswerRow, ...]
    tickets: tuple[TicketRow, ...]
    has_more_tickets: bool
    codes: tuple[BoundCodeRow, ...]
    has_more_codes: bool


def row(one: Listed, speaker: Speaker) -> VisitorRow:
    """One visitor of a list in words."""
    return VisitorRow(
        id=one.id.hex(),
        reference=short_reference(one.id),
        holder=one.holder,
        reached=", ".join(_channel(channel, speaker) for channel in one.channels),
        lang=_lang(one.lang, speaker),
        tickets=speaker.number(one.tickets),
        heard=speaker.moment(one.heard_at) if one.heard_at else "",
        since=speaker.day(one.created_at),
    )


def view_of(view: VisitorView, speaker: Speaker) -> VisitorPage:
    """One visitor in words."""
    person = view.profile.person
    return VisitorPage(
        id=person.id.hex(),
        reference=short_reference(person.id),
        lang=_lang(person.lang, speaker),
        since=speaker.day(person.created_at),
        reaches=tuple(_reach(one, speaker) for one in view.profile.reaches),
        consents=tuple(
            _consent(purpose, view.profile.consents.get(purpose), speaker) for purpose in Purpose
        ),
        answers=tuple(_answer(one, speaker) for one in view.declared),
        tickets=tuple(rows.ticket(one, speaker) for one in view.tickets),
        has_more_tickets=view.has_more_tickets,
        codes=tuple(_code(one, speaker) for one in view.codes),
        has_more_codes=view.has_more_codes,
    )


# ------------------------------------------------------------ parts of the above
def _lang(lang: Lang, speaker: Speaker) -> str:
    return speaker.say(f"visitors_lang_{lang.value}")


def _channel(channel: str, speaker: Speaker) -> str:
    """The name of a kind of channel; one that has no words yet keeps its own."""
    key = f"visitors_channel_{channel}"
    return speaker.say(key) if speaker.knows(key) else channel


def _reach(one: Reach, speaker: Speaker) -> ReachRow:
    return ReachRow(
        channel=_channel(one.channel, speaker),
        heard=speaker.moment(one.updated_at),
        since=speaker.day(one.created_at),
    )


def _consent(purpose: Purpose, action: Action | None, speaker: Speaker) -> ConsentRow:
    words = "never" if action is None else action.value
    return ConsentRow(
        purpose=speaker.say(f"visitors_purpose_{purpose.value}"),
        said=speaker.say(f"visitors_said_{words}"),
        shape="status--idle" if action is None else _SHAPES[action],
    )


def _answer(one: Declared, speaker: Speaker) -> AnswerRow:
    return AnswerRow(
        at=speaker.moment(one.at),
        purpose=speaker.say(f"visitors_purpose_{one.purpose.value}"),
        said=speaker.say(f"visitors_said_{one.action.value}"),
        shape=_SHAPES[one.action],
        wording=speaker.say("visitors_wording", version=one.version, lang=_lang(one.lang, speaker)),
        how=speaker.say(f"visitors_how_{one.how.value}"),
    )


def _code(found: Found, speaker: Speaker) -> BoundCodeRow:
    code, batch = found.code, found.batch
    state = state_of(code.uses, code.sent_at, code.delivered_at)
    return BoundCodeRow(
        text=text_of(batch.prefix, code.bits),
        batch=batch.id,
        name=batch.name,
        state=speaker.say(f"codes_code_{state.value}"),
        shape=CODE_SHAPES[state],
        used=speaker.moment(code.last_at) if code.uses and code.last_at else "",
    )
