"""Tables as people send them: every encoding and separator, limits, and nothing said back."""

import contextlib
import csv
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain import tables
from ticketing.domain.tables import BadTable, Encoding, Sniffed, Sniffer, Table

GERMAN = "Code;Serie\r\nA-1;Frühling\r\nB-2;Größe €\r\n"


def sniffed(*pieces: bytes) -> Sniffed:
    """What is seen of a file."""
    sniffer = Sniffer()
    for piece in pieces:
        sniffer.look(piece)
    return sniffer.done()


def read(content: bytes, size: int = 7) -> tuple[list[str], list[tuple[int, list[str] | None]]]:
    """Heading and rows of a file that comes in small pieces."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    table = Table(pieces, sniffed(*pieces).encoding)
    return list(table.heading), [(row.line, row.cells) for row in table]


def fault_of(content: bytes) -> tuple[str, int]:
    """Why a file is refused, and at which line."""
    with pytest.raises(BadTable) as refused:
        read(content, size=1000)
    return refused.value.fault.value, refused.value.line


@pytest.mark.parametrize(
    ("codec", "mark", "seen"),
    [
        ("utf-8", b"", Encoding.UTF_8),
        ("utf-8", b"\xef\xbb\xbf", Encoding.UTF_8),
        ("cp1252", b"", Encoding.WINDOWS),
        ("utf-16-le", b"\xff\xfe", Encoding.UTF_16),
        ("utf-16-be", b"\xfe\xff", Encoding.UTF_16),
        ("utf-16-le", b"", Encoding.UTF_16_LE),
        ("utf-16-be", b"", Encoding.UTF_16_BE),
    ],
)
def test_an_encoding_is_recognised(codec: str, mark: bytes, seen: Encoding) -> None:
    """With a mark or without, wherever the first umlaut stands."""
    content = mark + GERMAN.encode(codec)
    assert sniffed(content).encoding is seen
    heading, rows = read(content)
    assert heading == ["Code", "Serie"]
    assert rows == [(2, ["A-1", "Frühling"]), (3, ["B-2", "Größe €"])]


@pytest.mark.parametrize("separator", tables.SEPARATORS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_recognised(separator: str, end: str) -> None:
    """Of Excel in either language, of programs, of a copy out of a table."""
    lines = (separator.join(row) for row in (("code", "note"), ("A", '"x;y,z"'), ("B", "")))
    heading, rows = read(end.join(lines).encode())
    assert heading == ["code", "note"]
    assert rows == [(2, ["A", "x;y,z"]), (3, ["B", ""])]


def test_the_hint_of_excel_is_heeded() -> None:
    """`sep=;` is no heading, empty lines are no rows, and every line keeps its number."""
    heading, rows = read(b"\nsep=,\r\n\r\ncode,a;b;c\r\n;;\r\n , \r\nX,1\r\n")
    assert heading == ["code", "a;b;c"]
    assert rows == [(5, [";;"]), (7, ["X", "1"])]


def test_a_cell_may_go_over_lines_and_quotes_may_be_broken() -> None:
    """A row begins where it begins; one with broken quotes does not harm the next."""
    _, rows = read(b'code,note\nA,"two\nlines"\nB,"x"y\nC,1\n')
    assert rows == [(2, ["A", "two\nlines"]), (4, None), (5, ["C", "1"])]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", ("empty", 0)),
        (b"\n \n;;\n", ("empty", 0)),
        (b"PK\x03\x04rest of a workbook", ("workbook", 0)),
        (b"%PDF-1.7", ("workbook", 0)),
        (b"\xff\xfe\x00\x00c\x00\x00\x00", ("not_text", 0)),
        (b"code\n\xc3\x28\x81", ("not_text", 0)),
        (b"\xff\xfec\x00\n\x00\x00\xd8A\x00", ("not_text", 0)),
        (b"code\n" + b"x" * 20_000, ("line_too_long", 2)),
        (b'code\nA\n"B\nC\nD\n', ("open_quote", 3)),
        (b'code\nA\n"B\n' + b"C\n" * 50 + b'"', ("open_quote", 3)),
        (b'"code\nA', ("open_quote", 1)),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, fault: tuple[str, int]) -> None:
    """With the line, and never with what stands there."""
    assert fault_of(content) == fault


def test_a_file_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of lines and of bytes."""
    monkeypatch.setattr(tables, "LINES_LIMIT", 2)
    assert read(b"code\n1\n2\n")[1][-1] == (3, ["2"])
    assert fault_of(b"code\n1\n2\n3\n") == ("too_many_lines", 4)
    monkeypatch.setattr(tables, "BYTES_LIMIT", 4)
    assert fault_of(b"code\n") == ("too_large", 0)


def test_lines_are_counted_as_they_pass() -> None:
    """With an end behind the last or without."""
    assert [sniffed(one).lines for one in (b"a\nb", b"a\nb\n", b"a\rb\r", b"a")] == [2, 2, 2, 1]
    assert sniffed(b"a\n", b"", b"b").size == 3


def test_memory_does_not_grow_with_the_file() -> None:
    """A hundred times the lines, the same memory."""

    def pieces(lines: int) -> Iterator[bytes]:
        yield b"code;note\n"
        for _ in range(lines // 100):
            yield b"HERBST-0123456789A;something\n" * 100

    def peak(lines: int) -> int:
        tracemalloc.start()
        assert sum(1 for _ in Table(pieces(lines), Encoding.UTF_8)) == lines
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)
    assert peak(40_000) < peak(400) + 100_000


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8))
def test_what_is_written_is_read(rows: list[list[str]]) -> None:
    """Whatever stands in the cells."""
    for separator in tables.SEPARATORS:
        text = io.StringIO()
        csv.writer(text, delimiter=separator).writerows([["code", "note"], *rows])
        _, found = read(text.getvalue().encode("utf-8-sig"), size=1000)
        wanted = [row for row in rows if any(cell.strip() for cell in row)]
        assert [cells for _, cells in found] == wanted


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing else can happen."""
    with contextlib.suppress(BadTable):
        _, rows = read(b"code;note\n" + content)
        assert all(line > 1 for line, _ in rows)
