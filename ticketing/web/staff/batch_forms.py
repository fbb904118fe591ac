"""The form of a batch: read, filled, and said back in plain words before anything is made."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from ticketing.domain.code_texts import CAPACITY, CodeBits, is_possible_prefix, text_of
from ticketing.domain.codes import (
    MOST,
    NAME_LIMIT,
    NOTE_LIMIT,
    TAG_LIMIT,
    USES_LIMIT,
    Batch,
    Effect,
    EffectKind,
)
from ticketing.domain.merging import Facts
from ticketing.domain.museum import day_bounds
from ticketing.domain.offers import Offer
from ticketing.service.code_batches import BatchChange, NewBatch
from ticketing.service.offers import KEEP
from ticketing.web.parts import the_parts
from ticketing.web.staff import batch_words as say
from ticketing.web.staff.forms import Form, day_of, typed_money
from ticketing.web.staff.merging import Words, labels
from ticketing.web.staff.speaker import Speaker

EXAMPLE: Final = CodeBits(CAPACITY // 7 * 5)
"""The bits of the code that a form shows; it belongs to no batch."""
NAMES: Final = {  # the service's names of fields, and the form's
    "effect.value": "effect",
    "min_amount_cents": "min_amount",
    "budget_cents": "budget",
    "valid_from": "first_day",
    "valid_until": "last_day",
}
_WHOLE: Final = 100
_CENTS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def new_batch(form: Form) -> NewBatch | None:
    """The batch that a form asks for; None with problems noted."""
    name = form.text("name", most=NAME_LIMIT)
    prefix = form.text("prefix", most=12).upper()
    if prefix and not is_possible_prefix(prefix):
        form.problem("prefix", "codes_wrong_prefix")
    count = form.whole("count", least=1, most=MOST)
    shared = _shared(form)
    if form.problems or count is None:
        return None
    return NewBatch(name=name, prefix=prefix, count=count, **shared)


def change_of(form: Form, batch: Batch) -> BatchChange | None:
    """What a form changes of a batch; None with problems noted."""
    name = form.text("name", most=NAME_LIMIT)
    shared = _shared(form, is_effect_needed="effect" in form.sent)
    version = form.whole("version", least=0, most=USES_LIMIT)
    if form.problems:
        return None
    zone, speaker = the_parts().house.museum.zone, form.speaker
    known = {"valid_from": first_day(speaker, batch), "valid_until": last_day(speaker, batch)}
    for key, days in known.items():
        old: datetime | None = getattr(batch, key)
        if old is not None and days is not None and shared[key] is not None:
            start, end = day_bounds(days, zone)
            if shared[key] == (start if key == "valid_from" else end):
                shared[key] = KEEP  # the day is the same: a time of day that stands there stays
    return BatchChange(name=name, version=version, **shared)


def _shared(form: Form, *, is_effect_needed: bool = True) -> dict[str, Any]:
    zone = the_parts().house.museum.zone
    first, last = form.day("first_day", is_needed=False), form.day("last_day", is_needed=False)
    if first and last and last < first:
        form.problem("last_day", "codes_wrong_last_day")
    tag = form.text("tag", most=TAG_LIMIT, is_needed=False)
    note = form.text("note", most=NOTE_LIMIT, is_needed=False)
    return {
        "effect": _effect(form) if is_effect_needed else None,
        "valid_from": None if first is None else day_bounds(first, zone)[0],
        "valid_until": None if last is None else day_bounds(last, zone)[1],
        "max_uses": form.whole("max_uses", least=1, most=USES_LIMIT, is_needed=False),
        "per_visitor": form.whole("per_visitor", least=1, most=USES_LIMIT, is_needed=False),
        "offers": form.chosen("offers") or None,
        "min_amount_cents": form.cents("min_amount", is_needed=False) or None,
        "budget_cents": form.cents("budget", is_needed=False),
        "tag": tag or None,
        "note": note or None,
    }


def _effect(form: Form) -> Effect | None:
    kind = form.choice("effect", EffectKind)
    match kind:
        case EffectKind.PERCENT:
            value = form.whole("percent", least=1, most=_WHOLE)
        case EffectKind.AMOUNT:
            value = form.cents("amount")
            if value == 0:
                form.problem("amount", "wrong_money")
        case EffectKind.PRICE:
            value = form.cents("price")
        case _:
            value = 0
    return None if kind is None or value is None else Effect(kind, value)


# ------------------------------------------------------------ filling
def first_day(speaker: Speaker, batch: Batch) -> date | None:
    """The local day on which a batch begins."""
    return None if batch.valid_from is None else speaker.local(batch.valid_from)


def last_day(speaker: Speaker, batch: Batch) -> date | None:
    """The local day on which a batch ends; that day is the last one."""
    end = batch.valid_until
    return None if end is None else speaker.local(say.last_moment(end))


def facts(speaker: Speaker, batch: Batch) -> dict[str, Any]:
    """What can be changed of a batch, as the form has it; what a code does is one fact."""
    first, last = first_day(speaker, batch), last_day(speaker, batch)
    return {
        "name": batch.name,
        "effect": [batch.effect.kind.value, batch.effect.value],
        "offers": list(batch.offers or ()),
        "first_day": first.isoformat() if first else "",
        "last_day": last.isoformat() if last else "",
        "max_uses": str(batch.max_uses or ""),
        "per_visitor": str(batch.per_visitor or ""),
        "min_amount": _optional(batch.min_amount_cents or None),
        "budget": _optional(batch.budget_cents),
        "tag": batch.tag or "",
        "note": batch.note or "",
    }


def filled(speaker: Speaker, told: Facts, version: int) -> Form:
    """The form with a batch's facts in it."""
    kind, value = told["effect"]
    sent = MultiDict({name: told[name] for name in told if name not in {"effect", "offers"}})
    sent["effect"], sent["version"] = kind, str(version)
    sent["percent"] = str(value) if kind == EffectKind.PERCENT else ""
    sent["amount"] = typed_money(value) if kind == EffectKind.AMOUNT else ""
    sent["price"] = typed_money(value) if kind == EffectKind.PRICE else ""
    sent.setlist("offers", told["offers"])
    return Form(sent, speaker)


def _optional(cents: int | None) -> str:
    return "" if cents is None else typed_money(cents)


def kept(form: Form) -> list[tuple[str, str]]:
    """Every field as it was sent, to be sent again with the next step."""
    left_out = {"csrf", "step", "token"}
    return [(name, value) for name, value in form.sent.items(multi=True) if name not in left_out]


# ------------------------------------------------------------ saying it back
def promise(speaker: Speaker, wanted: NewBatch, offers: Mapping[str, Offer]) -> list[str]:
    """What a batch promises, in plain sentences."""
    plain = {name: getattr(wanted, name) for name in NewBatch.__dataclass_fields__}
    batch = Batch(id="", **plain)
    number = speaker.number(wanted.count)
    lines = [
        speaker.say("codes_sum_one" if wanted.count == 1 else "codes_sum_count", n=number),
        speaker.say("codes_sum_worth", worth=say.worth(speaker, batch, offers)),
        _times(speaker, wanted, number),
        speaker.say("codes_sum_valid", valid=say.valid(speaker, batch)),
    ]
    if wanted.per_visitor is not None:
        lines.append(speaker.say("codes_sum_visitor", times=say.uses(speaker, wanted.per_visitor)))
    if wanted.min_amount_cents:
        least = say.euros(speaker, wanted.min_amount_cents)
        lines.append(speaker.say("codes_sum_least", amount=least))
    if wanted.budget_cents is None:
        lines.append(speaker.say("codes_sum_no_budget"))
    else:
        most = say.euros(speaker, wanted.budget_cents)
        lines.append(speaker.say("codes_sum_budget", amount=most))
    at_gate = say.at_gate(speaker, batch, offers.values())
    return [*lines, at_gate] if at_gate else lines


def _times(speaker: Speaker, wanted: NewBatch, number: str) -> str:
    if wanted.max_uses is None:
        return speaker.say("codes_sum_any_times")
    if wanted.max_uses == 1:
        return speaker.say("codes_sum_once", n=number)
    most = speaker.number(wanted.max_uses * wanted.count)
    return speaker.say("codes_sum_times", times=speaker.number(wanted.max_uses), n=most)


def example(prefix: str) -> str:
    """A code as it would look."""
    return text_of(prefix if is_possible_prefix(prefix) else "HERBST", EXAMPLE)


# ------------------------------------------------------------ two at the same form
def _plain(name: str, value: str, speaker: Speaker) -> str:
    if name == "offers" and not value:
        return speaker.say("codes_every_offer")
    if name == "effect":
        kind, _, number = value.partition(", ")
        is_effect = kind in set(EffectKind) and _CENTS.fullmatch(number)
        return say.gives(speaker, Effect(EffectKind(kind), int(number))) if is_effect else value
    day = day_of(value) if name in {"first_day", "last_day"} else None
    return speaker.day(day) if day else value or speaker.say("codes_empty")


WORDS: Final = Words(labels("codes_field_"), _plain)
"""How what somebody else has changed meanwhile is said."""
