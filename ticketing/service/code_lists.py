"""Batches and codes as lists for people: what there is, how far each code has come.

In the service room; nothing here changes anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from ticketing.domain import code_texts
from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import KNOWN, Batch
from ticketing.domain.ids import VisitorId
from ticketing.domain.jobs import Job, JobKind
from ticketing.domain.museum import Gate
from ticketing.domain.offers import Offer
from ticketing.domain.stats import span_of
from ticketing.service import code_batches, jobs
from ticketing.service.pages import Page, sealed, unsealed, walk
from ticketing.service.ports import House, Units
from ticketing.store import code_lists as rows
from ticketing.store import gates as gate_rows
from ticketing.store import offers as offer_rows
from ticketing.store import redemptions
from ticketing.store.code_lists import BatchSort, CodeState, PlainCode, Spent, WantedBatches
from ticketing.store.redemptions import Redemption
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit

__all__ = ["BatchSort", "CodeState", "Redemption", "WantedBatches"]
_AT_ONCE: Final = 5_000
_BATCHES_AT_ONCE: Final = 500
_HISTORY: Final = 20


@dataclass(frozen=True, slots=True)
class ListedCode:
    """One code as people see it; `redeemed_at` the first time, `gate` and times None before."""

    text: str = field(repr=False)
    bits: int = field(repr=False)
    state: CodeState
    uses: int
    visitor: VisitorId | None
    sent_at: datetime | None
    delivered_at: datetime | None
    redeemed_at: datetime | None
    last_at: datetime | None
    gate: str | None
    off_cents: int


@dataclass(frozen=True, slots=True)
class ListedBatches:
    """Some batches of so many."""

    items: tuple[Batch, ...]
    total: int


def list_batches(unit: Unit, *, wanted: WantedBatches) -> ListedBatches:
    """Batches that stand so, of a tag, sorted."""
    return ListedBatches(*rows.batches(unit, wanted))


def every_batch(store: Units, wanted: WantedBatches) -> Iterator[Batch]:
    """All of them, read part by part, each with a unit of its own."""

    def part(unit: Unit, cursor: str | None) -> Page[Batch]:
        start = int(cursor or 0)
        found = list_batches(unit, wanted=replace(wanted, start=start, limit=_BATCHES_AT_ONCE))
        end = start + len(found.items)
        return Page(found.items, str(end) if end < found.total else None)

    return walk(store, part)


def most_redeemed(
    unit: Unit, house: House, *, first: date, last: date, limit: int | None = None
) -> ListedBatches:
    """Batches that ran on any of these local days, those with the most redeemed codes first."""
    span = span_of(first, last, house.museum.zone)
    return ListedBatches(*rows.most_used(unit, span.since, span.until, limit=limit))


def page_of_codes(
    unit: Unit,
    house: House,
    *,
    batch: Batch,
    state: CodeState | None,
    cursor: str | None,
    limit: int,
) -> Page[ListedCode]:
    """Codes of a batch in the order of their texts; a filtered page may hold fewer, even none.

    Raises:
        Invalid: A cursor that was not given out.
    """
    after = -1 if cursor is None else unsealed(house, cursor, of=batch.id)
    if state is None:
        part = rows.page(unit, batch.number, after=after, limit=limit)
    else:
        part = rows.filtered(unit, batch.number, state, after=after, limit=limit)
    spent = rows.spent_of(unit, batch.number, [one.bits for one in part.codes if one.uses])
    listed = tuple(_listed(batch, one, spent.get(one.bits)) for one in part.codes)
    following = None if part.last is None else sealed(house, part.last, of=batch.id)
    return Page(listed, following)


def find_code(unit: Unit, batch: Batch, *, text: str) -> ListedCode | None:
    """The code of a text, if it is one of this batch."""
    read = code_texts.read(text)
    if read is None or not code_texts.is_prefix(read[0], batch.prefix):
        return None
    found = rows.plain(unit, batch.number, read[1])
    if found is None:
        return None
    return _listed(batch, found, rows.spent_of(unit, batch.number, [found.bits]).get(found.bits))


def history_of(unit: Unit, code: ListedCode) -> tuple[Redemption, ...]:
    """The newest redemptions of a code, released ones too."""
    return redemptions.of_code(unit, code_texts.CodeBits(code.bits), limit=_HISTORY)


def every_code(store: Units, batch: Batch) -> Iterator[ListedCode]:
    """All codes of a batch, read page by page, each page with a unit of its own."""
    after: int | None = -1
    while after is not None:
        with store.unit() as unit:
            part = rows.page(unit, batch.number, after=after, limit=_AT_ONCE)
            codes = part.codes
            spent: Mapping[int, Spent] = {}
            if any(one.uses for one in codes):
                spent = rows.spent_between(unit, batch.number, codes[0].bits, codes[-1].bits)
        for one in codes:
            yield _listed(batch, one, spent.get(one.bits))
        after = part.last


def every_text(
    store: Units, batch: Batch, *, told: Callable[[int], object] = lambda _done: None
) -> Iterator[str]:
    """The texts of all codes of a batch, telling how many were given."""
    given, after = 0, -1
    while True:
        with store.unit() as unit:
            part = rows.page(unit, batch.number, after=after, limit=_AT_ONCE)
        for one in part.codes:
            given += 1
            yield text_of(batch.prefix, one.bits)
            told(given)
        if part.last is None:
            return
        after = part.last


# ------------------------------------------------------------ parts of the above
def state_of(uses: int, sent: object, delivered: object) -> CodeState:
    """How far a code has come."""
    if uses:
        return CodeState.REDEEMED
    if delivered is not None:
        return CodeState.DELIVERED
    return CodeState.OPEN if sent is None else CodeState.SENT


def _listed(batch: Batch, one: PlainCode, spent: Spent | None) -> ListedCode:
    return ListedCode(
        text_of(batch.prefix, one.bits),
        one.bits,
        state_of(one.uses, one.sent_at, one.delivered_at),
        one.uses,
        None if one.visitor is None else VisitorId(one.visitor),
        _time(one.sent_at),
        _time(one.delivered_at),
        _time(one.first_at) if one.uses else None,
        _time(one.last_at) if one.uses else None,
        spent.gate if spent else None,
        spent.off_cents if spent else 0,
    )


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else EPOCH + timedelta(milliseconds=ms)


# ------------------------------------------------------------ the page of one batch
@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What somebody wants to see of a batch; `sought` is the text of one code, or ""."""

    state: CodeState | None = None
    cursor: str | None = None
    limit: int = 25
    sought: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A batch with some of its codes, the house's gates and offers, and its exports.

    `code` is the one that was sought, None if there is none, with its `history`.
    """

    batch: Batch
    codes: Page[ListedCode]
    gates: tuple[Gate, ...]
    offers: tuple[Offer, ...]
    files: tuple[Job, ...]
    code: ListedCode | None
    history: tuple[Redemption, ...]


def view_batch(unit: Unit, house: House, *, batch: str, look: Look) -> BatchView:
    """All that the page of a batch shows.

    Raises:
        NotFound: `batch`.
        Invalid: A cursor that was not given out.
    """
    of = code_batches.get_batch(unit, batch=batch)
    codes: Page[ListedCode] = Page((), None)
    if of.state in KNOWN:
        codes = page_of_codes(
            unit, house, batch=of, state=look.state, cursor=look.cursor, limit=look.limit
        )
    code = find_code(unit, of, text=look.sought) if look.sought else None
    return BatchView(
        batch=of,
        codes=codes,
        gates=gate_rows.listed(unit),
        offers=offer_rows.listed(unit),
        files=jobs.jobs_about(unit, about=of.id, kind=JobKind.EXPORT),
        code=code,
        history=history_of(unit, code) if code else (),
    )
