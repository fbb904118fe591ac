"""The lines of a list, read and put in the order of their codes; in the service room.

However long the list is, memory holds a run of it: what lines say is kept in a file as records
of one width, by the bits of the codes, which is the order of the table.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ticketing.domain.code_imports import COLUMNS, FAULTS, Entry, Problem, Wish
from ticketing.domain.code_texts import CodeBits, text_of
from ticketing.domain.ids import VisitorId
from ticketing.domain.import_lines import Lines
from ticketing.domain.tables import Encoding, Table
from ticketing.service.sorting import Sorted

FIRST: Final = 10
"""Lines that a preview shows."""
_ENTRY: Final = Struct(">QIHB16s")
_PROBLEM: Final = Struct(">IBB")
_SAYS_VISITOR, _IS_BOUND, _WAS_USED, _SAYS_BATCH = 1, 2, 4, 8
_TOLD_EVERY: Final = 1_000
_COLUMN_AT: Final = {column: at for at, column in enumerate(COLUMNS)}
_FAULT_AT: Final = {fault: at for at, fault in enumerate(FAULTS)}


class Problems:
    """What is wrong with lines, at most one thing with each; in the order of the lines."""

    def __init__(self) -> None:
        """There are none."""
        self._records = Sorted(_PROBLEM.size)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Problem]:
        for line, column, fault in map(_PROBLEM.unpack, self._records):
            yield Problem(line, COLUMNS[column], FAULTS[fault])

    def add(self, problem: Problem) -> None:
        """Note one."""
        line, column, fault = problem
        self._records.add(_PROBLEM.pack(line, _COLUMN_AT[column], _FAULT_AT[fault]))

    def close(self) -> None:
        """Let go of the file."""
        self._records.close()


class First(NamedTuple):
    """One of the first lines: its code and the batch that it names, "" where it cannot be read."""

    line: int
    code: str
    batch: str


@dataclass(slots=True)
class Reading:
    """A list that was read: its entries by their codes, what it says of batches, its problems."""

    problems: Problems
    wishes: list[Wish] = field(default_factory=list)
    lines: int = 0
    first: list[First] = field(default_factory=list)
    records: Sorted = field(default_factory=lambda: Sorted(_ENTRY.size))

    def entries(self) -> Iterator[Entry]:
        """Every line that can be read, by its code, then by its number."""
        for bits, line, wish, flags, visitor in map(_ENTRY.unpack, self.records):
            yield Entry(
                CodeBits(bits),
                line,
                wish,
                bool(flags & _SAYS_VISITOR),
                bool(flags & _WAS_USED),
                VisitorId(visitor) if flags & _IS_BOUND else None,
                bool(flags & _SAYS_BATCH),
            )

    def close(self) -> None:
        """Let go of the files."""
        self.records.close()
        self.problems.close()


def opened(pieces: Iterable[bytes], encoding: Encoding, zone: ZoneInfo) -> tuple[Table, Lines]:
    """A file as a table, and what reads its lines.

    Raises:
        BadTable: It has no heading, or one that cannot be read.
    """
    table = Table(pieces, encoding)
    return table, Lines(table.heading, zone, line=table.heading_line)


def read_all(
    pieces: Iterable[bytes], encoding: Encoding, zone: ZoneInfo, tell: Callable[[int], object]
) -> Reading:
    """Read every line, telling how many there were.

    Raises:
        BadTable: The file cannot be read to its end.
    """
    table, lines = opened(pieces, encoding, zone)
    reading = Reading(Problems(), lines.wishes)
    add, problems = reading.records.add, reading.problems
    try:
        for row in table:
            reading.lines += 1
            entry = lines.read(row)
            if isinstance(entry, Problem):
                problems.add(entry)
            else:
                add(_packed(entry))
            if reading.lines <= FIRST:
                reading.first.append(_first(entry, lines.wishes))
            if reading.lines % _TOLD_EVERY == 0:
                tell(reading.lines)
    except BaseException:
        reading.close()
        raise
    return reading


def _packed(entry: Entry) -> bytes:
    flags = (
        _SAYS_VISITOR * entry.says_visitor
        | _IS_BOUND * (entry.visitor is not None)
        | _WAS_USED * entry.was_used
        | _SAYS_BATCH * entry.says_batch
    )
    return _ENTRY.pack(entry.bits, entry.line, entry.wish, flags, entry.visitor or b"")


def _first(entry: Entry | Problem, wishes: list[Wish]) -> First:
    if isinstance(entry, Problem):
        return First(entry.line, "", "")
    wish = wishes[entry.wish]
    return First(entry.line, text_of(wish.prefix, entry.bits), wish.name)
