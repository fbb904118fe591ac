"""Measuring the eyes over a folder of photos with a `truth.tsv`, for `scanner bench`.

`truth.tsv` has a header line and the columns file, n_codes, expected_json (a list of texts) and
category; others are ignored. White space is left out of comparisons, as such lists often do.
"""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.camera.frame import BadSource, Trouble
from scanner.camera.pictures import load_picture
from scanner.sight import prepare
from scanner.sight.cascade import default_sight
from scanner.sight.readers import ZxingReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scanner.sight.reading import Gray, Reading


@dataclass(frozen=True, slots=True)
class Photo:
    """One line of the truth.

    Attributes:
        path: the file.
        codes: how many codes the photo shows.
        texts: what should be read; empty if nobody knows.
        category: free text, for tables.
    """

    path: Path
    codes: int
    texts: tuple[str, ...]
    category: str

    def read_by(self, texts: tuple[str, ...]) -> bool:
        """Whether these texts are a success: an expected one, or any where none is known."""
        if not self.texts:
            return bool(texts)
        return not {_bare(text) for text in texts}.isdisjoint(map(_bare, self.texts))


@dataclass(frozen=True, slots=True)
class Measured:
    """How one photo went: with the whole cascade, and with zxing alone.

    Attributes:
        photo: which.
        read: whether the cascade read it.
        stage: the stage that read something; None if nothing was read.
        ms: milliseconds of the cascade; the photo was loaded and reduced before.
        alone_read: whether zxing alone read it.
        alone_ms: milliseconds of zxing alone.
    """

    photo: Photo
    read: bool
    stage: str | None
    ms: float
    alone_read: bool
    alone_ms: float


def read_truth(folder: Path) -> tuple[Photo, ...]:
    """The photos that `truth.tsv` lists, in its order.

    Raises:
        BadSource: there is no truth.tsv, or it is not such a table.
    """
    try:
        with (folder / "truth.tsv").open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            return tuple(
                Photo(
                    folder / row["file"],
                    int(row.get("n_codes") or 0),
                    tuple(json.loads(row.get("expected_json") or "[]")),
                    row.get("category") or "",
                )
                for row in rows
            )
    except OSError:
        raise BadSource(Trouble.NO_SUCH_FILE, "the folder has no readable truth.tsv") from None
    except (KeyError, ValueError, TypeError, csv.Error):
        raise BadSource(Trouble.UNREADABLE, "truth.tsv is not such a table") from None


def measure(folder: Path) -> Iterator[Measured]:
    """Reads each photo that can be loaded, reduced to 1280 pixels, twice: cascade and zxing alone.

    Raises:
        BadSource: there is no usable truth.tsv.
    """
    for photo in read_truth(folder):
        try:
            picture = load_picture(photo.path)
        except BadSource:
            continue
        gray = prepare.gray_of(picture)
        if gray is not None:
            yield _measured(photo, prepare.reduced(gray).gray)


def _measured(photo: Photo, gray: Gray) -> Measured:
    sight, alone = default_sight(), ZxingReader()
    begun = time.perf_counter()
    by_zxing = alone.read(gray)
    middle = time.perf_counter()
    by_cascade = sight.look(gray)
    end = time.perf_counter()
    return Measured(
        photo,
        read=photo.read_by(_texts(by_cascade)),
        stage=by_cascade[0].stage if by_cascade else None,
        ms=(end - middle) * 1000,
        alone_read=photo.read_by(_texts(by_zxing)),
        alone_ms=(middle - begun) * 1000,
    )


def _texts(readings: tuple[Reading, ...]) -> tuple[str, ...]:
    return tuple(reading.text for reading in readings)


def _bare(text: str) -> str:
    return "".join(text.split())
