"""Whether a picture is too dark to read by, without flickering."""

import numpy as np
import numpy.typing as npt

from scanner.exposure import PATIENCE_S, Exposure, brightness


def grey(level: int, *, bright_rows: int = 0) -> npt.NDArray[np.uint8]:
    """A picture of one level, some of its hundred rows white."""
    picture = np.full((100, 100), level, np.uint8)
    picture[:bright_rows] = 255
    return picture


def test_the_brightest_tenth_counts() -> None:
    """A telephone shines in a dark hall: no trouble."""
    assert brightness(grey(10)) == 10
    assert brightness(grey(10, bright_rows=5)) == 10
    assert brightness(grey(10, bright_rows=20)) == 255


def test_dark_is_told_only_after_a_while() -> None:
    """A hand before the lens is no news."""
    exposure = Exposure()
    assert not exposure.look(grey(20), 0.0)
    assert not exposure.look(grey(120), 1.0)
    assert not exposure.look(grey(20), 1.2)
    assert not exposure.look(grey(20), 1.2 + PATIENCE_S - 0.1)
    assert exposure.look(grey(20), 1.2 + PATIENCE_S)


def test_between_the_marks_the_last_word_stands() -> None:
    """No flicker at the edge; light ends it after the same while."""
    exposure = Exposure()
    exposure.look(grey(20), 0.0)
    assert exposure.look(grey(20), 2.0)
    assert exposure.look(grey(60), 4.0)
    assert exposure.look(grey(60), 6.0)
    assert exposure.look(grey(90), 7.0)
    assert not exposure.look(grey(90), 9.0)
    assert not exposure.look(grey(60), 12.0)
