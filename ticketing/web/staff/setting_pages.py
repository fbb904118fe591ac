"""What the pages of the settings have in common: how a part is read, kept and taken back.

Each form carries the version it was made from, and the facts as plain texts: who comes second
sees what the first one changed, and decides.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.service import settings
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.settings import Facts, Part, Setting
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import Form
from ticketing.web.staff.speaker import Speaker

HERE: Final = f"{frame.HOME}/settings"
_UNREADABLE: Final = -1


def _plain(value: str, speaker: Speaker) -> str:
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
    plain: Callable[[str, Speaker], str] = field(default=_plain)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{HERE}/{self.part.value}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a template needs of a part, besides its own forms.

    `was` are its facts as plain texts, `changed` says when it was changed last, "" if never.
    """

    address: str
    version: int
    was: str
    changed: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Why nothing was kept: what is wrong stands in the form, what others did in `others`."""

    status: int = 422
    others: tuple[str, ...] = ()


def get(page: PartPage) -> Setting:
    """The part as it is now."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return settings.get(unit, parts.house, part=page.part)


def shown(page: PartPage, setting: Setting, speaker: Speaker) -> Shown:
    """What every template of a part is given."""
    at = setting.changed_at
    return Shown(
        address=page.address,
        version=setting.version,
        was=json.dumps(_texts(setting.facts)),
        changed="" if at is None else speaker.moment(at),
        may_change=frame.may(page.right),
    )


def save(page: PartPage, form: Form, facts: Facts | None, *, told: str) -> AnyResponse | Unsaved:
    """Keep a part as the form says, and go on to its page; `facts` None cannot be read."""
    if form.problems or facts is None:
        return Unsaved()
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            settings.change(
                unit, parts.house, part=page.part, facts=facts, version=_version(form.value)
            )
    except Invalid as refusal:
        form.take(refusal, dict(page.names))
        return Unsaved()
    except Conflict:
        return Unsaved(409, tuple(_others(page, form)))
    return frame.done(page.address, told)


def take_back(page: PartPage) -> AnyResponse:
    """Undo the last change of a part; what somebody else did meanwhile stays."""
    frame.checked_form()
    parts = the_parts()
    try:
        with parts.store.unit() as unit:
            settings.take_back(
                unit, parts.house, part=page.part, version=_version(request.form.get)
            )
    except Conflict:
        return frame.not_done(page.address, "settings_not_taken_back")
    return frame.done(page.address, "settings_taken_back")


def _version(read: Callable[[str, str], Any]) -> int:
    text = str(read("version", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else _UNREADABLE  # noqa: PLR2004  more digits than any version has


def _texts(facts: Facts) -> dict[str, str]:
    """Facts as plain texts: what a second person is shown of the first one's."""
    return {
        name: ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in facts.items()
    }


def _others(page: PartPage, form: Form) -> Iterator[str]:
    """What somebody else has changed since the form was made."""
    speaker, now = form.speaker, _texts(get(page).facts)
    try:
        read = json.loads(form.value("was", "{}"))
    except ValueError:
        read = {}
    was = {name: str(value) for name, value in read.items()} if isinstance(read, dict) else now
    for name in dict.fromkeys((*now, *was)):
        old, new = was.get(name, ""), now.get(name, "")
        if old != new:
            yield speaker.say(
                "changed_from_to",
                what=page.label(name, speaker),
                old=page.plain(old, speaker),
                new=page.plain(new, speaker),
            )
