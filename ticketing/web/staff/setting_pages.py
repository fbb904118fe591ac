"""What the pages of the settings have in common: how a part is read, kept and taken back.

Each form carries the version it was made from, and its facts: who comes second sees what the first
one changed, reverts nothing of it unasked, and decides about what both changed (`merging`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.merging import taken
from ticketing.service import settings
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.settings import Facts, Part, Setting
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, merging
from ticketing.web.staff.forms import Form, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.merging import Meeting, Words
from ticketing.web.staff.speaker import Speaker

HERE: Final = f"{frame.HOME}/settings"
_UNREADABLE: Final = -1
_VERSION: Final = re.compile(r"[0-9]{1,9}")
_CONFLICT: Final = 409


def labelled(keys: Mapping[str, str]) -> Callable[[str, Speaker], str]:
    """What facts are called that have words of a key; one that somebody made up keeps its name."""
    return lambda fact, speaker: speaker.say(keys[fact]) if fact in keys else fact


def _plain(_: str, value: str, speaker: Speaker) -> str:
    return value or speaker.say("value_none")


@dataclass(frozen=True, slots=True)
class PartPage:
    """The page of a part: who may change it, what its facts are called.

    `names` are the fields of facts that the form calls otherwise, `plain` says a value.
    """

    part: Part
    right: Right
    label: Callable[[str, Speaker], str]
    names: Mapping[str, str] = field(default_factory=dict)
    plain: Callable[[str, str, Speaker], str] = field(default=_plain)

    @property
    def words(self) -> Words:
        """How its facts are said."""
        return Words(self.label, self.plain)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{HERE}/{self.part.value}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a template needs of a part, besides its own forms.

    `was` are its facts as a form carries them, `changed` says when it was changed last, "" if
    never; `is_conflict`: a form was not kept because of what somebody else did meanwhile.
    """

    address: str
    version: int
    was: str
    changed: str
    may_change: bool
    is_conflict: bool


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Why nothing was kept: what is wrong stands in the form, or somebody else was faster."""

    met: Meeting | None = None

    @property
    def status(self) -> int:
        """The status of the page."""
        return 422 if self.met is None else _CONFLICT

    def form(self, sent: Form, fill: Callable[[Facts], Form]) -> Form:
        """The form to show: as it was sent, or laid on top of what somebody else has set."""
        return sent if self.met is None else self.met.form(fill(self.met.facts))


def get(page: PartPage) -> Setting:
    """The part as it is now."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return settings.get(unit, parts.house, part=page.part)


def show(
    template: str,
    page: PartPage,
    setting: Setting,
    outcome: Unsaved | None,
    **values: object,
) -> Response:
    """The page of a part: as it is, or with what kept a form from being saved."""
    speaker, at = frame.the_speaker(), setting.changed_at
    part = Shown(
        address=page.address,
        version=setting.version,
        was=merging.written(setting.facts),
        changed="" if at is None else speaker.moment(at),
        may_change=frame.may(page.right),
        is_conflict=outcome is not None and outcome.met is not None,
    )
    return frame.show(
        template,
        place=Place.SETTINGS,
        status=200 if outcome is None else outcome.status,
        part=part,
        others=() if outcome is None or outcome.met is None else outcome.met.others,
        **values,
    )


def save(page: PartPage, form: Form, facts: Facts | None, *, told: str) -> AnyResponse | Unsaved:
    """Keep a part as the form says, and go on to its page; `facts` None cannot be read."""
    now = get(page).facts
    theirs = merging.left_to_others(form, now, page.words)
    if form.problems or facts is None:
        return Unsaved()
    parts, wanted = the_parts(), taken(facts, now, theirs)
    try:
        with parts.store.unit() as unit:
            settings.change(unit, parts.house, part=page.part, facts=wanted, version=_version(form))
    except Invalid as refusal:
        form.take(refusal, dict(page.names))
        return Unsaved()
    except Conflict:
        return Unsaved(merging.meeting(form, wanted, get(page).facts, page.words))
    return frame.done(page.address, told)


def take_back(page: PartPage) -> AnyResponse:
    """Undo the last change of a part; what somebody else did meanwhile stays."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    try:
        with parts.store.unit() as unit:
            settings.take_back(unit, parts.house, part=page.part, version=_version(form))
    except Conflict:
        return frame.not_done(page.address, "settings_not_taken_back")
    return frame.done(page.address, "settings_taken_back")


def is_current(form: Form, setting: Setting) -> bool:
    """Whether a form was made from the part as it is now."""
    return _version(form) == setting.version


def _version(form: Form) -> int:
    text = form.value("version")  # no field that a page shows: nothing is noted beside it
    return int(text) if _VERSION.fullmatch(text) else _UNREADABLE
