"""Lines of the audit log in the words of a language: who, what, and each field that changed.

The log keeps ids and plain values. A field or a value without words is told as it is kept: a
line outlives the words for what it is about.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from ticketing.domain.audit import SYSTEM, Action, Actor, Entry, Facts, Thing
from ticketing.domain.codes import Effect, EffectKind
from ticketing.domain.names import search_key
from ticketing.service import audit
from ticketing.service.settings import Part
from ticketing.web.parts import the_parts
from ticketing.web.staff import (
    batch_words,
    settings_museum,
    settings_opening,
    settings_retention,
    settings_wording,
)
from ticketing.web.staff.setting_pages import PartPage
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Reason

_SERVICE: Final = "Einlass"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*[+-]\d\d:\d\d")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MONEY: Final = re.compile(r"cents|\w+_cents")
_PARTS: Final[Mapping[str, PartPage]] = {
    Part.MUSEUM: settings_museum.PAGE,
    Part.OPENING: settings_opening.PAGE,
    Part.RETENTION: settings_retention.PAGE,
    Part.WORDING: settings_wording.PAGE,
}
_VALUES: Final[Mapping[str, str]] = {  # what a field's values are called: the beginning of a key
    "action": "action_",
    "event": "event_",
    "events": "event_",
    "live": "offer_live_",
    "method": "method_",
    "paying": "fact_paying_",
    "role": "role_",
    "scopes": "scope_",
    "second_factor": "fact_factor_",
    "to": "fact_to_",
    "validity": "offer_validity_",
    "verdict": "fact_verdict_",
    "way": "fact_way_",
}
_STATES: Final[Mapping[str, str]] = {  # and of "state", by what it is the state of
    "batch": "codes_state_",
    "conflict": "conflicts_state_",
    "conflicts": "conflicts_state_",
    "import": "fact_import_",
    "signing_key": "fact_key_",
    "ticket": "ticket_short_",
}
_NAMED: Final[Mapping[str, str]] = {  # fields that hold ids of things with a name
    "gate": "gate",
    "gates": "gate",
    "offer": "offer",
    "offers": "offer",
}


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells lines: `names` are those of who acts, `things` those of what is acted upon."""

    speaker: Speaker
    names: Mapping[str, str]
    things: Mapping[str, Mapping[str, Localised]]

    def actor(self, actor: Actor) -> str:
        """What whoever acted is called now; of a command its words."""
        if actor == SYSTEM:
            return _SERVICE
        return self.names.get(actor.id, actor.id)

    def thing(self, entry: Entry) -> str:
        """What it was done to is called now, or was when it went."""
        kind, key = entry.object.kind, entry.object.id
        named = self.things.get(kind, {}).get(key)
        if named is not None:
            return named.in_(self.speaker.lang)
        if kind == "settings" and key in _PARTS:
            return self.speaker.say(f"{key}_title")
        gone = (entry.before or {}).get("name")
        if isinstance(gone, str) and entry.after is None:
            return gone
        return self.names.get(key) or self._said(f"thing_{kind}_{key}", key)

    def kind(self, thing: Thing) -> str:
        """What a kind of thing is called."""
        return self._said(f"thing_{thing.kind}", thing.kind)

    def facts(self, entry: Entry) -> Iterator[tuple[str, str, str]]:
        """Each field that changed: what it is called, what it was and what it is."""
        was, now = entry.before or {}, entry.after or {}
        named = {name: self._name(entry, name) for name in (*was, *now)}
        for name, words in sorted(named.items(), key=lambda one: search_key(one[1])):
            old, new = self._value(entry, name, was), self._value(entry, name, now)
            if old or new:
                yield words, old, new

    # -------------------------------------------------------- names and values
    def _said(self, key: str, otherwise: str) -> str:
        return self.speaker.say(key) if self.speaker.knows(key) else otherwise

    def _name(self, entry: Entry, name: str) -> str:
        page = _PARTS.get(entry.object.id) if entry.object.kind == "settings" else None
        if page is not None:
            return page.label(name, self.speaker)
        form = f"offer_{name}" if entry.object.kind == "offer" else ""  # as its form calls it
        return self._said(form, self._said(f"fact_{name}", name))

    def _value(self, entry: Entry, name: str, facts: Facts) -> str:
        value = facts.get(name)
        match value:
            case None:
                return ""
            case list():
                return ", ".join(self._word(entry, name, str(one)) for one in value)
            case dict():
                return self._many(value)
            case bool():
                return self.speaker.say("value_yes" if value else "value_no")
            case int() if _MONEY.fullmatch(name):
                return self._money(value, facts)
            case _:
                return self._word(entry, name, str(value))

    def _money(self, cents: int, facts: Facts) -> str:
        if not cents:  # of a budget, nothing is not "free"
            return batch_words.euros(self.speaker, cents)
        return self.speaker.money(cents, str(facts.get("currency") or "EUR"))

    def _many(self, value: Mapping[str, Any]) -> str:
        match value:
            case {"kind": str(kind), "value": int(amount)} if kind in set(EffectKind):
                return batch_words.gives(self.speaker, Effect(EffectKind(kind), amount))
            case {"de": str(german), "en": str(english)}:
                return Localised(german, english).in_(self.speaker.lang)
            case _:
                return ", ".join(f"{name}: {one}" for name, one in value.items())

    def _word(self, entry: Entry, name: str, text: str) -> str:
        if entry.object.kind == "settings" and entry.object.id in _PARTS:
            return _PARTS[entry.object.id].plain(name, text, self.speaker)
        if name in _NAMED:
            named = self.things.get(_NAMED[name], {}).get(text)
            return text if named is None else named.in_(self.speaker.lang)
        if name == "reason" and text in set(Reason):
            return self.speaker.reason(Reason(text))
        prefix = _STATES.get(entry.object.kind) if name == "state" else _VALUES.get(name)
        if prefix is None:
            return self.names.get(text) or self._when(entry, name, text)
        return self._said(prefix + re.sub(r"[ .:]", "_", text), text)

    def _when(self, entry: Entry, name: str, text: str) -> str:
        try:
            if _DAY.fullmatch(text):
                return self.speaker.day(date.fromisoformat(text))
            if _MOMENT.fullmatch(text):
                return self._moment(entry, name, datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            return text
        return text

    def _moment(self, entry: Entry, name: str, at: datetime) -> str:
        """With its date always: who reads a log reads it later."""
        if entry.object.kind == "batch" and name == "valid_until":
            return batch_words.end(self.speaker, at)
        return f"{self.speaker.day(at)}, {self.speaker.time(at)}"


def the_teller(speaker: Speaker) -> Teller:
    """Tells lines by the names of now."""
    with the_parts().store.unit() as unit:
        return Teller(speaker, audit.names(unit), audit.things(unit))


def action_name(action: Action, speaker: Speaker) -> str:
    """What an action is called."""
    return speaker.say(f"action_{action.value.replace('.', '_')}")
