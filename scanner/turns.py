"""Which codes are in view, and which wait to be judged. Pure.

The gate's room: no clock, no chance, no I/O.
"""

from collections import deque
from dataclasses import dataclass

from scanner.events import ScanId
from scanner.judge import Scan
from scanner.post import Post
from scanner.reading import Reading
from ticketing.wire.verdict import Direction

_MAX_WAITING = 8


@dataclass(frozen=True, slots=True)
class Turn:
    """A code that waits to be judged; a deliberate one (typed) waits for nothing else.

    `people`, `replaces` and `direction` are set where staff have changed how many come.
    """

    reading: Reading
    scan_id: ScanId
    deliberate: bool
    people: int | None = None
    replaces: str = ""
    direction: Direction | None = None


class Turns:
    """One code in view is one presentation until it has been out of sight for `gone_ms`."""

    def __init__(self) -> None:
        self._present: dict[str, int] = {}
        self._waiting: deque[Turn] = deque()
        self._looked_ms = -1

    def __len__(self) -> int:
        return len(self._waiting)

    def is_present(self, key: str) -> bool:
        """Whether a code has been in view just now."""
        return key in self._present

    def look(self, mono_ms: int) -> None:
        """The camera has given a frame; what is in it is told by `see`."""
        self._looked_ms = mono_ms

    def see(self, key: str, mono_ms: int) -> None:
        """A code is in view."""
        self._present[key] = mono_ms

    def hold_ms(self, shown: Scan | None, post: Post) -> int:
        """How long a verdict stays before the next code is judged.

        Short once its ticket has been taken away: the next visitor is there. Two tickets held
        up together would otherwise follow one another faster than anybody reads.
        """
        together = shown and self._present.get(shown.reading.key) == self._looked_ms
        return post.hold_ms if together else post.ready_ms

    def is_waiting(self, key: str) -> bool:
        """Whether a code waits its turn."""
        return any(turn.reading.key == key for turn in self._waiting)

    def add(self, turn: Turn) -> bool:
        """Put a turn at the end; a full row drops it."""
        if len(self._waiting) >= _MAX_WAITING:
            return False
        self._waiting.append(turn)
        return True

    def push(self, turn: Turn) -> None:
        """Put a turn at the front: the next to be judged."""
        self._waiting.appendleft(turn)

    def first(self) -> Turn | None:
        """Whose turn it is."""
        return self._waiting[0] if self._waiting else None

    def take(self) -> Turn:
        """Whose turn it is, out of the row."""
        return self._waiting.popleft()

    def forget_gone(self, before_ms: int) -> None:
        """Nobody is judged who has walked away, unless staff typed the code."""
        self._present = {key: at for key, at in self._present.items() if at >= before_ms}
        self._waiting = deque(
            turn for turn in self._waiting if turn.deliberate or turn.reading.key in self._present
        )
