"""The codes of a list against those that are there: compared, and stored; in the service room.

In the order of their keys, a chunk at a time. Each chunk is one short transaction that stores,
counts and notes how far it came: whoever goes on after a doer that died counts nothing twice,
and a list that is brought in again changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from itertools import islice, takewhile
from typing import Any, Final, NamedTuple

from ticketing.domain.code_imports import Column, Entry, LineFault, Outcome, Problem, compared
from ticketing.domain.code_texts import is_prefix
from ticketing.domain.retention import next_size
from ticketing.service import code_batches
from ticketing.service.import_batches import Aim, apply_change, look_again
from ticketing.service.import_reading import Reading
from ticketing.service.jobs import Tell
from ticketing.service.ports import House, Units
from ticketing.store import batches, codes
from ticketing.store import code_batches as batch_rows
from ticketing.store import code_imports as rows
from ticketing.store.unit import Unit

CHUNK: Final = 1_000
"""Lines that one transaction takes at most."""
_FIRST_CHUNK: Final = 250
_LOOKED_AT: Final = 2_000
_BATCHES_AT_ONCE: Final = 20
_TRIES: Final = 5


class Judged(NamedTuple):
    """What comes of a line; `is_bound` if a visitor is to be noted or taken away."""

    entry: Entry
    outcome: Outcome | Problem
    is_bound: bool


@dataclass(slots=True)
class Standing:
    """What came of the lines that can be read, as JSON holds it.

    `after` are the bits of the last one that was stored, `made` the numbers of new batches by
    their ids, `changed` the ids of changed ones; `new_of` counts by the place of the wish, and
    `plans` tell by it where the wish leads (`Aim.plan`).
    """

    counts: dict[str, int] = field(default_factory=dict)
    new_of: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    after: int = -1
    made: dict[str, int] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    plans: list[list[Any]] = field(default_factory=list)
    is_finished: bool = False

    def plus(self, judged: Sequence[Judged], shown: frozenset[int]) -> "Standing":
        """The same with some lines more; of the `shown` ones each outcome is kept."""
        good = [one for one in judged if isinstance(one.outcome, Outcome)]
        new = Counter(str(one.entry.wish) for one in good if one.outcome is Outcome.NEW)
        told = {
            str(one.entry.line): one.outcome.value
            for one in good
            if one.entry.line in shown and isinstance(one.outcome, Outcome)
        }
        counted = Counter(str(one.outcome) for one in good)
        return Standing(
            counts=dict(Counter(self.counts) + counted),
            new_of=dict(Counter(self.new_of) + new),
            outcomes=self.outcomes | told,
            after=judged[-1].entry.bits,
            made=dict(self.made),
            changed=self.changed,
            plans=self.plans,
        )


class Matching:
    """Compares a list that was read with what there is, and stores it if that is wanted."""

    def __init__(
        self, store: Units, house: House, *, reading: Reading, aims: Sequence[Aim]
    ) -> None:
        """Nothing is compared yet."""
        self._store = store
        self._house = house
        self._reading = reading
        self._aims = aims
        self._shown = frozenset(one.line for one in reading.first)
        self._met: set[int] = set()
        self._last: Entry | None = None
        self.standing = Standing()

    def look(self, tell: Tell, *, before: int = 0) -> None:
        """Compare every line and store nothing, telling how many there were after `before`."""
        done, entries = before, self._reading.entries()
        with self._store.unit() as unit:
            while chunk := list(islice(entries, _LOOKED_AT)):
                judged = self._judged(unit, chunk)
                self.standing = self._next(judged)
                self._note(judged)
                done += len(chunk)
                tell(done)

    def store_all(self, tell: Tell, *, standing: Standing, before: int = 0) -> int:
        """Store every line behind those of `standing`; how many steps are done."""
        self.standing = standing
        done, entries = self._skip(tell, before)
        size = _FIRST_CHUNK
        with self._store.unit() as unit:
            while chunk := self._taken(entries, size):
                done += len(chunk)
                took = self._store_chunk(unit, chunk, tell, done)
                size = next_size(size, took, CHUNK)
                batches.fold_log(unit)
        return done

    # -------------------------------------------------------- parts of the above
    def _taken(self, entries: Iterator[Entry], size: int) -> list[Entry]:
        """The next lines, fewer where many batches begin: each costs as much as many codes."""
        chunk: list[Entry] = []
        most = len(self._met) + _BATCHES_AT_ONCE
        for entry in islice(entries, size):
            chunk.append(entry)
            self._met.add(entry.wish)
            if len(self._met) >= most:
                break
        return chunk

    def _skip(self, tell: Tell, before: int) -> tuple[int, Iterator[Entry]]:
        """Pass over what a doer that died has stored; only its problems are found again."""
        done, entries, after = before, self._reading.entries(), self.standing.after
        if after < 0:
            return done, entries
        behind: list[Entry] = []

        def is_stored(entry: Entry) -> bool:
            if entry.bits > after:
                behind.append(entry)
            return entry.bits <= after

        stored = takewhile(is_stored, entries)
        with self._store.unit() as unit:
            while chunk := list(islice(stored, _LOOKED_AT)):
                self._note(self._judged(unit, chunk))
                done += len(chunk)
                tell(done)
        return done, (one for some in (behind, entries) for one in some)

    def _store_chunk(self, unit: Unit, chunk: Sequence[Entry], tell: Tell, done: int) -> timedelta:
        """Compare, then store in one transaction that gates hardly wait for.

        Anew if others have stored or used one of the codes in between: `_put` sees it. How long
        the transaction took.
        """
        clock = self._house.clock
        aims = dict.fromkeys(self._aims)
        for _ in range(_TRIES):
            kept = [(aim, aim.means, aim.target.number, aim.target.room) for aim in aims]
            judged = self._judged(unit, chunk)
            standing = self._next(judged)
            unit.begin()
            began_at = clock.now()
            if self._put(unit, judged, standing):
                tell.keep(unit, done, asdict(standing))
                unit.commit()
                took = clock.now() - began_at
                self.standing = standing
                self._note(judged)
                return took
            unit.rollback()
            for aim, means, number, room in kept:
                if aim.means == means:  # else another list has made it
                    aim.target.number, aim.target.room = number, room
        raise RuntimeError("others change the same codes all the time")

    def _judged(self, unit: Unit, chunk: Sequence[Entry]) -> list[Judged]:
        known = rows.known(unit, [entry.bits for entry in chunk])
        judged, last = [], self._last
        for entry in chunk:
            old, target = known.get(entry.bits), self._aims[entry.wish].target
            wish = self._reading.wishes[entry.wish]
            outcome: Outcome | Problem
            if last is not None and entry.bits == last.bits:
                outcome = self._again(entry, last)
            else:
                outcome = compared(entry, old, wish, target)
            target.room -= outcome is Outcome.NEW
            is_bound = entry.says_visitor and entry.visitor != (old and old.visitor)
            judged.append(Judged(entry, outcome, is_bound))
            last = entry
        return judged

    def _next(self, judged: Sequence[Judged]) -> Standing:
        """What stands when these lines are done.

        A batch changes with the first good line that says something of it.
        """
        good = (
            self._aims[one.entry.wish]
            for one in judged
            if one.entry.says_batch and isinstance(one.outcome, Outcome)
        )
        changed = [one.means for one in dict.fromkeys(good) if one.target.is_changed]
        new = [one for one in changed if one not in self.standing.changed]
        return replace(
            self.standing.plus(judged, self._shown),
            changed=[*self.standing.changed, *new],
            plans=[aim.plan for aim in self._aims],
        )

    def _again(self, entry: Entry, last: Entry) -> Problem:
        """What is wrong with a line whose code stands in an earlier one, prefix aside."""
        mine, theirs = (self._reading.wishes[one.wish].prefix for one in (entry, last))
        fault = LineFault.TWICE if is_prefix(mine, theirs) else LineFault.TAKEN
        return Problem(entry.line, Column.CODE, fault)

    def _put(self, unit: Unit, judged: Sequence[Judged], standing: Standing) -> bool:
        """Store what is new or bound; False if somebody else was faster.

        First codes in the order of their keys, then batches by number: redemptions lock them so.
        """
        good = [one for one in judged if isinstance(one.outcome, Outcome)]
        new = [one.entry for one in good if one.outcome is Outcome.NEW]
        aims = Counter(self._aims[entry.wish] for entry in new)
        if not self._make(unit, [aim for aim in aims if aim.target.number is None], standing):
            return False
        added = [(entry.bits, self._aims[entry.wish].target.number or 0) for entry in new]
        bound = [one.entry for one in good if one.is_bound]
        is_first = codes.add_to_several(unit, added) == len(new)
        is_first = is_first and all(codes.bind(unit, one.bits, one.visitor) for one in bound)
        return is_first and self._count(unit, aims, standing)

    def _count(self, unit: Unit, new: Counter[Aim], standing: Standing) -> bool:
        """Change and count up batches; False if one may not change any more."""
        changed = set(standing.changed) - set(self.standing.changed)
        is_good = True
        for aim in sorted(dict.fromkeys(self._aims), key=lambda one: one.target.number or 0):
            if aim.means in changed:
                is_good &= apply_change(unit, self._house, aim)
            if new[aim] and aim.target.number is not None:
                batch_rows.grow(unit, aim.target.number, new[aim])
        return is_good

    def _make(self, unit: Unit, aims: Sequence[Aim], standing: Standing) -> bool:
        """Make batches with the first of their codes; False if another list has made one."""
        if not aims:
            return True
        rows.hold_names(unit)
        if look_again(unit, self._house, aims):
            return False
        for aim in aims:
            if aim.draft is None:  # pragma: no cover  such lines are faulty
                raise RuntimeError("a code without a batch")
            aim.target.number = code_batches.add_batch(unit, self._house, batch=aim.draft).number
            standing.made[aim.draft.id] = aim.target.number
        return True

    def _note(self, judged: Sequence[Judged]) -> None:
        self._last = judged[-1].entry
        for one in judged:
            if isinstance(one.outcome, Problem):
                self._reading.problems.add(one.outcome)


def standing_of(kept: Mapping[str, Any]) -> Standing | None:
    """How far a doer that died had come, None if it had stored nothing."""
    return (
        Standing(**{name: kept[name] for name in Standing.__slots__}) if "after" in kept else None
    )
