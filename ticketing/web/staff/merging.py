"""Two people at the same form: who comes second reverts nothing that they did not touch.

A form carries the facts that it was filled with as `was` (`written`). If somebody else was faster
the page is shown again (`meeting`): what this person did not touch stands as it does now, what
only they changed stands as they typed it, and what both changed is for them to decide, above the
fields. Their answer comes with the next try (`left_to_others`).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ticketing.domain import merging
from ticketing.domain.merging import Facts
from ticketing.web.staff.forms import Both, Form
from ticketing.web.staff.speaker import Speaker

_MINE: Final = "mine"
_THEIRS: Final = "theirs"


@dataclass(frozen=True, slots=True)
class Words:
    """What facts are called, and how the value of one is said."""

    label: Callable[[str, Speaker], str]
    plain: Callable[[str, str, Speaker], str]

    def said(self, name: str, value: object, speaker: Speaker) -> str:
        """A value as somebody reads it."""
        is_many = isinstance(value, list)
        text = ", ".join(str(one) for one in value) if is_many else str(value)  # type: ignore[attr-defined]
        return self.plain(name, text, speaker)


def labels(prefix: str) -> Callable[[str, Speaker], str]:
    """What facts are called by the words of their name; one that somebody made up keeps it."""

    def label(name: str, speaker: Speaker) -> str:
        key = prefix + name
        return speaker.say(key) if speaker.knows(key) else name

    return label


@dataclass(frozen=True, slots=True)
class Meeting:
    """What came of two people's changes: the facts to show, what the others did, what is open."""

    facts: Facts
    others: tuple[str, ...]
    both: tuple[Both, ...]

    def form(self, filled: Form) -> Form:
        """The form that was filled with the facts, with what is to be decided above it."""
        filled.both = self.both
        return filled


def written(facts: Facts) -> str:
    """Facts as a form carries them."""
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def meeting(form: Form, mine: Facts, now: Facts, words: Words) -> Meeting:
    """Lay what the form wants on top of what somebody else has stored since it was made."""
    was, speaker = _was(form), form.speaker
    merge = merging.merged(was or {}, mine, now)
    both = tuple(
        Both(
            name,
            words.label(name, speaker),
            theirs=words.said(name, now.get(name, ""), speaker),
            mine=words.said(name, mine.get(name, ""), speaker),
        )
        for name in merge.both
    )
    others = () if was is None else tuple(_others(was, now, words, speaker))
    return Meeting(merge.facts, others, both)


def left_to_others(form: Form, now: Facts, words: Words) -> frozenset[str]:
    """The facts that both had changed and that shall stay as they are now.

    What was not decided is noted as a problem; the questions stand above the form again.
    """
    names, speaker = form.chosen("both"), form.speaker
    form.both = tuple(
        Both(
            name,
            words.label(name, speaker),
            theirs=words.said(name, now.get(name, ""), speaker),
        )
        for name in names
    )
    for one in form.both:
        if form.value(one.field) not in {_MINE, _THEIRS}:
            form.problem(one.field, "both_undecided")
    return frozenset(one.name for one in form.both if form.value(one.field) == _THEIRS)


def _was(form: Form) -> Facts | None:
    try:
        read = json.loads(form.value("was"))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _others(was: Facts, now: Facts, words: Words, speaker: Speaker) -> Iterator[str]:
    for name in dict.fromkeys((*now, *was)):
        old, new = _of(was, name), _of(now, name)
        if old != new:
            told = {"old": words.said(name, old, speaker), "new": words.said(name, new, speaker)}
            yield speaker.say("changed_from_to", what=words.label(name, speaker), **told)


def _of(facts: Facts, name: str) -> Any:  # noqa: ANN401  a fact is what JSON can hold
    return facts.get(name, "")
