"""Batches of codes in the words of a person: what they give, for how long, how far they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketing.domain.codes import Batch, Effect, EffectKind, Standing, gate_cents, standing
from ticketing.domain.offers import Offer
from ticketing.service.code_batches import TagTally
from ticketing.service.code_lists import BatchView, CodeState, ListedCode, Redemption
from ticketing.web.parts import the_parts
from ticketing.web.staff.speaker import NO_BREAK, Speaker

_INSTANT: Final = timedelta(microseconds=1)
CODE_SHAPES: Final = {
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
    last = None if batch.valid_until is None else end(speaker, batch.valid_until)
    if first and last:
        return speaker.say("codes_from_until", first=first, last=last)
    if first:
        return speaker.say("codes_from", first=first)
    return speaker.say("codes_until", last=last) if last else speaker.say("codes_always")


def until(speaker: Speaker, batch: Batch) -> str:
    """Until when, for a printed code; "" without an end."""
    if batch.valid_until is None:
        return ""
    return speaker.say("codes_until", last=end(speaker, batch.valid_until))


def _first(speaker: Speaker, at: datetime) -> str:
    return speaker.day(at) if _is_midnight(at) else f"{speaker.day(at)}, {speaker.time(at)}"


def end(speaker: Speaker, at: datetime) -> str:
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
    found = standing(batch, speaker.now())
    return speaker.say(f"codes_state_{found.value}"), _BATCH_SHAPES[found]


_BATCH_SHAPES: Final = {
    Standing.BUILDING: "status--off",
    Standing.FAILED: "status--bad",
    Standing.STOPPED: "status--off",
    Standing.OVER: "status--idle",
    Standing.SPENT: "status--idle",
    Standing.LATER: "status--idle",
    Standing.READY: "",
}


def budget(speaker: Speaker, batch: Batch) -> str:
    """What is given of what there is: "741,60 € von 1.500,00 €"."""
    given = euros(speaker, batch.tally.given_cents)
    if batch.budget_cents is None:
        return given
    return speaker.say("codes_of", part=given, whole=euros(speaker, batch.budget_cents))


def at_gate(speaker: Speaker, batch: Batch, offers: Iterable[Offer]) -> str:
    """What a use at a gate is booked as; "" where that is exactly what it takes off."""
    cents = gate_cents(batch, offers)
    if cents is None:
        return ""
    key = "codes_at_gate" if batch.budget_cents is None else "codes_at_gate_budget"
    return speaker.say(key, amount=euros(speaker, cents))


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
        share=speaker.say("codes_redeemed_share", share=share(speaker, tally.used, tally.made)),
        budget=budget(speaker, batch),
    )


def code_row(speaker: Speaker, code: ListedCode, gates: Mapping[str, str]) -> CodeRow:
    """One code of a list; `gates` are names by slug."""
    return CodeRow(
        text=code.text,
        state=speaker.say(f"codes_code_{code.state}"),
        shape=CODE_SHAPES[code.state],
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
        "sent": speaker.say("codes_share_made", share=share(speaker, tally.sent, tally.made)),
        "delivered": speaker.say(
            "codes_share_sent", share=share(speaker, tally.delivered, tally.sent)
        ),
        "used": speaker.say(of, share=share(speaker, tally.used, base)),
    }
    return [
        Step(
            speaker.say(f"codes_step_{name}"),
            speaker.number(getattr(tally, name)),
            round(100 * getattr(tally, name) / most, 2),
            told,
        )
        for name, told in shares.items()
    ]


def share(speaker: Speaker, part: int, of: int) -> str:
    """A share that is not 0 % while there is anything, and not 100 % while anything is left."""
    if part and of and round(100 * part / of) == 0:
        return speaker.say("codes_below", share=percent(speaker, 1))
    if part < of and round(100 * part / of) == 100:  # noqa: PLR2004  percent
        return percent(speaker, 99)
    return speaker.percent(part, of)


@dataclass(frozen=True, slots=True)
class TagRow:
    """What the batches of one tag have come to; `key` is what an address calls it."""

    key: str
    name: str
    batches: str
    made: str
    sent: str
    redeemed: str
    used: int
    of: int
    share: str
    given: str


@dataclass(frozen=True, slots=True)
class RedemptionRow:
    """One redemption of a code."""

    at: str
    where: str
    off: str
    released: str


def tag_row(speaker: Speaker, tally: TagTally) -> TagRow:
    """One tag; the batches without one come under a word for that."""
    sums = tally.tally
    return TagRow(
        key=tally.tag or "-",
        name=tally.tag or speaker.say("codes_no_tag"),
        batches=speaker.number(tally.batches),
        made=speaker.number(sums.made),
        sent=speaker.number(sums.sent),
        redeemed=speaker.number(sums.used),
        used=sums.used,
        of=sums.made,
        share=speaker.say("codes_redeemed_share", share=share(speaker, sums.used, sums.made)),
        given=euros(speaker, sums.given_cents),
    )


def redemption_row(speaker: Speaker, one: Redemption, gates: Mapping[str, str]) -> RedemptionRow:
    """One redemption: when, where, how much; and when it was taken back."""
    where = gates.get(one.gate, one.gate) if one.gate else speaker.say("codes_by_program")
    return RedemptionRow(
        at=speaker.moment(one.at),
        where=where,
        off=euros(speaker, one.off_cents),
        released="" if one.released_at is None else speaker.moment(one.released_at),
    )


def facts(speaker: Speaker, batch: Batch, offers: Iterable[Offer]) -> list[tuple[str, str]]:
    """What a batch does: name and value of each fact."""
    known = {offer.slug: offer for offer in offers}
    told = [
        ("codes_fact_gives", worth(speaker, batch, known)),
        ("codes_fact_valid", valid(speaker, batch)),
        ("codes_fact_uses", uses(speaker, batch.max_uses)),
    ]
    if batch.per_visitor is not None:
        told.append(("codes_fact_visitor", uses(speaker, batch.per_visitor)))
    if batch.min_amount_cents:
        told.append(("codes_fact_least", euros(speaker, batch.min_amount_cents)))
    name = "codes_fact_given" if batch.budget_cents is None else "codes_fact_budget"
    told.append((name, budget(speaker, batch)))
    if batch.tag:
        told.append(("codes_fact_tag", batch.tag))
    return [(speaker.say(key), value) for key, value in told]


@dataclass(frozen=True, slots=True)
class Sought:
    """What was found for a code that somebody typed; `code` None: it is none of this batch."""

    typed: str
    code: CodeRow | None
    visitor: str
    is_used: bool
    history: list[RedemptionRow]


def sought(
    speaker: Speaker, view: BatchView, typed: str, gates: Mapping[str, str]
) -> Sought | None:
    """The code that somebody looks for, with its history; None if nobody does."""
    code = view.code
    if not typed:
        return None
    if code is None:
        return Sought(typed, None, "", is_used=False, history=[])
    return Sought(
        typed,
        code_row(speaker, code, gates),
        "" if code.visitor is None else code.visitor.hex(),
        is_used=code.uses > 0,
        history=[redemption_row(speaker, one, gates) for one in view.history],
    )
