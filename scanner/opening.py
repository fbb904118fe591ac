"""The panel of the check before the doors open: a line for each thing that has to be so. Pure."""

from scanner.panel import Line, Panel
from scanner.tryout import Tryout
from scanner.wording import Words

_WORST = {"bad": "opening.not", "warn": "opening.nearly", "open": "opening.nearly"}


def opening_panel(lines: tuple[Line, ...], tryout: Tryout, words: Words) -> Panel:
    """How the gate stands, and what is to be held up; no verdict, whatever is read."""
    states = {line.state for line in lines}
    key = next((key for state, key in _WORST.items() if state in states), "opening.ready")
    has_read = tryout.read + tryout.typed > 0
    return Panel(
        shape="v-ready",
        word=words.say(key),
        size="small",
        reason=words.say("opening.read" if has_read else "opening.hold_up"),
        next=words.say("opening.next"),
        lines=lines,
    )
