"""The plot of one day: people by quarter of an hour, beside what is usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final

from ticketing.domain.opening import Hours
from ticketing.web.staff.plots import Plot, plot
from ticketing.web.staff.speaker import Speaker

_PER_HOUR: Final = 4
_OPENS, _CLOSES = time(9), time(18)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlot:
    """The plot; `told` says it in words, `more` how it is beside a usual day, "" if unknown."""

    plot: Plot
    told: str
    more: str


def day_plot(
    quarters: Sequence[int],
    usual: Sequence[float] | None,
    *,
    hours: Hours | None,
    speaker: Speaker,
    is_today: bool = True,
) -> DayPlot:
    """From opening to closing, and wider if anybody came before or after."""
    first, last = _window(quarters, hours)
    shown = list(quarters[first * _PER_HOUR : last * _PER_HOUR])
    line = list((usual or ())[first * _PER_HOUR : last * _PER_HOUR])
    drawn = plot(
        shown,
        places=(last - first) * _PER_HOUR,
        ticks=[str(hour) for hour in range(first, last)],
        usual=line,
        is_growing=is_today and len(quarters) <= last * _PER_HOUR,
    )
    return DayPlot(
        plot=drawn, told=_told(shown, first, speaker), more=_beside(quarters, usual, speaker)
    )


def _window(quarters: Sequence[int], hours: Hours | None) -> tuple[int, int]:
    opens = hours.opens if hours else _OPENS
    closes = hours.closes if hours else _CLOSES
    busy = [n // _PER_HOUR for n, people in enumerate(quarters) if people]
    first = min([opens.hour, *busy])
    last = max([closes.hour + (closes.minute > 0), *(hour + 1 for hour in busy)])
    return first, max(last, first + 1)


def _told(shown: Sequence[int], first: int, speaker: Speaker) -> str:
    if not any(shown):
        return speaker.say("plot_nobody")
    best = max(range(len(shown)), key=lambda n: shown[n])
    at = time(first + best // _PER_HOUR, best % _PER_HOUR * 15)
    return speaker.say("plot_most", n=speaker.number(shown[best]), at=f"{at:%H:%M}")


def _beside(quarters: Sequence[int], usual: Sequence[float] | None, speaker: Speaker) -> str:
    people = sum(quarters)
    if usual is None:
        return speaker.say("plot_so_far", n=speaker.number(people))
    expected = round(sum(usual[: len(quarters)]))
    said = {"n": speaker.number(people), "by": speaker.number(abs(people - expected))}
    if people == expected:
        return speaker.say("plot_as_usual", n=said["n"])
    return speaker.say("plot_more" if people > expected else "plot_fewer", **said)
