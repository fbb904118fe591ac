"""What the API takes and gives about journals and conflicts; see `shapes.py`."""

from datetime import datetime
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from ticketing.domain.conflicts import ConflictKind, ConflictState
from ticketing.web.api.shapes import WHOLE, In, ListQuery, Note, Out
from ticketing.wire.sync_api import MOST_ENTRIES, Result
from ticketing.wire.verdict import Basis, Reason

_LAST_NUMBER = 2**31 - 1


# ------------------------------------------------------------ upload
class EntryIn(In):
    """One entry of a journal; what stands in it is settled, never refused here."""

    n: Annotated[int, Field(strict=True, ge=1, le=_LAST_NUMBER), WHOLE]
    body: Annotated[str, StringConstraints(strict=True)]
    sig: Annotated[str, StringConstraints(strict=True, max_length=200)]


def _rising(entries: tuple[EntryIn, ...]) -> tuple[EntryIn, ...]:
    numbers = [entry.n for entry in entries]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise PydanticCustomError("order", "order")
    return entries


class UploadIn(In):
    """Entries of a journal, in order; `previous` is the hash before the first."""

    journal: Annotated[str, StringConstraints(strict=True, pattern="^[A-Za-z0-9_-]{22}$")]
    entries: Annotated[tuple[EntryIn, ...], Field(max_length=MOST_ENTRIES), AfterValidator(_rising)]
    previous: (
        Annotated[str, StringConstraints(strict=True, pattern="^[A-Za-z0-9_-]{43}$")] | None
    ) = None


class EntryOut(Out):
    """What became of one entry."""

    n: int
    result: Result
    conflict: str | None = None
    reason: str | None = None


class UploadOut(Out):
    """What became of each; entries up to `acked` are here, `head` is the last one's hash."""

    items: list[EntryOut]
    acked: int
    head: str


# ------------------------------------------------------------ conflicts
class ConflictScanOut(Out):
    """One of the scans that cannot both be counted; `at` is the station's own time."""

    scan_id: str
    gate: str
    station: str
    at: datetime
    clock_diff_ms: int | None
    basis: Basis
    shown: str | None


class ConflictOut(Out):
    """People inside for whom no ticket accounts; `extra` is the scan that was not counted."""

    id: str
    kind: ConflictKind
    ticket: str | None
    found_at: datetime
    counted: str | None
    extra: str
    reason: Reason | None
    scans: list[ConflictScanOut]
    people_extra: int
    state: ConflictState
    note: str | None
    closed_by: str | None
    closed_at: datetime | None


class Conflicts(Out):
    """A page of conflicts."""

    items: list[ConflictOut]
    next_cursor: str | None = None


class ConflictQuery(ListQuery):
    """Which conflicts."""

    state: ConflictState | None = None


class CloseIn(In):
    """How somebody explains a conflict."""

    state: ConflictState
    note: Note = ""
