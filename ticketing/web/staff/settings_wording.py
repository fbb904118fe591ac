"""Wording: the texts of the chat that a house may say in its own words, in both languages."""

from dataclasses import dataclass
from typing import Final

from apiflask import APIBlueprint
from flask import Response
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.own_words import OWN, TEXT_LIMIT, name_of
from ticketing.domain.visitors import Lang
from ticketing.service.settings import Facts, Part, Setting
from ticketing.web.access import staff_may
from ticketing.web.parts import the_room
from ticketing.web.staff import frame, setting_pages
from ticketing.web.staff.forms import Form, the_form
from ticketing.web.staff.setting_pages import HERE, PartPage, Unsaved
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_settings_wording", __name__, url_prefix=HERE, enable_openapi=False)
_NAMES: Final = {name_of(key, lang): (key, lang) for key in OWN for lang in Lang}


@dataclass(frozen=True, slots=True)
class TextRow:
    """One text: its field, its language, what the program says, whether the house says another."""

    name: str
    lang: str
    words: str
    ours: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One thing the bot says, in each language; `fills` are the names in braces it has to hold."""

    key: str
    words: str
    fills: str
    texts: tuple[TextRow, ...]


def _label(fact: str, speaker: Speaker) -> str:
    if fact not in _NAMES:
        return fact
    key, lang = _NAMES[fact]
    return f"{_key_words(key, speaker)} ({speaker.say(f'wording_lang_{lang.value}')})"


def _plain(_: str, value: str, speaker: Speaker) -> str:
    return value or speaker.say("wording_ours")


PAGE: Final = PartPage(Part.WORDING, Right.CONTENT_CHANGE, _label, plain=_plain)


@bp.get("/wording")
@staff_may(Right.SETTINGS_SEE)
def shown() -> Response:
    """The texts as the bot says them."""
    setting = setting_pages.get(PAGE)
    return _show(setting, _filled(setting.facts))


@bp.post("/wording")
@staff_may(Right.CONTENT_CHANGE)
def change() -> AnyResponse:
    """Set every text; an empty one, or the program's own, is the program's from now on."""
    frame.checked_form()
    form, facts = the_form(frame.the_speaker()), dict[str, str]()
    for name, (key, _) in _NAMES.items():
        text = "\n".join(form.value(name).split("\r\n")).strip()
        if text and text != _ours(name) and key != form.value("ours"):
            facts[name] = text
    outcome = setting_pages.save(PAGE, form, facts, told="wording_saved")
    if isinstance(outcome, Unsaved):
        return _show(setting_pages.get(PAGE), outcome.form(form, _filled), outcome)
    return outcome


@bp.post("/wording/back")
@staff_may(Right.CONTENT_CHANGE)
def take_back() -> AnyResponse:
    """Undo the last change."""
    return setting_pages.take_back(PAGE)


def _filled(facts: Facts) -> Form:
    told = {name: facts.get(name) or _ours(name) for name in _NAMES}
    return Form(MultiDict(told), frame.the_speaker())


def _ours(name: str) -> str:
    """What the program says, its placeholders as they stand."""
    key, lang = _NAMES[name]
    fills = {fill: f"{{{fill}}}" for fill in OWN[key]}
    return the_room().parts.house.wording.say(key, lang.value, **fills)


def _key_words(key: str, speaker: Speaker) -> str:
    return speaker.say(f"wording_{key.replace('.', '_')}")


def _show(setting: Setting, form: Form, outcome: Unsaved | None = None) -> Response:
    speaker = frame.the_speaker()
    return setting_pages.show(
        "staff/settings_wording.html",
        PAGE,
        setting,
        outcome,
        form=form,
        keys=[_row(key, setting, speaker) for key in OWN],
        most=TEXT_LIMIT,
    )


def _row(key: str, setting: Setting, speaker: Speaker) -> KeyRow:
    texts = tuple(
        TextRow(
            name=name_of(key, lang),
            lang=lang.value,
            words=speaker.say(f"wording_lang_{lang.value}"),
            ours=_ours(name_of(key, lang)),
            is_own=name_of(key, lang) in setting.facts,
        )
        for lang in Lang
    )
    fills = ", ".join(f"{{{fill}}}" for fill in sorted(OWN[key]))
    return KeyRow(key, _key_words(key, speaker), fills, texts)
