"""Reading files: pictures, videos, folders with a truth, and what is neither."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from scanner.camera import BadSource, Trouble
from scanner.sight import Kinds, decode_file
from scanner.sight.measure import Photo, measure, read_truth
from tests.scanner.frames import (
    TICKET,
    bgr,
    code,
    film,
    hall,
    huge_png,
    packed,
    paper,
    with_orientation,
)


def written(path: Path, data: bytes) -> Path:
    """Writes a file and gives its path."""
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".bmp", ".gif"])
def test_a_picture_of_a_usual_kind_is_decoded(tmp_path: Path, ending: str) -> None:
    """Visitors and staff send pictures of all kinds; the name's ending does not matter."""
    picture = written(tmp_path / "picture", packed(bgr(paper(code(TICKET))), ending))
    decoded = decode_file(picture)
    assert (decoded.file, decoded.texts, decoded.frames) == (str(picture), (TICKET,), None)
    assert decoded.ms > 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_obeyed(tmp_path: Path, orientation: int) -> None:
    """A linear code on a photo taken sideways is upright when it is read."""
    photo = bgr(paper(code("EXIF-1", kind=zxingcpp.BarcodeFormat.Code128, scale=3)))
    jpeg = with_orientation(packed(photo), orientation)
    picture = written(tmp_path / "p.jpg", jpeg)
    assert decode_file(picture, kinds=Kinds.ANY).texts == ("EXIF-1",)
    assert decode_file(picture).texts == ()


def test_transparent_paper_is_white(tmp_path: Path) -> None:
    """A code drawn on nothing is black on black underneath."""
    dark = 255 - code(TICKET)
    layered = np.zeros((*dark.shape, 4), np.uint8)
    layered[:, :, 3] = dark
    assert decode_file(written(tmp_path / "p.png", packed(layered, ".png"))).texts == (TICKET,)


def test_a_picture_of_sixteen_bits_with_alpha_is_read(tmp_path: Path) -> None:
    """Print shops deliver such files."""
    gray = cv2.cvtColor(code(TICKET), cv2.COLOR_GRAY2BGRA).astype(np.uint16) * 257
    assert decode_file(written(tmp_path / "p.png", packed(gray, ".png"))).texts == (TICKET,)


def test_a_video_tells_the_first_frame_of_each_text(tmp_path: Path) -> None:
    """It is read as a station would: frame after frame, numbers from 0."""
    empty, first, both = hall(), paper(code(TICKET)), paper(code(TICKET), code("NEXT"))
    path = film(tmp_path / "v.avi", [bgr(one) for one in (empty, empty, first, empty, both)])
    decoded = decode_file(path)
    assert (decoded.texts, decoded.frames) == ((TICKET, "NEXT"), (2, 4))


def test_a_video_without_codes_gives_empty_lists(tmp_path: Path) -> None:
    """Nothing found is an answer, not an error."""
    decoded = decode_file(str(film(tmp_path / "v.avi", [bgr(hall())] * 3)))
    assert (decoded.texts, decoded.frames) == ((), ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, Trouble.NO_SUCH_FILE),
        (b"", Trouble.NOT_A_PICTURE),
        (b"just a letter\n", Trouble.TEXT_FILE),
        (bytes(range(256)), Trouble.NOT_A_PICTURE),
        (b"\0\0\0\x18ftypheic" + bytes(40), Trouble.NOT_A_PICTURE),
        (huge_png(), Trouble.TOO_LARGE),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(400), Trouble.BROKEN_VIDEO),
    ],
    ids=["missing", "empty", "text", "bytes", "heic", "50-megapixels", "broken-video"],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, data: bytes | None, reason: Trouble) -> None:
    """Each trouble has its own reason, and no sentence names the file."""
    path = tmp_path / "secret-name"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(BadSource) as refused:
        decode_file(path)
    assert refused.value.reason is reason
    assert "secret-name" not in str(refused.value)


def test_a_folder_is_no_file_to_decode(tmp_path: Path) -> None:
    """`decode` takes files; a folder is named as one."""
    with pytest.raises(BadSource) as refused:
        decode_file(tmp_path)
    assert refused.value.reason is Trouble.IS_FOLDER


def truth(folder: Path, *rows: str) -> None:
    """Writes the table that says what the photos of a folder show."""
    lines = ["file\tn_codes\texpected_json\tcategory", *rows]
    (folder / "truth.tsv").write_text("\n".join(lines), encoding="utf-8")


def test_a_folder_with_a_truth_is_measured(tmp_path: Path) -> None:
    """Each photo is read by the cascade and by zxing alone; broken ones are left out."""
    (tmp_path / "good.png").write_bytes(packed(paper(code("A B"))))
    (tmp_path / "empty.png").write_bytes(packed(hall()))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    rows = ('good.png\t1\t["AB"]\tnear', "empty.png\t\t[]\tnone", "broken.png\t1\t[]\tnone")
    truth(tmp_path, *rows)
    good, empty = measure(tmp_path)
    assert (good.read, good.stage, good.alone_read) == (True, "zxing", True)
    assert (empty.read, empty.stage, empty.photo.codes) == (False, None, 0)


def test_a_photo_counts_as_read_by_an_expected_text_or_by_any() -> None:
    """White space does not count, another text does not either."""
    known = Photo(Path("a"), 1, ("A B",), "c")
    assert known.read_by(("x", "AB"))
    assert not known.read_by(("x",))
    assert not known.read_by(())
    assert Photo(Path("a"), 1, (), "c").read_by(("whatever",))


@pytest.mark.parametrize("table", [None, "name\tx\na\t1", "file\tn_codes\na.png\tmany"])
def test_a_folder_without_a_usable_truth_is_refused(tmp_path: Path, table: str | None) -> None:
    """The bench says what it misses."""
    if table is not None:
        (tmp_path / "truth.tsv").write_text(table, encoding="utf-8")
    with pytest.raises(BadSource):
        read_truth(tmp_path)
