"""Making the codes of a batch; in the service room.

Drawn and sorted outside any transaction, stored in key order in short ones: a gate waits for
none of them. A batch is good for nothing until it is complete, and one update makes it so.
Whoever makes it holds a lease; if that process dies, a worker goes on where it stopped.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from ticketing.domain.code_texts import DRAWN_BYTES, CodeBits, in_order, polite
from ticketing.domain.retention import next_size
from ticketing.service.ports import House, Units
from ticketing.store import batches, code_batches, codes
from ticketing.store.code_batches import Claim
from ticketing.store.unit import Unit

log = logging.getLogger("ticketing.codes")
CHUNK: Final = 2_000
"""Codes that one transaction stores at most."""
LEASE: Final = timedelta(seconds=30)
TRIES: Final = 10
"""Makers of one batch; after so many that died it is given up."""
_FIRST_CHUNK = 250
_DRAWN_AT_ONCE = 10_000
_SPARE = 1.1


class Making:
    """One maker of one batch: `step` after `step`, each a short transaction of its own."""

    def __init__(self, house: House, claim: Claim) -> None:
        """Nothing is drawn yet."""
        self._house = house
        self._claim = claim
        self._drawn: Sequence[CodeBits] = ()
        self._at = 0
        self._size = _FIRST_CHUNK
        self.made = claim.batch.tally.made

    @property
    def is_complete(self) -> bool:
        """Whether every code is there."""
        return self.made >= self._claim.batch.count

    def step(self, unit: Unit) -> bool:
        """Store the next codes; False if another maker has taken over.

        Codes that are taken already are drawn anew when the rest is done.
        """
        if self._at >= len(self._drawn):
            self._drawn = drawn(self._house, self._claim.batch.count - self.made)
            self._at = 0
        chunk = self._drawn[self._at : self._at + self._size]
        clock = self._house.clock
        unit.begin()
        began_at = clock.now()
        new = codes.add(unit, self._claim.batch.number, chunk)
        made = code_batches.extend(unit, self._claim, new, lease_until=began_at + LEASE)
        if made is None:
            unit.rollback()
            return False
        unit.commit()
        self.made = made
        self._at += len(chunk)
        self._size = next_size(self._size, clock.now() - began_at, CHUNK)
        batches.fold_log(unit)
        return True


def drawn(house: House, number: int) -> Sequence[CodeBits]:
    """So many codes that read politely, in the order of their keys."""
    found: set[CodeBits] = set()
    while len(found) < number:
        missing = number - len(found)
        size = min(_DRAWN_AT_ONCE, int(missing * _SPARE) + 1)
        for bits in polite(house.chance.draw(size * DRAWN_BYTES)):
            found.add(bits)
            if len(found) == number:
                break
    return in_order(found)


def make_all(
    unit: Unit, house: House, claim: Claim, *, told: Callable[[int], None] = lambda _made: None
) -> bool:
    """Make a whole batch now, telling how many there are; False if another has taken over."""
    making = Making(house, claim)
    while not making.is_complete:
        if not making.step(unit):
            return False
        told(making.made)
    return True


class Maker:
    """What the worker does about batches, a little at a time; several do no harm to each other."""

    def __init__(self, store: Units, house: House) -> None:
        """Nothing is being made."""
        self._store = store
        self._house = house
        self._making: Making | None = None

    def look(self) -> bool:
        """Go on with a batch, or take the next that nobody makes; whether there is more to do.

        Trouble is raised, and the batch is taken up again when its lease is over.
        """
        making, self._making = self._making, None
        with self._store.unit() as unit:
            making = making or self._next(unit)
            if making is None:
                return False
            if making.step(unit) and not making.is_complete:
                self._making = making
        return True

    def _next(self, unit: Unit) -> Making | None:
        now = self._house.clock.now()
        if not code_batches.is_any_waiting(unit, now=now):
            return None
        unit.begin()
        claim = code_batches.claim(unit, now=now, lease_until=now + LEASE)
        unit.commit()
        if claim is None:
            return None
        if claim.fence <= TRIES:
            return Making(self._house, claim)
        self._give_up(unit, claim)
        return None

    def _give_up(self, unit: Unit, claim: Claim) -> None:
        """Mark a batch as failed that nobody could finish, and take its codes away."""
        unit.begin()
        is_ours = code_batches.fail(unit, claim)
        unit.commit()
        if is_ours:
            log.warning("a batch of codes could not be made and was given up")
            drop_codes(unit, claim.batch.number)


def drop_codes(unit: Unit, number: int) -> int:
    """Take away every code of a batch that nobody has ever redeemed, in short transactions."""
    gone, after = 0, -1
    while True:
        unit.begin()
        some, last = codes.drop_unused(unit, number, after=after, limit=CHUNK // 4)
        code_batches.count(unit, number, "made", -some)
        unit.commit()
        if last is None:
            return gone
        gone, after = gone + some, last
        batches.fold_log(unit)
