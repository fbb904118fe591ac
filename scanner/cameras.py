"""The cameras staff may switch to while the station runs."""

from collections.abc import Callable, Sequence

from scanner.camera import Choice
from scanner.page.tools import Offered, Said
from scanner.presentation import camera_name
from scanner.wording import both

Use = Callable[[str], None]


def _unused(_source: str) -> None:
    """Nobody looks through a camera yet."""


class Cameras:
    """Offers cameras by number, so that no address of one ever reaches the page."""

    def __init__(self, started: str, listed: Callable[[], Sequence[Choice]]) -> None:
        """`started` is the source of the settings; `listed` gives the webcams there are now."""
        self._used = self._started = started
        self._listed = listed
        self._offered: tuple[Choice, ...] = ()
        self._use: Use = _unused

    def attach(self, use: Use) -> None:
        """Say who looks through the camera that is chosen."""
        self._use = use

    def offered(self) -> tuple[Offered, ...]:
        """The webcams, and what the settings name if that is none of them."""
        found = tuple(self._listed())
        if all(one.source != self._started for one in found):
            found = (Choice(self._started, ""), *found)
        self._offered = found
        return tuple(Offered(_name(one), one.source == self._used) for one in found)

    def use(self, number: int) -> bool:
        """Look through one of those last offered; False: there is none of this number."""
        if not 0 <= number < len(self._offered):
            return False
        source = self._offered[number].source
        if source != self._used:
            self._used = source
            self._use(source)
        return True


def _name(choice: Choice) -> Said:
    """The maker's name, else which it is by number, else what the settings named."""
    if choice.name and not choice.name.startswith("webcam "):
        return {words.lang: choice.name for words in both()}
    if choice.source.isdigit():
        return {words.lang: camera_name(f"webcam {choice.source}", words) for words in both()}
    return {words.lang: words.say("view.started") for words in both()}
