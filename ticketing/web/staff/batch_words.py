"""Batches of codes in the words of a person: what they give, for how long, how far they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.codes import Batch, BatchState, Effect, EffectKind
from ticketing.domain.offers import Offer
from ticketing.service.code_lists import CodeState, ListedCode
from ticketing.web.parts import the_parts
from ticketing.web.staff.speaker import NO_BREAK, Speaker

_INSTANT: Final = timedelta(microseconds=1)
_SHAPES: Final = {
    CodeState.REDEEMED: "",
    CodeState.DELIVERED: "status--idle",
    CodeState.SENT: "status--off",
    CodeState.OPEN: "status--idle",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of the funnel: its name, how many, how wide in percent, and the share in words."""

    name: str
    number: str
    wide: float
    share: str


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch of a list."""

    id: str
    name: str
    tag: str
    gives: str
    valid: str
    state: str
    shape: str
    made: str
    sent: str
    delivered: str
    redeemed: str
    used: int
    of: int
    share: str
    budget: str


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code of a list."""

    text: str
    state: str
    shape: str
    sent: str
    delivered: str
    redeemed: str
    gate: str
    off: str
    is_off: bool
    is_bound: bool


def euros(speaker: Speaker, cents: int) -> str:
    """Money, where nothing is "0,00 €" and not "free"."""
    if cents:
        return speaker.money(cents)
    return f"0,00{NO_BREAK}€" if speaker.lang == "de" else "€0.00"


def gives(speaker: Speaker, effect: Effect) -> str:
    """What a code does: "20 % Rabatt", "Festpreis 5,00 €"."""
    match effect.kind:
        case EffectKind.PERCENT:
            return speaker.say("codes_gives_percent", value=percent(speaker, effect.value))
        case EffectKind.AMOUNT:
            return speaker.say("codes_gives_amount", value=euros(speaker, effect.value))
        case EffectKind.PRICE:
            return speaker.say("codes_gives_price", value=euros(speaker, effect.value))
        case EffectKind.FREE:
            return speaker.say("codes_gives_free")


def percent(speaker: Speaker, value: int) -> str:
    """A percentage: "20 %" or "20%"."""
    return speaker.percent(value, 100)


def worth(speaker: Speaker, batch: Batch, offers: Mapping[str, Offer]) -> str:
    """What a code does, and on what."""
    what = gives(speaker, batch.effect)
    if batch.offers is None:
        return speaker.say("codes_on_all", what=what)
    names = [offers[slug].name.in_(speaker.lang) for slug in batch.offers if slug in offers]
    return speaker.say("codes_on", what=what, offers=", ".join(names))


def valid(speaker: Speaker, batch: Batch) -> str:
    """From when until when: days, and times where they are not whole days."""
    first = None if batch.valid_from is None else _first(speaker, batch.valid_from)
    last = None if batch.valid_until is None else _last(speaker, batch.valid_until)
    if first and last:
        return speaker.say("codes_from_until", first=first, last=last)
    if first:
        return speaker.say("codes_from", first=first)
    return speaker.say("codes_until", last=last) if last else speaker.say("codes_always")


def until(speaker: Speaker, batch: Batch) -> str:
    """Until when, for a printed code; "" without an end."""
    if batch.valid_until is None:
        return ""
    return speaker.say("codes_until", last=_last(speaker, batch.valid_until))


def _first(speaker: Speaker, at: datetime) -> str:
    return speaker.day(at) if _is_midnight(at) else f"{speaker.day(at)}, {speaker.time(at)}"


def _last(speaker: Speaker, at: datetime) -> str:
    """The last day, as the end itself is excluded."""
    if _is_midnight(at):
        return speaker.day(last_moment(at))
    return f"{speaker.day(at)}, {speaker.time(at)}"


def last_moment(at: datetime) -> datetime:
    """The last moment before an end."""
    return at - _INSTANT


def _is_midnight(at: datetime) -> bool:
    local = at.astimezone(the_parts().house.museum.zone)
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def uses(speaker: Speaker, limit: int | None) -> str:
    """How often: "einmal", "5-mal", "beliebig oft"."""
    if limit is None:
        return speaker.say("codes_any_times")
    if limit == 1:
        return speaker.say("codes_once")
    return speaker.say("codes_times", n=speaker.number(limit))


def state(speaker: Speaker, batch: Batch) -> tuple[str, str]:
    """How a batch is now, in a word, and the class of its sign."""
    now, tally = speaker.now(), batch.tally
    match batch.state:
        case BatchState.BUILDING:
            return speaker.say("codes_state_building"), "status--off"
        case BatchState.FAILED:
            return speaker.say("codes_state_failed"), "status--bad"
        case BatchState.STOPPED:
            return speaker.say("codes_state_stopped"), "status--off"
        case BatchState.READY if batch.valid_until is not None and now >= batch.valid_until:
            return speaker.say("codes_state_over"), "status--idle"
        case BatchState.READY if batch.budget_cents is not None and (
            tally.given_cents >= batch.budget_cents
        ):
            return speaker.say("codes_state_spent"), "status--idle"
        case BatchState.READY if batch.valid_from is not None and now < batch.valid_from:
            return speaker.say("codes_state_later"), "status--idle"
        case BatchState.READY:
            return speaker.say("codes_state_ready"), ""


def budget(speaker: Speaker, batch: Batch) -> str:
    """What is given of what there is: "741,60 € von 1.500,00 €"."""
    given = euros(speaker, batch.tally.given_cents)
    if batch.budget_cents is None:
        return given
    return speaker.say("codes_of", part=given, whole=euros(speaker, batch.budget_cents))


def batch_row(speaker: Speaker, batch: Batch) -> BatchRow:
    """One batch of a list."""
    tally, (word, shape) = batch.tally, state(speaker, batch)
    return BatchRow(
        id=batch.id,
        name=batch.name,
        tag=batch.tag or "",
        gives=gives(speaker, batch.effect),
        valid=valid(speaker, batch),
        state=word,
        shape=shape,
        made=speaker.number(tally.made),
        sent=speaker.number(tally.sent),
        delivered=speaker.number(tally.delivered),
        redeemed=speaker.number(tally.used),
        used=tally.used,
        of=tally.made,
        share=speaker.say("codes_redeemed_share", share=_share(speaker, tally.used, tally.made)),
        budget=budget(speaker, batch),
    )


def code_row(speaker: Speaker, code: ListedCode, gates: Mapping[str, str]) -> CodeRow:
    """One code of a list; `gates` are names by slug."""
    return CodeRow(
        text=code.text,
        state=speaker.say(f"codes_code_{code.state}"),
        shape=_SHAPES[code.state],
        sent=_moment(speaker, code.sent_at),
        delivered=_moment(speaker, code.delivered_at),
        redeemed=_moment(speaker, code.last_at),
        gate=gates.get(code.gate, code.gate) if code.gate else "",
        off=euros(speaker, code.off_cents),
        is_off=code.off_cents > 0,
        is_bound=code.visitor is not None,
    )


def _moment(speaker: Speaker, at: datetime | None) -> str:
    return "" if at is None else speaker.moment(at)


def funnel(speaker: Speaker, batch: Batch) -> list[Step]:
    """From made to redeemed; each share says what it is of."""
    tally, most = batch.tally, max(1, batch.tally.made)
    base, of = tally.made, "codes_share_made"
    for number, words in ((tally.sent, "codes_share_sent"), (tally.delivered, "codes_share_got")):
        if number and number >= tally.used:
            base, of = number, words
    shares = {
        "made": "",
        "sent": _share(speaker, tally.sent, tally.made),
        "delivered": speaker.say(
            "codes_share_sent", share=_share(speaker, tally.delivered, tally.sent)
        ),
        "used": speaker.say(of, share=_share(speaker, tally.used, base)),
    }
    return [
        Step(
            speaker.say(f"codes_step_{name}"),
            speaker.number(getattr(tally, name)),
            round(100 * getattr(tally, name) / most, 2),
            share,
        )
        for name, share in shares.items()
    ]


def _share(speaker: Speaker, part: int, of: int) -> str:
    """A share that is not 0 % while there is anything, and not 100 % while anything is left."""
    if part and of and round(100 * part / of) == 0:
        return speaker.say("codes_below", share=percent(speaker, 1))
    if part < of and round(100 * part / of) == 100:  # noqa: PLR2004  percent
        return percent(speaker, 99)
    return speaker.percent(part, of)
