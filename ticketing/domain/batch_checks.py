"""What a batch of discount codes may promise; in the domain room."""

from collections.abc import Iterator
from datetime import datetime

from ticketing.domain import FieldError
from ticketing.domain.code_texts import CAPACITY, is_possible_prefix, is_rude_prefix
from ticketing.domain.codes import (
    AMOUNT_LIMIT_CENTS,
    BUDGET_LIMIT_CENTS,
    MOST,
    NAME_LIMIT,
    NOTE_LIMIT,
    TAG_LIMIT,
    USES_LIMIT,
    WHOLE,
    BadBatch,
    Batch,
    Effect,
    EffectKind,
)
from ticketing.domain.museum import is_plausible_time
from ticketing.domain.offers import PRICE_LIMIT_CENTS

_CAN_BE_SENSELESS = ("valid_until", "budget_cents")


def checked_new(batch: Batch, *, now: datetime | None) -> Batch:
    """A batch that is to be made, if it is sound; `now` None lets it be over already.

    Raises:
        BadBatch: With one error for each field that is not; `rude` for a prefix, `past` for an
            end, `zero` for a budget that would be spent before the first code.
    """
    errors = [*_errors(batch)]
    if is_rude_prefix(batch.prefix):
        errors.append(FieldError("prefix", "rude"))
    wrong = {error.field for error in errors}
    errors += [one for one in _senseless(batch, now) if one.field not in wrong]
    if errors:
        raise BadBatch(*errors)
    return batch


def checked_change(old: Batch, new: Batch, *, now: datetime) -> Batch:
    """A batch as it would be changed, if that is sound; what stays as it is may be over.

    Raises:
        BadBatch: As `checked_new`.
    """
    errors = [*_errors(new)]
    told = {error.field for error in errors}
    told |= {name for name in _CAN_BE_SENSELESS if getattr(new, name) == getattr(old, name)}
    errors += [one for one in _senseless(new, now) if one.field not in told]
    if errors:
        raise BadBatch(*errors)
    return new


def _senseless(batch: Batch, now: datetime | None) -> Iterator[FieldError]:
    """What can be stored and would never do anything."""
    if now is not None and batch.valid_until is not None and batch.valid_until <= now:
        yield FieldError("valid_until", "past")
    if batch.budget_cents == 0:
        yield FieldError("budget_cents", "zero")


def _errors(batch: Batch) -> Iterator[FieldError]:
    if not batch.name.strip() or len(batch.name) > NAME_LIMIT:
        yield FieldError("name", "length")
    if not is_possible_prefix(batch.prefix):
        yield FieldError("prefix", "malformed")
    if not 1 <= batch.count <= min(MOST, CAPACITY):
        yield FieldError("count", "range")
    yield from _effect_errors(batch.effect)
    yield from _time_errors(batch)
    yield from _limit_errors(batch)
    for field, text, most in (("tag", batch.tag, TAG_LIMIT), ("note", batch.note, NOTE_LIMIT)):
        if text is not None and len(text) > most:
            yield FieldError(field, "length")
    offers = batch.offers
    if offers is not None and (not offers or len(set(offers)) != len(offers)):
        yield FieldError("offers", "empty_or_repeated")


def _effect_errors(effect: Effect) -> Iterator[FieldError]:
    least, most = {
        EffectKind.PERCENT: (1, WHOLE),
        EffectKind.AMOUNT: (1, PRICE_LIMIT_CENTS),
        EffectKind.PRICE: (0, PRICE_LIMIT_CENTS),
        EffectKind.FREE: (0, 0),
    }[effect.kind]
    if not least <= effect.value <= most:
        yield FieldError("effect.value", "range")


def _time_errors(batch: Batch) -> Iterator[FieldError]:
    start, end = batch.valid_from, batch.valid_until
    for field, at in (("valid_from", start), ("valid_until", end)):
        if at is not None and not is_plausible_time(at):
            yield FieldError(field, "range")
    if start is not None and end is not None and end <= start:
        yield FieldError("valid_until", "before_valid_from")


def _limit_errors(batch: Batch) -> Iterator[FieldError]:
    limits = (
        ("max_uses", batch.max_uses, 1, USES_LIMIT),
        ("per_visitor", batch.per_visitor, 1, USES_LIMIT),
        ("min_amount_cents", batch.min_amount_cents, 0, AMOUNT_LIMIT_CENTS),
        ("budget_cents", batch.budget_cents, 0, BUDGET_LIMIT_CENTS),
    )
    for field, value, least, most in limits:
        if value is not None and not least <= value <= most:
            yield FieldError(field, "range")
