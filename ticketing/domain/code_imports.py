"""Lists of codes that are brought into the house: what a line may say; in the domain room.

A line holds a code of our own form (`PREFIX-` and eleven characters, the last a check) and,
if it likes, what its batch is to be and which visitor it is bound to. A code of another form
would be `foreign` to every station, so none is taken. What a batch is, all its lines say
alike or not at all; an empty cell says nothing. What became of a code is not for a list to
say: those columns of our own exports are passed over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from ticketing.domain import code_texts
from ticketing.domain.cells import CellFault
from ticketing.domain.code_texts import CodeBits
from ticketing.domain.codes import MOST, BatchState, Effect
from ticketing.domain.ids import VisitorId


class Column(StrEnum):
    """What a column is about."""

    CODE = "code"
    BATCH = "batch"
    VISITOR = "visitor"
    PERCENT = "percent"
    AMOUNT = "amount"
    PRICE = "price"
    FREE = "free"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"
    MAX_USES = "max_uses"
    PER_VISITOR = "per_visitor"
    OFFERS = "offers"
    MIN_AMOUNT = "min_amount"
    BUDGET = "budget"
    TAG = "tag"
    NOTE = "note"
    USED = "used"  # whether a code was redeemed where it comes from
    LINE = "line"  # a fault of the whole line


class HeadingFault(StrEnum):
    """What is wrong with the first line of a list."""

    NO_CODE_COLUMN = "no_code_column"
    UNKNOWN_COLUMN = "unknown_column"
    COLUMN_TWICE = "column_twice"


class LineFault(StrEnum):
    """Why a line cannot be taken, but for a cell that cannot be read."""

    BROKEN_QUOTES = "broken_quotes"
    EXTRA_CELL = "extra_cell"
    MISSING = "missing"
    NOT_A_CODE = "not_a_code"
    TYPO = "typo"
    TWICE = "twice"
    TAKEN = "taken"
    NOT_A_VISITOR = "not_a_visitor"
    SEVERAL_EFFECTS = "several_effects"
    NO_EFFECT = "no_effect"
    DIFFERS = "differs"
    RANGE = "range"
    LENGTH = "length"
    UNKNOWN = "unknown"
    BEFORE_VALID_FROM = "before_valid_from"
    PAST = "past"
    ZERO = "zero"
    RUDE = "rude"
    BELOW_USED = "below_used"
    BATCH_REDEEMED = "batch_redeemed"
    BATCH_BUILDING = "batch_building"
    BATCH_FAILED = "batch_failed"
    BATCH_AMBIGUOUS = "batch_ambiguous"
    BATCH_FULL = "batch_full"
    OTHER_BATCH = "other_batch"
    TOO_MANY_BATCHES = "too_many_batches"
    CODE_REDEEMED = "code_redeemed"
    USED_ELSEWHERE = "used_elsewhere"


COLUMNS: Final = tuple(Column)
FAULTS: Final[tuple[StrEnum, ...]] = (*CellFault, *LineFault)


class Problem(NamedTuple):
    """One thing wrong with one line; never what stands there."""

    line: int
    column: Column
    fault: StrEnum


class Entry(NamedTuple):
    """What a line says of its code; `wish` is the place of its batch in `Lines.wishes`.

    `visitor` counts if `says_visitor`: None frees the code. `says_batch` if it says what its
    batch is to be.
    """

    bits: CodeBits
    line: int
    wish: int
    says_visitor: bool = False
    was_used: bool = False
    visitor: VisitorId | None = None
    says_batch: bool = False


@dataclass(slots=True)
class Wish:
    """What the lines of one batch say of it: fields of `domain.codes.Batch` and their values."""

    name: str
    prefix: str
    said: dict[str, Any] = field(default_factory=dict)
    seen: tuple[str, ...] = ()

    @property
    def is_said(self) -> bool:
        """Whether it names the batch, or anything of it."""
        return bool(self.name or self.said)


FIELDS: Final[Mapping[Column, str]] = {
    Column.VALID_FROM: "valid_from",
    Column.VALID_UNTIL: "valid_until",
    Column.MAX_USES: "max_uses",
    Column.PER_VISITOR: "per_visitor",
    Column.OFFERS: "offers",
    Column.MIN_AMOUNT: "min_amount_cents",
    Column.BUDGET: "budget_cents",
    Column.TAG: "tag",
    Column.NOTE: "note",
}
_COLUMN_OF: Final = {name: column for column, name in FIELDS.items()} | {
    "name": Column.BATCH,
    "prefix": Column.CODE,
}


def column_of(name: str, value: object) -> Column:
    """The column that says a field of a batch, `effect` and `effect.value` too."""
    if isinstance(value, Effect):
        return Column(value.kind.value)
    return _COLUMN_OF.get(name, Column.LINE)


# ------------------------------------------------------------ against what there is
class Outcome(StrEnum):
    """What comes of a line."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class Known:
    """A code that is there, and what matters of its batch."""

    batch: int
    prefix: str
    state: BatchState
    uses: int
    visitor: VisitorId | None


@dataclass(slots=True)
class Target:
    """The batch that lines are about: `number` is None while it is not there.

    `said` is what all lines say of it, by whichever of its names; `room` is how many codes it
    may still get; `fault` says why nothing can be made of it.
    """

    said: dict[str, Any] = field(default_factory=dict)
    number: int | None = None
    room: int = MOST
    is_changed: bool = False
    fault: tuple[Column, LineFault] | None = None


def compared(entry: Entry, known: Known | None, wish: Wish, target: Target) -> Outcome | Problem:
    """What comes of a line: one that is there already is changed or left, never made again."""
    faults = _faults_of_new(entry, target) if known is None else _faults(known, wish, target)
    for column, fault in faults:
        return Problem(entry.line, column, fault)
    if known is None:
        return Outcome.NEW
    is_other = entry.says_visitor and entry.visitor != known.visitor
    if is_other and known.uses:
        return Problem(entry.line, Column.VISITOR, LineFault.CODE_REDEEMED)
    is_changed = is_other or (entry.says_batch and target.is_changed)
    return Outcome.CHANGED if is_changed else Outcome.UNCHANGED


def _faults_of_new(entry: Entry, target: Target) -> Iterator[tuple[Column, LineFault]]:
    if target.fault is not None:
        yield target.fault
    if entry.was_used:
        yield Column.USED, LineFault.USED_ELSEWHERE
    if target.number is None and "effect" not in target.said:
        yield Column.LINE, LineFault.NO_EFFECT
    if target.room <= 0:
        yield Column.BATCH, LineFault.BATCH_FULL


def _faults(known: Known, wish: Wish, target: Target) -> Iterator[tuple[Column, LineFault]]:
    if not code_texts.is_prefix(wish.prefix, known.prefix):
        yield Column.CODE, LineFault.TAKEN
    if known.state in {BatchState.BUILDING, BatchState.FAILED}:
        yield Column.CODE, LineFault(f"batch_{known.state}")
    if wish.is_said:
        if target.fault is not None:
            yield target.fault
        if target.number != known.batch:
            yield Column.BATCH, LineFault.OTHER_BATCH
