"""The codes of a batch as CSV, a piece at a time in constant memory; in the service room.

Pages are read by key, each by a unit of its own: a reader that takes its time keeps no
connection and no snapshot. Nothing in a line begins like a formula: codes begin with their
prefix, letters and digits, and the rest are numbers, times and hex digits.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import Batch
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.code_batches import held
from ticketing.service.ports import House, Units
from ticketing.store import codes
from ticketing.store.codes import PlainCode
from ticketing.store.types import EPOCH
from ticketing.store.unit import Unit

COLUMNS: Final = ("code", "uses", "sent", "delivered", "redeemed", "visitor")
"""`redeemed` is when it was redeemed last; times are local to the museum, with their offset."""
_FIRST_PAGE, _PAGE = 500, 5_000
_PLAIN_END: Final = ",0,,,,\r\n"
_NOTHING: Final = (0, None, None, None, None)
_MS = timedelta(milliseconds=1)


def begin_export(unit: Unit, house: House, *, batch: str) -> Batch:
    """Note that somebody takes all codes of a batch.

    Raises:
        NotFound: `batch`.
        Conflict: `batch_building`, `batch_failed`: its codes are good for nothing yet.
    """
    unit.begin()
    found = held(unit, batch)
    thing = Thing("batch", found.id)
    audit.note(unit, house, action=Action.BATCH_EXPORTED, object=thing)
    unit.commit()
    return found


def csv_of(store: Units, house: House, *, batch: Batch) -> Iterator[bytes]:
    """The pieces of the CSV (UTF-8, comma, CRLF): a line for each code, `COLUMNS` first."""
    line = _line_of(batch.prefix, house.museum.zone)
    yield (",".join(COLUMNS) + "\r\n").encode()
    for page in pages(store, batch=batch):
        yield "".join(map(line, page)).encode()


def pages(store: Units, *, batch: Batch) -> Iterator[list[PlainCode]]:
    """All codes of a batch in pages, the first a small one."""
    after, size = -1, _FIRST_PAGE
    while True:
        with store.unit() as unit:
            page = codes.plain_page(unit, batch.number, after=after, limit=size)
        if not page:
            return
        yield page
        after, size = page[-1].bits, _PAGE


def _line_of(prefix: str, zone: ZoneInfo) -> Callable[[PlainCode], str]:
    """What writes one line; nearly all codes have nothing to tell but themselves."""

    def line(code: PlainCode) -> str:
        text = text_of(prefix, code.bits)
        if code[1:] == _NOTHING:
            return text + _PLAIN_END
        times = (told_at(ms, zone) for ms in (code.sent_ms, code.delivered_ms, code.last_ms))
        visitor = "" if code.visitor is None else code.visitor.hex()
        return f"{text},{code.uses},{','.join(times)},{visitor}\r\n"

    return line


@lru_cache(maxsize=4096)  # codes that are sent together have the same time
def told_at(ms: int | None, zone: ZoneInfo) -> str:
    """A stored time as a local one with its offset, to the second; nothing for None."""
    if ms is None:
        return ""
    at: datetime = (EPOCH + ms * _MS).astimezone(zone)
    return at.isoformat(timespec="seconds")
