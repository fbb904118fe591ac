"""Two people's changes of the same thing, laid together fact by fact; in the domain room."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Facts = Mapping[str, Any]
_NOT_THERE: Final = object()


@dataclass(frozen=True, slots=True)
class Merge:
    """What came of it; of facts that `both` changed it holds what the second one wants."""

    facts: dict[str, Any]
    both: tuple[str, ...]


def merged(was: Facts, mine: Facts, now: Facts) -> Merge:
    """What somebody wants who saw how it `was`, on top of how it stands `now`.

    A fact that was not touched stands as it does now. Two who want the same are no conflict. A
    fact may be missing on any side; a missing one is a value like others.
    """
    facts: dict[str, Any] = {}
    both = []
    for name in dict.fromkeys((*now, *was, *mine)):
        old, own, new = (side.get(name, _NOT_THERE) for side in (was, mine, now))
        wanted = new if own == old else own
        if wanted is not _NOT_THERE:
            facts[name] = wanted
        if own != old and new not in (old, own):
            both.append(name)
    return Merge(facts, tuple(both))


def taken(mine: Facts, now: Facts, names: frozenset[str]) -> dict[str, Any]:
    """What somebody wants, but these facts as they stand now."""
    kept = {name: value for name, value in mine.items() if name not in names}
    return kept | {name: now[name] for name in names if name in now}
