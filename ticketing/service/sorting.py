"""Sorting more than memory should hold: runs in a file without a name; in the service room."""

import heapq
import tempfile
from collections.abc import Iterator
from typing import Final

_RUN: Final = 50_000
_READ: Final = 512
"""Records of each run that are in memory while they are merged."""


class Sorted:
    """Records of one width; iterating gives them in the order of their bytes, as often as asked."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed with this
        self._run: list[bytes] = []
        self._runs: list[tuple[int, int]] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size // self._width + len(self._run)

    def add(self, record: bytes) -> None:
        """Take a record."""
        self._run.append(record)
        if len(self._run) >= _RUN:
            self._put_away()

    def __iter__(self) -> Iterator[bytes]:
        self._put_away()
        return heapq.merge(*(self._read(start, end) for start, end in self._runs))

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _put_away(self) -> None:
        if not self._run:
            return
        self._run.sort()
        self._file.seek(self._size)
        content = b"".join(self._run)
        self._file.write(content)
        self._runs.append((self._size, self._size + len(content)))
        self._size += len(content)
        self._run = []

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        width = self._width
        for at in range(start, end, width * _READ):
            self._file.seek(at)
            block = self._file.read(min(width * _READ, end - at))
            for place in range(0, len(block), width):
                yield block[place : place + width]
