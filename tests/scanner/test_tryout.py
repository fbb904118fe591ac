"""The trial run before the doors open: whatever is read, nothing counts."""

from scanner.events import Event, ScanId, Seen, Sighting, Tick, Typed
from scanner.tryout import GONE_MS, LASTS_MS, Tryout

NOTHING = Seen(())


def seen(*texts: str) -> Seen:
    """A frame with these codes."""
    return Seen(tuple(Sighting(text, ScanId("a" * 32)) for text in texts))


def going(tryout: Tryout | None) -> Tryout:
    """It goes on."""
    assert tryout is not None
    return tryout


def test_nothing_that_is_read_reaches_the_gate() -> None:
    """Neither from the camera nor from the hand scanner; both are counted once."""
    tryout, told = Tryout.begun(0).divert(seen("A"), 10)
    assert told == NOTHING
    for at_ms in (50, 90):
        tryout, told = going(tryout).divert(seen("A"), at_ms)
        assert told == NOTHING
    tryout, told = going(tryout).divert(Typed("B", ScanId("b" * 32)), 100)
    assert told == Tick()
    assert (going(tryout).read, going(tryout).typed) == (1, 1)


def test_other_events_pass() -> None:
    """The clock goes on, and so does the line."""
    tryout, told = Tryout.begun(0).divert(Tick(), 10)
    assert (told, going(tryout).is_over) == (Tick(), False)


def test_a_code_still_held_up_at_the_end_is_no_scan() -> None:
    """Until it has left; another code is one at once."""
    tryout, _ = Tryout.begun(0).divert(seen("A"), 10)
    ended = going(tryout).ended()
    left, told = ended.divert(seen("A", "B"), 50)
    assert told == seen("B")
    left, told = going(left).divert(seen("A"), 1_400)
    assert told == NOTHING
    left, told = going(left).divert(NOTHING, 1_400 + GONE_MS)
    assert (left, told) == (None, NOTHING)


def test_a_live_ticket_that_changes_its_text_is_still_the_same() -> None:
    """Its tail is new every five seconds."""
    tryout, _ = Tryout.begun(0).divert(seen("A" * 128 + "old"), 10)
    _, told = going(tryout).ended().divert(seen("A" * 128 + "new"), 50)
    assert told == NOTHING


def test_a_hand_scanner_is_heard_right_after_the_end() -> None:
    """Whoever pulls its trigger means it."""
    event: Event = Typed("B", ScanId("b" * 32))
    tryout, _ = Tryout.begun(0).divert(seen("A"), 10)
    left, told = going(tryout).ended().divert(event, 20)
    assert told == event
    assert going(left).typed == 0


def test_it_ends_by_itself() -> None:
    """Nobody is turned away because staff forgot about it."""
    left, told = Tryout.begun(0).divert(seen("A"), LASTS_MS)
    assert (left, told) == (None, seen("A"))
