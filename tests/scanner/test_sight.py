"""The eyes: what they read, and that nothing held before them can stop them."""

import logging
import sys
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import zxingcpp

from scanner.sight import Reading, Sight, default_sight, prepare
from scanner.sight import readers as readers_module
from scanner.sight.cascade import FALLBACKS, Stage, Where
from scanner.sight.prepare import View
from scanner.sight.readers import PyzbarReader, ZxingReader, text_of
from scanner.sight.reading import Found, Gray, distinct_texts
from scanner.sight.watch import Watch
from tests.scanner.frames import TICKET, bgr, code, hall, paper, turned


def texts(readings: tuple[Reading, ...]) -> set[str]:
    """What was read, whatever the order."""
    return {reading.text for reading in readings}


@pytest.fixture
def sight() -> Sight:
    """The eyes as the station has them."""
    return default_sight()


@pytest.fixture
def no_pyzbar(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine without libzbar."""
    readers_module._pyzbar.cache_clear()
    monkeypatch.setitem(sys.modules, "pyzbar.pyzbar", None)
    yield
    readers_module._pyzbar.cache_clear()


def test_a_ticket_is_read_by_the_first_stage(sight: Sight) -> None:
    """An ordinary frame needs no fallback."""
    (reading,) = sight.look(bgr(paper(code(TICKET))))
    assert (reading.text, reading.stage) == (TICKET, "zxing")


def test_corners_run_around_the_code_in_pixels_of_the_picture(sight: Sight) -> None:
    """The page outlines the code where it stands, also in a picture that was made smaller."""
    symbol = code(TICKET, scale=10)
    picture = paper(symbol, height=1440, width=2560)
    (reading,) = sight.look(picture)
    (left, top), _, (right, bottom), _ = reading.corners
    assert (left, top) == pytest.approx((40 + 40, 60 + 40), abs=6)
    assert (right, bottom) == pytest.approx((490, 510), abs=6)


def test_two_codes_in_one_picture_are_both_read(sight: Sight) -> None:
    """Two visitors may hold up their telephones at once."""
    assert texts(sight.look(paper(code(TICKET), code("second")))) == {TICKET, "second"}


def test_an_inverted_code_is_read(sight: Sight) -> None:
    """A telephone in dark mode turns codes light on dark."""
    assert texts(sight.look(255 - paper(code(TICKET)))) == {TICKET}


@pytest.mark.parametrize("degrees", [7, 45, 90, 133, 180, 271])
def test_a_turned_code_is_read(sight: Sight, degrees: float) -> None:
    """People hold telephones as they like."""
    symbol = paper(code(TICKET, scale=5), height=420, width=420)
    assert texts(sight.look(turned(symbol, degrees))) == {TICKET}


def test_a_blurred_code_is_read(sight: Sight) -> None:
    """A webcam's lens does not find focus at once."""
    assert texts(sight.look(cv2.GaussianBlur(paper(code(TICKET)), (0, 0), 2.5))) == {TICKET}


@pytest.mark.parametrize(
    "content",
    [
        b"before\x00after",
        bytes(range(1, 32)),
        b"\x1b[2J\x1b]0;title\x07",
        "smile \N{GRINNING FACE} \u202e\u0000".encode(),
        b"7" * 2900,
    ],
    ids=["nul", "control", "terminal", "unicode", "2900"],
)
def test_every_byte_of_a_hostile_code_arrives_as_it_was(sight: Sight, content: bytes) -> None:
    """Texts come from the code's bytes: nothing is cut at NUL or written out as a name."""
    symbol = code(content, scale=3 if len(content) > 1000 else 8, level="L")
    frame = paper(symbol, height=max(720, symbol.shape[0] + 120))
    assert texts(sight.look(frame)) == {content.decode()}
    assert texts(sight.glance(frame, 0)) == {content.decode()}


@pytest.mark.parametrize("content", [b"\xff\xfe\x80\x00\x01", b"\xc3(", bytes(range(128, 256))])
def test_bytes_that_are_not_utf_8_give_some_text(sight: Sight, content: bytes) -> None:
    """Whatever it is, it is a text that the gate can call foreign."""
    (reading,) = sight.look(paper(code(content)))
    assert reading.text
    assert "<NUL>" not in reading.text


def test_text_falls_back_from_utf_8_to_the_readers_guess_to_latin_1() -> None:
    """The guess is asked only for bytes that are not UTF-8, and may fail itself."""

    def fails() -> str:
        return b"\xff".decode()

    assert text_of("ä".encode(), fails) == "ä"
    assert text_of(b"\x83e", lambda: "テ") == "テ"
    assert text_of(b"\xe4", fails) == "ä"
    assert text_of(b"\xe4", str) == "ä"


def test_an_empty_hall_gives_nothing(sight: Sight) -> None:
    """No stage invents a code."""
    assert sight.look(hall()) == ()
    assert sight.everything(hall()) == ()
    assert [sight.glance(hall(), n) for n in range(20)] == [()] * 20


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((10, 10), np.float32),
        np.zeros((10, 10, 2), np.uint8),
        np.zeros(40, np.uint8),
    ],
)
def test_what_is_no_picture_gives_nothing(sight: Sight, picture: Gray) -> None:
    """A driver may hand over anything; the loop goes on."""
    assert sight.look(picture) == ()
    assert sight.glance(picture, 1) == ()
    assert sight.everything(picture) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (3, 3), (2, 2, 4), (5, 5, 1)])
def test_tiny_and_narrow_pictures_give_nothing(sight: Sight, shape: tuple[int, ...]) -> None:
    """No stage stumbles over a picture that has almost no pixels."""
    assert sight.look(np.zeros(shape, np.uint8)) == ()
    assert sight.everything(np.zeros(shape, np.uint8)) == ()


def test_noise_gives_nothing_and_stops_nothing(sight: Sight) -> None:
    """A thousand false edges are no code."""
    noise = np.random.default_rng(1).integers(0, 256, (360, 640), dtype=np.uint8)
    assert sight.look(noise) == ()


def test_a_code_too_small_for_the_reduced_picture_is_read_at_its_own_size(sight: Sight) -> None:
    """A ticket in the corner of a telephone's 12-megapixel photo is found at last."""
    picture = paper(code(TICKET, scale=3), height=3000, width=5200)
    (reading,) = sight.look(picture)
    assert (reading.text, reading.stage) == (TICKET, "original")
    assert reading.corners[0] == pytest.approx((40 + 12, 60 + 12), abs=4)


def test_fallbacks_read_what_the_first_stage_cannot(sight: Sight) -> None:
    """A code seen from the side is made wider; the stage says who read it."""
    rng = np.random.default_rng(5)
    symbol = paper(code(TICKET, scale=4), height=400, width=400)
    squeezed = cv2.resize(symbol, (115, 400), interpolation=cv2.INTER_AREA)
    seen = np.clip(squeezed + rng.normal(0, 4, squeezed.shape), 0, 255).astype(np.uint8)
    assert ZxingReader().read(seen) == ()
    (reading,) = sight.look(seen)
    assert reading.text == TICKET
    assert reading.stage in {"wider", "larger", "crop-wider"}


class Scripted:
    """A reader that says what it is told, and remembers what it was shown."""

    def __init__(self, name: str, *answers: str) -> None:
        self.name = name
        self.answers = answers
        self.shown: list[tuple[int, ...]] = []

    def read(self, gray: Gray) -> tuple[Reading, ...]:
        """Gives the answers, each with the same small square."""
        self.shown.append(gray.shape)
        corners = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
        return tuple(Reading(text, corners, self.name) for text in self.answers)


def stage(reader: Scripted, where: Where = Where.ALWAYS) -> Stage:
    """A stage that shows its reader the unchanged picture."""
    return Stage(reader.name, prepare.same, reader, where)


def test_the_cascade_ends_with_the_first_stage_that_reads() -> None:
    """Later stages cost time and can only repeat."""
    blind, sees, late = Scripted("blind"), Scripted("sees", "x"), Scripted("late", "y")
    sight = Sight(ZxingReader(), tuple(map(stage, (blind, sees, late))))
    assert [r.stage for r in sight.look(hall())] == ["sees"]
    assert (len(blind.shown), len(late.shown)) == (1, 0)


def test_no_stage_begins_after_the_budget() -> None:
    """A picture that is hard for every stage must not hold up the desk."""
    reader = Scripted("never")
    assert Sight(ZxingReader(), (stage(reader),), budget_ms=-1).look(hall()) == ()
    assert reader.shown == []


def test_glance_tries_one_fallback_per_frame_in_rotation() -> None:
    """The next frame comes 33 ms later anyway."""
    ones = [Scripted(name) for name in "abc"]
    sight = Sight(ZxingReader(), tuple(map(stage, ones)))
    for number in range(4):
        moving = hall(seed=number)
        sight.glance(moving, number)
    assert [len(one.shown) for one in ones] == [2, 1, 1]


def test_glance_spares_the_fallbacks_when_nothing_moves() -> None:
    """An empty hall costs one fast search per frame."""
    reader = Scripted("a")
    sight = Sight(ZxingReader(), (stage(reader),))
    for number in range(10):
        sight.glance(hall(), number)
    assert len(reader.shown) == 1


def test_glance_tries_crops_only_where_something_was_seen() -> None:
    """Without a suspect there is nothing to cut out."""
    reader = Scripted("crop", "x")
    sight = Sight(ZxingReader(), (stage(reader, Where.SUSPECTS),))
    assert sight.glance(hall(), 0) == ()
    damaged = paper(code(TICKET))
    damaged[150:260, 150:260] = 255
    (reading, *_) = sight.glance(damaged, 1)
    assert (reading.text, reading.stage) == ("x", "crop")
    assert reading.corners[0][0] < 90


def test_a_held_ticket_is_read_by_glance(sight: Sight) -> None:
    """Each frame of a held ticket is read again; the gate decides what is new."""
    frame = bgr(paper(code(TICKET)))
    assert [texts(sight.glance(frame, n)) for n in range(3)] == [{TICKET}] * 3


@pytest.mark.parametrize(
    ("where", "small", "doubt", "views"),
    [
        (Where.ALWAYS, False, False, 1),
        (Where.SMALL, True, False, 1),
        (Where.SMALL, False, False, 0),
        (Where.SMALL, False, True, 1),
        (Where.DOUBT, True, False, 0),
        (Where.DOUBT, False, True, 1),
        (Where.SUSPECTS, True, False, 0),
        (Where.SUSPECTS, False, True, 1),
    ],
)
def test_a_stage_is_tried_only_where_it_may_pay(
    where: Where, views: int, *, small: bool, doubt: bool
) -> None:
    """Size and suspects decide; an empty frame stays cheap."""
    whole = View(np.zeros((300, 400) if small else (720, 1280), np.uint8))
    square = ((50.0, 50.0), (90.0, 50.0), (90.0, 90.0), (50.0, 90.0))
    found = Found((), (square,) if doubt else ())
    assert len(stage(Scripted("a"), where).views(whole, found)) == views


def test_crops_merge_what_overlaps_and_are_at_most_three() -> None:
    """Zxing names one damaged code several times."""
    whole = View(np.zeros((720, 1280), np.uint8))

    def square(left: float) -> tuple[tuple[float, float], ...]:
        return ((left, 10.0), (left + 40, 10.0), (left + 40, 50.0), (left, 50.0))

    one = prepare.crops(whole, [square(100), square(110), square(120)])  # type: ignore[list-item] # four points
    assert len(one) == 1
    assert max(one[0].gray.shape) == 700
    many = prepare.crops(whole, [square(left) for left in range(0, 1200, 150)])  # type: ignore[misc] # four points
    assert len(many) == 3


def test_a_suspect_outside_the_picture_gives_no_crop() -> None:
    """Zxing extrapolates corners; some lie nowhere."""
    far = ((5000.0, 5000.0), (5010.0, 5000.0), (5010.0, 5010.0), (5000.0, 5010.0))
    assert prepare.crops(View(np.zeros((100, 100), np.uint8)), [far]) == ()


@pytest.mark.parametrize("one", FALLBACKS, ids=lambda one: one.name)
def test_each_fallback_reads_a_plain_code_where_it_stands(one: Stage) -> None:
    """No change of a picture loses the code or its place."""
    symbol = paper(code(TICKET, scale=4), height=400, width=640)
    whole = View(symbol)
    found = ZxingReader().find(symbol)
    place = Found((), tuple(reading.corners for reading in found.readings))
    if isinstance(one.reader, PyzbarReader) and not one.reader.present:
        pytest.skip("libzbar is not installed")
    (reading,) = one.read(whole, place)
    assert (reading.text, reading.stage) == (TICKET, one.name)
    middle = np.mean(reading.corners, axis=0)
    assert middle == pytest.approx(np.mean(found.readings[0].corners, axis=0), abs=8)


@pytest.mark.parametrize(
    "kind",
    [
        zxingcpp.BarcodeFormat.Aztec,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.PDF417,
        zxingcpp.BarcodeFormat.Code128,
    ],
)
def test_everything_reads_other_kinds_too(sight: Sight, kind: zxingcpp.BarcodeFormat) -> None:
    """`scanner decode` shows all barcodes, ours or not; the gate looks for QR only."""
    picture = paper(code("BOTTLE-77", kind=kind, scale=4), code(TICKET))
    assert [reading.text for reading in sight.everything(picture)] == [TICKET, "BOTTLE-77"]
    assert texts(sight.look(picture)) == {TICKET}


def test_everything_tries_the_own_size_of_a_large_picture(sight: Sight) -> None:
    """A small Data Matrix in a large photo is found, and placed right."""
    symbol = code("LABEL", kind=zxingcpp.BarcodeFormat.DataMatrix, scale=3)
    (reading,) = sight.everything(paper(symbol, height=3000, width=5200))
    assert reading.text == "LABEL"
    assert reading.corners[0][0] < 120


def test_a_reader_that_breaks_reads_nothing_and_names_no_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says which reader failed and how, never on what."""
    with caplog.at_level(logging.WARNING):
        assert ZxingReader().read(np.zeros((4, 4), np.complex64)) == ()
        assert PyzbarReader().read(np.zeros(3, np.uint8)) == ()
    assert "reader zxing failed: " in caplog.text


@pytest.mark.usefixtures("no_pyzbar")
def test_without_libzbar_pyzbar_reads_nothing() -> None:
    """A gate computer without the system library works on."""
    assert not PyzbarReader().present
    assert PyzbarReader().read(paper(code(TICKET))) == ()
    assert texts(default_sight().look(paper(code(TICKET)))) == {TICKET}


class _Symbol:
    def __init__(self, data: bytes, points: list[tuple[int, int]]) -> None:
        self.data = data
        self.polygon = [type("Point", (), {"x": x, "y": y})() for x, y in points]


def test_pyzbar_is_believed_for_ascii_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It transcribes other texts wrongly; corners it lacks are filled up."""
    symbols = [_Symbol(b"OK", [(1, 2), (3, 4)]), _Symbol(b"\xc3\xa4", []), _Symbol(b"NO", [])]
    library = type("Library", (), {"decode": lambda *_: symbols})()
    monkeypatch.setattr(readers_module, "_pyzbar", lambda: (library, None))
    first, second = PyzbarReader().read(hall())
    assert (first.text, first.corners[2]) == ("OK", (3.0, 4.0))
    assert (second.text, second.corners[0]) == ("NO", (0.0, 0.0))


def test_the_watch_sees_a_telephone_come_and_learns_furniture() -> None:
    """Something new stirs; something that stays does not for ever."""
    watch, empty = Watch(), hall()
    occupied = empty.copy()
    occupied[200:600, 400:700] = 240
    assert watch.stirs(empty)
    assert not watch.stirs(empty)
    assert watch.stirs(occupied)
    assert [watch.stirs(occupied) for _ in range(200)][-1] is False


def test_distinct_texts_keep_the_order_and_say_each_once() -> None:
    """One ticket seen twice in a frame is one text."""
    square = ((0.0, 0.0),) * 4
    found = tuple(Reading(text, square, "s") for text in "baab")
    assert distinct_texts(found) == ("b", "a")


def test_opencv_keeps_to_one_thread() -> None:
    """Its own threads would fight with the station's for two cores."""
    assert cv2.getNumThreads() == 1
