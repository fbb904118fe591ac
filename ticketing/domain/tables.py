"""Tables as people send them: bytes of a CSV file to lines of cells; in the domain room.

Nobody says in which encoding a file is or what stands between its cells, so both are found
out: UTF-8 and UTF-16 with or without a byte order mark, else Windows-1252, which is what Excel
writes on a German computer; semicolon, comma or tab. Memory does not grow with the file: it is
taken in pieces, and lines, cells and open quotes have limits. No error holds what a cell says.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from ticketing.domain import DomainError, FieldError

BYTES_LIMIT: Final = 256 * 1024 * 1024
LINES_LIMIT: Final = 2_000_000
"""Lines of a table, its heading not counted."""
LINE_LIMIT: Final = 10_000
"""Characters of one line."""
CELL_LINES: Final = 20
"""Lines that one row may span by cells in quotes."""
SEPARATORS: Final = (";", ",", "\t")
_HEAD: Final = 4096
_MANY: Final = 0.3
_UNDEFINED: Final = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))  # no characters in Windows-1252
_SAYS_SEPARATOR: Final = "sep="
_FOREIGN: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"\x89PNG")
_UTF_32: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Encoding(StrEnum):
    """How a file's characters are written; the values are Python's names."""

    UTF_8 = "utf-8-sig"
    UTF_16 = "utf-16"  # a mark says which
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    WINDOWS = "cp1252"


class TableFault(StrEnum):
    """Why a file cannot be read as a table."""

    EMPTY = "empty"
    WORKBOOK = "workbook"  # or a PDF, a picture, a packed file
    NOT_TEXT = "not_text"
    TOO_LARGE = "too_large"
    TOO_MANY_LINES = "too_many_lines"
    LINE_TOO_LONG = "line_too_long"
    OPEN_QUOTE = "open_quote"


class BadTable(DomainError):  # noqa: N818  named like the other Bad… errors of this package
    """A file that is no table, and where that was seen; `column` from 1, 0: not about one."""

    def __init__(self, fault: StrEnum, *, line: int = 0, column: int = 0) -> None:
        super().__init__(FieldError(f"column_{column}" if column else "file", fault.value))
        self.fault = fault
        self.line = line
        self.column = column


class TableRow(NamedTuple):
    """One row: the line it begins at, from 1, and its cells; None where quotes are broken."""

    line: int
    cells: list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sniffed:
    """What was seen of a file while it passed by; `lines` are its line ends, about."""

    encoding: Encoding
    size: int
    lines: int


class Sniffer:
    """Looks at a file piece by piece, once, and finds out its encoding."""

    def __init__(self) -> None:
        self._head = b""
        self._utf_8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf_8 = self._is_windows = True
        self._ends_with_line = True
        self.size = self.lines = 0

    def look(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            BadTable: The file is too large, or no text.
        """
        self.size += len(piece)
        if self.size > BYTES_LIMIT:
            raise BadTable(TableFault.TOO_LARGE)
        if len(self._head) < _HEAD:
            self._head += piece[:_HEAD]
            if self._head.startswith(_FOREIGN):
                raise BadTable(TableFault.WORKBOOK)
        self.lines += piece.count(b"\n") or piece.count(b"\r")
        if piece:
            self._ends_with_line = piece.endswith((b"\n", b"\r"))
        self._is_windows = self._is_windows and not any(map(piece.__contains__, _UNDEFINED))
        self._try_utf_8(piece)

    def done(self) -> Sniffed:
        """The verdict, when every piece was seen.

        Raises:
            BadTable: The file is empty, or no text.
        """
        if not self.size:
            raise BadTable(TableFault.EMPTY)
        self._try_utf_8(b"", is_end=True)
        lines = self.lines + (not self._ends_with_line)
        return Sniffed(encoding=self._encoding(), size=self.size, lines=lines)

    def _try_utf_8(self, piece: bytes, *, is_end: bool = False) -> None:
        if self._is_utf_8:
            try:
                self._utf_8.decode(piece, is_end)
            except UnicodeDecodeError:
                self._is_utf_8 = False

    def _encoding(self) -> Encoding:
        if self._head.startswith(_UTF_32):
            raise BadTable(TableFault.NOT_TEXT)
        if self._head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return Encoding.UTF_16
        half = max(1, len(self._head) // 2)
        if self._head[1::2].count(0) > half * _MANY:
            return Encoding.UTF_16_LE
        if self._head[::2].count(0) > half * _MANY:
            return Encoding.UTF_16_BE
        if self._is_utf_8:
            return Encoding.UTF_8
        if self._is_windows:
            return Encoding.WINDOWS
        raise BadTable(TableFault.NOT_TEXT)


class Table:
    """The rows of a file, read once: first its heading, then, by iterating, the rest."""

    def __init__(self, pieces: Iterable[bytes], encoding: Encoding) -> None:
        """Read the first line, and find out what stands between cells.

        Raises:
            BadTable: There is no heading.
        """
        raw = io.BufferedReader(_Pieces(iter(pieces)))
        self._text = io.TextIOWrapper(raw, encoding=encoding.value, newline=None)
        self._line = 0
        self._began = 0
        first = self._first_line()
        self.heading_line = self._line
        self.separator = self._separator
        self.heading = self._cells_of(first)

    def __iter__(self) -> Iterator[TableRow]:
        """Every row below the heading that is not empty.

        Raises:
            BadTable: The file goes on in a way that cannot be read.
        """
        reader = csv.reader(self._lines(), delimiter=self.separator, strict=True)
        while True:
            self._began = self._line + 1
            try:
                cells: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error:
                if self._line > self._began:  # it took what follows for its own
                    raise BadTable(TableFault.OPEN_QUOTE, line=self._began) from None
                cells = None
            if cells is None or any(cell.strip() for cell in cells):
                yield TableRow(self._began, cells)

    # -------------------------------------------------------- lines
    def _lines(self) -> Iterator[str]:
        heading = self._line
        while line := self._read():
            if self._line - heading > LINES_LIMIT:
                raise BadTable(TableFault.TOO_MANY_LINES, line=self._line)
            if self._line - self._began >= CELL_LINES:
                raise BadTable(TableFault.OPEN_QUOTE, line=self._began)
            yield line

    def _read(self) -> str:
        """The next line with its end, "" behind the last."""
        try:
            line = self._text.readline(LINE_LIMIT + 1)
        except UnicodeError:
            raise BadTable(TableFault.NOT_TEXT) from None  # of a block: where, nobody knows
        if line:
            self._line += 1
        if len(line) > LINE_LIMIT and not line.endswith("\n"):
            raise BadTable(TableFault.LINE_TOO_LONG, line=self._line)
        return line

    def _first_line(self) -> str:
        """The first line that says something; Excel's hint `sep=;` is heeded."""
        said = ""
        while line := self._read():
            text = line.strip().strip('"')
            if text[:-1].lower() == _SAYS_SEPARATOR and text[-1] in SEPARATORS and not said:
                said = text[-1]
            elif text.strip("".join(SEPARATORS)):
                self._separator = said or _separator(line)
                return line
        raise BadTable(TableFault.EMPTY)

    def _cells_of(self, line: str) -> Sequence[str]:
        try:
            return next(csv.reader([line], delimiter=self.separator, strict=True))
        except csv.Error:
            raise BadTable(TableFault.OPEN_QUOTE, line=self._line) from None


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file to be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview, /) -> int:  # type: ignore[override]  # a buffer of bytes
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        size = min(len(into), len(self._left))
        into[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _separator(heading: str) -> str:
    """What stands between the cells of a heading: whatever it has most of."""
    return max(SEPARATORS, key=heading.count)
