"""The panel of the check before the doors open: a line for each thing that has to be so. Pure."""

from scanner.panel import Line, Panel, Place
from scanner.tryout import Tryout
from scanner.wording import Words

_WORST = {"bad": "opening.not", "warn": "opening.nearly", "open": "opening.nearly"}


def opening_panel(lines: tuple[Line, ...], tryout: Tryout, place: Place, words: Words) -> Panel:
    """How the gate stands, and what is to be held up; no verdict, whatever is read."""
    states = {line.state for line in lines}
    key = next((key for state, key in _WORST.items() if state in states), "opening.ready")
    has_read = tryout.read + tryout.typed > 0
    gate = place.gate_name.in_(words.lang)
    return Panel(
        shape="v-ready",
        word=words.say(key),
        size="long",
        reason=words.say("opening.read" if has_read else "opening.hold_up"),
        what=gate,
        next=words.say("opening.next"),
        lines=lines,
    )
