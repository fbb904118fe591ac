"""What counts as one presentation, whose turn it is, and how soon the next visitor is served."""

import pytest

from scanner.nearest import nearest_first
from scanner.sight import Reading
from tests.scanner.station_kit import Desk, a_ticket
from ticketing.wire.verdict import Reason, Verdict

FRAME_MS = 33
USED = (Verdict.REFUSE, Reason.ALREADY_USED)
ONE, TWO = a_ticket(1), a_ticket(2)


@pytest.fixture(name="desk")
def _desk() -> Desk:
    """A desk that knows that the service is away: verdicts come at once."""
    return Desk.offline()


def hold_up(desk: Desk, *texts: str, for_ms: int, every: int = 1) -> None:
    """A camera of 30 frames a second; only every so many of them can be read."""
    for number in range(for_ms // FRAME_MS):
        desk.see(*(texts if number % every == 0 else ()), after_ms=FRAME_MS)


def a_reading(text: str, x: float, y: float) -> Reading:
    """A code of ten pixels whose middle is there."""
    corners = ((x - 5, y - 5), (x + 5, y - 5), (x + 5, y + 5), (x - 5, y + 5))
    return Reading(text, corners, "zxing")


@pytest.mark.parametrize("every", [1, 3, 30])
def test_one_code_seen_for_a_while_is_one_scan(desk: Desk, every: int) -> None:
    """A minute before the camera, read in each frame or in one of thirty."""
    hold_up(desk, ONE, for_ms=60_000, every=every)
    assert len(desk.records) == 1
    assert desk.shown == (Verdict.ADMIT, Reason.OK)


def test_the_same_code_again_after_it_left_is_a_new_presentation(desk: Desk) -> None:
    """Handed back to a friend, it is judged again and refused."""
    hold_up(desk, ONE, for_ms=1_000)
    hold_up(desk, for_ms=1_600)
    hold_up(desk, ONE, for_ms=500)
    assert len(desk.records) == 2
    assert desk.shown == USED


def test_another_visitor_in_between_makes_no_new_presentation_of_a_code_that_stayed(
    desk: Desk,
) -> None:
    """The first ticket lies on the counter in view of the camera while the second is judged."""
    hold_up(desk, ONE, for_ms=1_000)
    hold_up(desk, ONE, TWO, for_ms=3_000)
    hold_up(desk, ONE, for_ms=3_000)
    assert len(desk.records) == 2


def test_two_codes_at_once_come_one_after_the_other(desk: Desk) -> None:
    """Both get their verdict, and each stands long enough to be read."""
    hold_up(desk, ONE, TWO, for_ms=600)
    assert len(desk.records) == 1
    hold_up(desk, ONE, TWO, for_ms=400)
    assert len(desk.records) == 2


def test_the_code_nearest_to_the_middle_comes_first() -> None:
    """Whoever stands before the camera is meant, not the queue beside."""
    left, middle, low = (
        a_reading("L", 200, 360),
        a_reading("M", 700, 300),
        a_reading("B", 640, 700),
    )
    ordered = nearest_first((left, middle, low), 1280, 720)
    assert [one.text for one in ordered] == ["M", "B", "L"]
    assert nearest_first((), 1280, 720) == ()


def test_after_a_verdict_the_next_visitor_is_served_within_300_ms(desk: Desk) -> None:
    """The first has taken the ticket away; the second is held up in the very next frame."""
    hold_up(desk, ONE, for_ms=300)
    begun_ms = desk.mono_ms
    while len(desk.records) < 2:
        desk.see(TWO, after_ms=FRAME_MS)
        assert desk.mono_ms - begun_ms <= 300


def test_a_verdict_is_not_covered_at_once(desk: Desk) -> None:
    """Even the next visitor's code leaves it on the screen for a quarter of a second."""
    desk.see(ONE)
    desk.see(TWO, after_ms=200)
    assert len(desk.records) == 1
    desk.wait(60)
    assert len(desk.records) == 2


def test_a_queue_of_visitors_moves_on_every_half_second(desk: Desk) -> None:
    """Ten tickets in five seconds: each once, none lost."""
    for number in range(10):
        hold_up(desk, a_ticket(number + 1), for_ms=500)
    assert len(desk.records) == 10
    assert desk.shown == (Verdict.ADMIT, Reason.OK)


def test_a_refused_visitor_does_not_hold_up_the_next(desk: Desk) -> None:
    """A refusal stays no longer than an admission."""
    hold_up(desk, ONE, for_ms=300)
    hold_up(desk, for_ms=1_700)
    hold_up(desk, ONE, for_ms=300)
    assert desk.shown == USED
    hold_up(desk, TWO, for_ms=300)
    assert desk.shown == (Verdict.ADMIT, Reason.OK)
