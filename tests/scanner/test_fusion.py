"""One presentation: found, followed, summed, told again; and never a mixture of two visitors."""

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from scanner.sight import bend, fusion, locate, prepare, reader, symbol, track
from scanner.sight.align import refined
from scanner.sight.fusion import Fusion, Look, Pace
from scanner.sight.geometry import Grid, from_corners, is_plausible, measured
from scanner.sight.layout import LAYOUTS, LIVE, TICKET, Layout, Modules
from scanner.sight.prepare import View
from scanner.sight.reading import Corners, Gray, Reading
from scanner.sight.second import SecondEyes
from scanner.sight.track import follow
from tests.scanner.frames import code, hall, paper
from tests.scanner.symbols import corners, drawn, frame, text_of

UNHURRIED = Pace(budget_ms=60_000, thorough=True)
AT = (500, 200)


def spoilt(modules: Modules, seed: int, share: float = 0.22) -> Modules:
    """Data modules that say nothing in this frame: other ones in each."""
    chance = np.random.default_rng(seed).random(modules.shape)
    noise = np.random.default_rng(seed + 1000).choice([-1.0, 1.0], modules.shape)
    return np.where((chance < share) & (TICKET.block_of >= 0), noise, modules)


def shown(modules: Modules, number: int, *, at: tuple[int, int] = AT, share: float = 0.22) -> Look:
    """A frame too poor to be read by itself."""
    moved = (at[0] + number % 3, at[1] + number % 2)
    return Look(frame(spoilt(modules, number, share), at=moved, seed=number))


def read(fused: Fusion, looks: list[Look]) -> list[str]:
    """All texts of these frames, in order."""
    return [reading.text for look in looks for reading in fused.push(look)]


@pytest.mark.parametrize("layout", LAYOUTS, ids=["ticket", "live"])
@pytest.mark.parametrize("inverted", [False, True])
def test_both_kinds_are_found_by_their_finders(layout: Layout, *, inverted: bool) -> None:
    """Also on a telephone in dark mode."""
    view = frame(drawn(text_of(1, layout), layout), at=(400, 100))
    gray = 255 - view.gray if inverted else view.gray
    grid, likeness = locate.from_texture(gray, layout)
    assert grid is not None
    assert likeness > locate.ENOUGH_FINDERS
    assert grid.polarity == (-1 if inverted else 1)
    one = reader.sample(gray, grid)
    assert reader.read([one], layout).text == text_of(1, layout)
    truth = corners(view, (400, 100), layout.modules)
    assert np.abs(np.array(grid.corners) - np.array(truth)).max() < 4


def test_a_rough_guess_is_drawn_onto_the_symbol() -> None:
    """Corners that a reader reports are often some modules off."""
    view = frame(drawn(text_of(2)), at=AT)
    off = np.array([[14, -9], [-12, 8], [9, 12], [-10, -12]])
    rough = np.array(corners(view, AT, 41)) + off
    first, second, third, fourth = [(float(x), float(y)) for x, y in rough]
    grid = locate.from_suspects(view.gray, [(first, second, third, fourth)], LAYOUTS)
    assert grid is not None
    assert grid.layout is TICKET
    assert grid.score > 0.9


def test_nothing_is_found_where_nothing_is() -> None:
    """No hall, no chat and no flat wall is a symbol."""
    assert locate.from_texture(hall(), TICKET)[0] is None
    assert locate.from_texture(np.full((720, 1280), 90, np.uint8), LIVE)[0] is None
    place = ((100.0, 100.0), (300.0, 100.0), (300.0, 300.0), (100.0, 300.0))
    assert locate.from_suspects(hall(), [place], LAYOUTS) is None
    assert locate.from_suspects(hall(), [], LAYOUTS) is None


def test_impossible_places_are_refused() -> None:
    """A bow tie, a point, and a symbol behind the camera."""
    assert not is_plausible(from_corners(41, [(0, 0), (200, 0), (0, 200), (200, 200)]), 41)
    assert not is_plausible(from_corners(41, [(0, 0), (9, 0), (9, 9), (0, 9)]), 41)
    assert not is_plausible(np.zeros((3, 3)), 41)
    flat = np.full((720, 1280), 90, np.uint8)
    square = [(100, 100), (300, 100), (300, 300), (100, 300)]
    there = measured(flat, from_corners(41, square), TICKET)
    assert there.score == 0
    assert refined(flat, there) is there


def test_a_symbol_is_followed_while_it_moves_and_lost_when_it_is_gone() -> None:
    """Following is cheaper than finding, and keeps what was found once."""
    modules = drawn(text_of(3))
    before, after = frame(modules, at=AT), frame(modules, at=(523, 189))
    grid, _ = locate.from_texture(before.gray, TICKET)
    assert grid is not None
    moved = follow(before.gray, grid, after.gray)
    assert moved is not None
    assert moved.corners[0][0] - grid.corners[0][0] == pytest.approx(23, abs=1.5)
    assert follow(before.gray, grid, hall()) is None
    flat = np.full((720, 1280), 90, np.uint8)
    assert follow(flat, grid, frame(modules, at=(60, 200)).gray) is None
    assert follow(flat, grid, before.gray) is not None
    outside = Grid(TICKET, from_corners(41, np.array(grid.corners) + 3000), 0.9, 1)
    assert follow(before.gray, outside, after.gray) is None


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (35, 20), (-48, 30)])
def test_a_symbol_that_moves_as_a_whole_needs_no_points(
    shift: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Following points is the dearest guess, and the first to fail where all is smeared."""
    monkeypatch.setattr(track, "_points", lambda *_: pytest.fail("points were followed"))
    modules = drawn(text_of(3))
    before = frame(modules, at=AT, blur=4)
    after = frame(modules, at=(AT[0] + shift[0], AT[1] + shift[1]), blur=4, seed=1)
    grid = locate.from_suspects(before.gray, [square(corners(before, AT, 41))], [TICKET])
    assert grid is not None
    moved = follow(before.gray, grid, after.gray)
    assert moved is not None
    found = np.array(moved.corners) - np.array(grid.corners)
    assert np.abs(found - shift).max() < 1.5


def test_a_symbol_that_turns_is_followed_by_its_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shift leads there."""
    before = frame(drawn(text_of(3)), at=AT)
    grid = locate.from_suspects(before.gray, [square(corners(before, AT, 41))], [TICKET])
    assert grid is not None
    about = np.array(grid.corners).mean(axis=0)
    turn = cv2.getRotationMatrix2D((float(about[0]), float(about[1])), 17, 1.0)
    after = np.asarray(cv2.warpAffine(before.gray, turn, (1280, 720)))
    moved = follow(before.gray, grid, after)
    assert moved is not None
    wanted = np.array(grid.corners) @ turn[:, :2].T + turn[:, 2]
    assert np.abs(np.array(moved.corners) - wanted).max() < 3
    monkeypatch.setattr(track, "_points", lambda *_: None)
    assert follow(before.gray, grid, after) is None


def square(points: tuple[tuple[float, float], ...]) -> Corners:
    """Four corners as a reader reports them."""
    first, second, third, fourth = points
    return (first, second, third, fourth)


def test_frames_that_say_nothing_alone_are_read_together() -> None:
    """This is what the whole is for."""
    modules = drawn(text_of(4))
    looks = [shown(modules, number) for number in range(8)]
    assert all(read(Fusion(UNHURRIED), [look]) == [] for look in looks[:4])
    assert set(read(Fusion(UNHURRIED), looks)) == {text_of(4)}


def test_a_code_is_told_again_for_as_long_as_it_is_in_view() -> None:
    """Else one presentation would be two scans."""
    fused = Fusion(UNHURRIED)
    modules = drawn(text_of(5))
    texts = read(fused, [shown(modules, number, share=0.0) for number in range(8)])
    assert texts == [text_of(5)] * 8
    assert read(fused, [Look(View(hall()), stirs=False)] * 11) == []
    assert fused.frames == 0


@pytest.mark.parametrize("frames_of_first", [1, 3, 8])
@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("shift", [0, 160])
def test_two_visitors_never_give_a_mixture(frames_of_first: int, share: float, shift: int) -> None:
    """Another ticket in the same place, or beside it, while the first is still being summed."""
    for seed in range(2):
        first, second = text_of(10 + seed), text_of(20 + seed)
        fused = Fusion(UNHURRIED)
        looks = [shown(drawn(first), seed * 40 + n, share=share) for n in range(frames_of_first)]
        read_before = read(fused, looks)
        at = (AT[0] + shift, AT[1])
        looks = [shown(drawn(second), seed * 40 + 20 + n, at=at, share=share) for n in range(9)]
        read_after = read(fused, looks)
        assert set(read_before) <= {first}
        assert set(read_after) <= {second}
        if share < 0.3:
            assert second in read_after


def test_a_sum_of_two_codes_is_found_out_even_if_nothing_else_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Blocks of one and blocks of the other are a text that the newest frame does not show."""
    mine = drawn(text_of(1), mask=3)
    others = (drawn(text_of(seed), mask=3) for seed in itertools.count(2))
    other, mixed = next(
        (one, mixed)
        for one in others
        for mixed in (np.where(TICKET.block_of % 2 == 0, mine, one),)
        if symbol.attempt(mixed, TICKET).text is not None
    )
    tried = symbol.attempt(mixed, TICKET)
    monkeypatch.setattr(fusion, "_ALIKE", -1.0)
    monkeypatch.setattr(reader, "read", lambda *_, **__: tried)
    fused = Fusion(UNHURRIED)
    looks = [shown(mine, 0, share=0.0), shown(other, 1, share=0.0), shown(mine, 2, share=0.0)]
    assert tried.text not in read(fused, looks)
    assert fused.frames == 1


def test_the_sum_begins_anew_with_another_size_of_picture() -> None:
    """A camera that changes its resolution in the middle of a presentation."""
    fused = Fusion(UNHURRIED)
    modules = drawn(text_of(6))
    look = shown(modules, 0, share=0.3)
    assert read(fused, [look]) == []
    small = np.asarray(cv2.resize(shown(modules, 1, share=0.0).gray, (960, 540)))
    assert read(fused, [Look(View(small))]) == [text_of(6)]
    assert read(fused, [look, Look(View(small[:300, :200]))]) == []


def test_frames_passed_by_are_used_once_the_symbol_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first frames of a presentation often show it before it can be found."""
    modules = drawn(text_of(7))
    fused = Fusion(UNHURRIED)
    real = locate.from_texture
    monkeypatch.setattr(locate, "from_texture", lambda *_: (None, 0.0))
    monkeypatch.setattr(locate, "from_suspects", lambda *_: None)
    read(fused, [shown(modules, number) for number in range(4)])
    assert fused.frames == 0
    monkeypatch.setattr(locate, "from_texture", real)
    # One turn in six searches for the other kind of symbol.
    read(fused, [shown(modules, number) for number in (5, 6)])
    assert fused.frames > 2


def test_a_doubtful_grid_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grid that is one module off scores well enough to stay."""
    modules = drawn(text_of(8))
    fused = Fusion(UNHURRIED)
    looks = [shown(modules, number, share=0.5) for number in range(4)]
    monkeypatch.setattr(fusion, "_DOUBTFUL", 2.0)
    assert read(fused, looks) == []
    monkeypatch.setattr(fusion, "_BETTER", -2.0)
    read(fused, looks)
    assert fused.frames < len(looks)


def test_what_the_sharpened_frame_gives_another_reader_is_taken() -> None:
    """Other people's codes as well; then there is nothing to sum."""
    soft = cv2.GaussianBlur(paper(code("museum")), (0, 0), 2)
    fused = Fusion(UNHURRIED)
    texts = [read(fused, [Look(View(np.asarray(soft)))]) for _ in range(2)]
    assert ["museum"] in texts
    assert fused.frames == 0


@pytest.mark.parametrize("is_late", [False, True])
def test_a_late_frame_begins_no_step_after_the_first_equaliser(
    monkeypatch: pytest.MonkeyPatch, *, is_late: bool
) -> None:
    """The next one waits already; in time the later ones read this one."""
    rounds: list[reader.Round] = []
    equalised = reader.equalised

    def noted(*given: Any) -> Modules:
        rounds.append(given[-1])
        return equalised(*given)

    monkeypatch.setattr(reader, "equalised", noted)
    fused = Fusion(Pace(budget_ms=-1 if is_late else 60_000, thorough=True))
    looks = [shown(drawn(text_of(1)), number, share=0.38) for number in range(6)]
    assert read(fused, looks) == ([] if is_late else [text_of(1)])
    assert fused.frames == len(looks)
    if is_late:
        assert rounds == [reader.ROUNDS[0]] * len(looks)
    else:
        assert set(rounds) == set(reader.ROUNDS)


def test_a_still_hall_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty hall costs nothing in this thread."""
    monkeypatch.setattr(locate, "from_texture", lambda *_: pytest.fail("searched"))
    assert Fusion().push(Look(View(hall()), stirs=False)) == ()


def test_a_hall_that_stirs_is_sharpened_in_every_third_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That is the dearer search; the larger symbol has its turn among the others."""
    calls: list[object] = []
    sharpened = prepare.sharpened

    def noted(view: View) -> View:
        calls.append("sharpened")
        return sharpened(view)

    def searched(_: Gray, layout: Layout) -> tuple[None, float]:
        calls.append(layout)
        return None, 0.0

    monkeypatch.setattr(prepare, "sharpened", noted)
    monkeypatch.setattr(locate, "from_texture", searched)
    fused = Fusion(Pace(budget_ms=60_000))
    assert read(fused, [Look(View(hall()))] * 6) == []
    assert calls == [TICKET, "sharpened", TICKET, LIVE, "sharpened", TICKET]


def test_what_looks_like_finders_is_worth_both_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the frame is late by then."""
    calls: list[str] = []

    def noted(view: View) -> View:
        calls.append("sharpened")
        return view

    monkeypatch.setattr(prepare, "sharpened", noted)
    monkeypatch.setattr(locate, "from_texture", lambda *_: (None, locate.ENOUGH_FINDERS))
    read(Fusion(Pace(budget_ms=60_000)), [Look(View(hall()))])
    assert calls == ["sharpened"]
    read(Fusion(Pace(budget_ms=-1)), [Look(View(hall()))])
    assert calls == ["sharpened"]


def bent(view: View, amount_px: float) -> Gray:
    """The frame as on a sheet that is bent along x."""
    down, across = np.mgrid[0:720, 0:1280].astype(np.float32)
    shift = amount_px * np.sin((across - 500) / 400 * np.pi * 1.3).astype(np.float32)
    return np.asarray(cv2.remap(view.gray, across, down + shift, cv2.INTER_LINEAR))


def test_a_bent_sheet_is_read_after_four_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no plane fits."""
    monkeypatch.setattr(fusion, "_BEND_SCORE", 0.3)
    monkeypatch.setattr(fusion, "_BEND_EXTRA_S", 60.0)
    view = frame(drawn(text_of(3)), at=AT, blur=1.0)
    fused = Fusion(Pace(budget_ms=60_000, thorough=True))
    looks = [Look(View(bent(view, 11))) for _ in range(6)]
    found = [reading for look in looks for reading in fused.push(look)]
    assert {reading.text for reading in found} <= {text_of(3)}
    grid, _ = locate.from_texture(bent(view, 11), TICKET)
    assert grid is not None
    tried = bend.read(bent(view, 11), grid)
    assert tried is not None
    assert tried.text == text_of(3)
    assert bend.read(bent(view, 11), grid, is_late=lambda: True) is None or tried.text
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280)).astype(np.uint8)
    assert bend.read(noise, grid) is None


# ---------------------------------------------------------------- the thread


def waited(ready: Callable[[], bool]) -> bool:
    """Whether it happens within ten seconds."""
    end = time.monotonic() + 10
    while not ready() and time.monotonic() < end:
        time.sleep(0.01)
    return ready()


def test_the_second_thread_tells_what_it_reads_and_beats() -> None:
    """Newest frame wins; a heartbeat shows a watchman that it lives."""
    told: list[tuple[Reading, ...]] = []
    eyes = SecondEyes(told.append)
    stop = threading.Event()
    thread = threading.Thread(target=lambda: eyes.run(stop))
    born = eyes.beat
    thread.start()
    eyes.show(shown(drawn(text_of(1)), 0, share=0.0))

    def heard() -> bool:
        eyes.show(shown(drawn(text_of(1)), 1, share=0.0))
        return bool(told)

    assert waited(heard)
    assert told[0][0].text == text_of(1)
    assert waited(lambda: eyes.beat > born)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_what_the_first_reader_has_read_is_dropped_by_the_second() -> None:
    """Before it is fetched, and while it is being read."""
    told: list[tuple[Reading, ...]] = []
    eyes = SecondEyes(told.append)
    eyes.show(shown(drawn(text_of(1)), 0, share=0.0))
    eyes.forget()
    eyes.work(0)

    class Interrupted(Fusion):
        def push(self, look: Look) -> tuple[Reading, ...]:
            eyes_2.forget()
            return super().push(look)

    eyes_2 = SecondEyes(told.append, fusion=Interrupted(UNHURRIED))
    eyes_2.show(shown(drawn(text_of(1)), 0, share=0.0))
    eyes_2.work(0)
    eyes_2.show(shown(drawn(text_of(1)), 0, share=0.0))
    eyes_2.work(0)
    assert told == []


def test_a_fault_in_the_second_thread_costs_one_frame(caplog: pytest.LogCaptureFixture) -> None:
    """And says nothing of what was in it."""

    class Faulty(Fusion):
        def push(self, look: Look) -> tuple[Reading, ...]:
            raise UnicodeDecodeError("utf-8", b"secret", 0, len(look.suspects), "bad")

    eyes = SecondEyes(lambda _: pytest.fail("told"), fusion=Faulty())
    eyes.show(shown(drawn(text_of(1)), 0))
    eyes.work(0)
    assert "UnicodeDecodeError" in caplog.text
    assert "secret" not in caplog.text


def test_what_a_stuck_thread_says_at_last_is_dropped() -> None:
    """Another one reads by then, with a sum of its own."""
    told: list[tuple[Reading, ...]] = []

    class Stuck(Fusion):
        def push(self, look: Look) -> tuple[Reading, ...]:
            eyes.renew()  # the watchman, meanwhile
            return super().push(look)

    eyes = SecondEyes(told.append, fusion=Stuck(UNHURRIED))
    eyes.show(shown(drawn(text_of(1)), 0, share=0.0))
    eyes.work(0)
    assert told == []
    eyes.show(shown(drawn(text_of(1)), 0, share=0.0))
    eyes.work(0)
    assert [one.text for readings in told for one in readings] == [text_of(1)]
