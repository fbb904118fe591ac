"""What a gate shows: the screen, for which scan, since when, what staff may do. Pure.

The gate's room: no clock, no chance, no I/O. Whatever changes the screen gives back the
effects that do so, and the gate puts them behind what has to be recorded first.
"""

from dataclasses import replace

from scanner.events import Effect, Moment, Show, Sound
from scanner.faces import annulled_screen, blank_screen, verdict_screen
from scanner.judge import OPEN, Scan
from scanner.screen import Alert, Face, Result, Screen
from scanner.undo import Passed


class Stage:
    """The screen of one gate; `scan` is the one whose verdict is on it, None without one."""

    def __init__(self) -> None:
        self.screen = Screen()
        self.scan: Scan | None = None
        self._since_ms = self._alert_ms = 0

    @property
    def result(self) -> Result | None:
        """The verdict on the screen; of an annulled one what it was."""
        return self.screen.result

    # ------------------------------------------------------------ what is there

    def open_scan(self, now: Moment) -> Scan | None:
        """The scan on the screen, as long as staff still have to settle it."""
        result = self.result
        if result is None or result.verdict not in OPEN or self.screen.has_lapsed:
            return None
        if self.scan is None or self.scan.action is not None:
            return None
        is_late = result.until is not None and now.at >= result.until
        return None if is_late else self.scan

    def shown_for_ms(self, now: Moment) -> int:
        """How long the last verdict has been there."""
        return now.mono_ms - self._since_ms

    # ------------------------------------------------------------ what comes on it

    def show(self, screen: Screen) -> tuple[Effect, ...]:
        """This and nothing else; the scan stays the one that is settled here."""
        self.screen = screen
        return (Show(screen),)

    def blank(self, face: Face, *, hint: str = "") -> tuple[Effect, ...]:
        """No scan at all; nothing can be settled or changed any more."""
        self.scan = None
        return self.show(blank_screen(face, self.screen, hint=hint))

    def verdict(
        self, scan: Scan, result: Result, now: Moment, *, may_settle: bool
    ) -> tuple[Effect, ...]:
        """A verdict and its sound."""
        self.scan, self._since_ms = scan, now.mono_ms
        screen = verdict_screen(scan, result, self.screen, may_settle=may_settle)
        return (*self.show(screen), Sound(result.verdict))

    def annulled(self, passed: Passed) -> tuple[Effect, ...]:
        """A scan that was taken back; a hand scanner may read its code again at once."""
        self.scan = None
        return self.show(annulled_screen(passed.scan, passed.result, self.screen))

    def alert(self, alert: Alert, now: Moment) -> tuple[Effect, ...]:
        """The amber line, beside whatever is shown: the next visitor's verdict stays."""
        self._alert_ms = now.mono_ms
        return self.show(replace(self.screen, alert=alert))

    # ------------------------------------------------------------ what time takes away

    def end_alert(self, now: Moment, alert_ms: int) -> tuple[Effect, ...]:
        """The amber line goes after a while: it would hide the next one."""
        is_over = now.mono_ms - self._alert_ms >= alert_ms
        if self.screen.alert is None or not is_over:
            return ()
        return self.show(replace(self.screen, alert=None))

    def lapse(self, now: Moment) -> tuple[Effect, ...]:
        """The five minutes of a question are over: its buttons go, and the screen says why."""
        if not self.screen.may_settle or self.open_scan(now) is not None:
            return ()
        return self.show(replace(self.screen, may_settle=False, has_lapsed=True))

    def forget(self) -> None:
        """What was decided has not happened: an alert about an earlier scan still holds."""
        self.scan = None
        self.screen = blank_screen(Face.READY, self.screen)
