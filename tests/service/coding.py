"""Short words for what happens to discount codes in tests."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.factories import with_offer
from tests.fakes import FrozenClock
from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.code_texts import text_of
from ticketing.domain.codes import Batch, Effect, EffectKind
from ticketing.domain.offers import Offer
from ticketing.service import code_batches, codes
from ticketing.service.code_batches import NewBatch
from ticketing.service.code_guessing import Guesser
from ticketing.service.codes import Asked, Checked, Redeemed
from ticketing.service.ports import House
from ticketing.store import codes as rows
from ticketing.store.unit import Store

AUTUMN = NewBatch(name="Herbst", prefix="HERBST", count=3, effect=Effect(EffectKind.PERCENT, 20))
EDITOR = Actor(ActorKind.STAFF, "staff_1")
SHOP = Guesser("key_1", "192.0.2.7")


@dataclass
class Shop:
    """Whoever takes codes: a store, a house, a clock, and the offer `day` for 9 euros.

    Its house works for an editor.
    """

    store: Store
    house: House
    clock: FrozenClock

    def __post_init__(self) -> None:
        """Let the audit name the editor."""
        self.house = replace(self.house, actor=EDITOR)

    def offer(self, **changes: Any) -> Offer:
        """An offer that costs something."""
        return with_offer(self.store, self.house, **{"price_cents": 900} | changes)

    def batch(self, **changes: Any) -> Batch:
        """A batch that is ready; one that is over was made a day before its end."""
        wanted, house = replace(AUTUMN, **changes), self.house
        if wanted.valid_until is not None and wanted.valid_until <= self.clock.now():
            house = replace(house, clock=FrozenClock(wanted.valid_until - timedelta(days=1)))
        with self.store.unit() as unit:
            return code_batches.create_batch(unit, house, wanted=wanted)

    def now(self, batch: Batch) -> Batch:
        """A batch as it stands now."""
        with self.store.unit() as unit:
            return code_batches.get_batch(unit, batch=batch.id)

    def texts(self, batch: Batch) -> list[str]:
        """Its codes."""
        with self.store.unit() as unit:
            found = rows.page(unit, batch.number, after=None, limit=10_000)
        return [text_of(batch.prefix, one.bits) for one in found]

    def code(self, **changes: Any) -> str:
        """A code of a batch of its own."""
        return self.texts(self.batch(**{"count": 1} | changes))[0]

    def check(self, code: str, *, guesser: Guesser = SHOP, **changes: Any) -> Checked:
        """What a code is good for."""
        with self.store.unit() as unit:
            asked = Asked(code=code, **changes)
            return codes.check_code(unit, self.house, asked=asked, guesser=guesser)

    def redeem(
        self, code: str, redemption_id: str = "r1", *, guesser: Guesser = SHOP, **changes: Any
    ) -> Redeemed:
        """Use a code."""
        asked = Asked(code=code, **changes)
        with self.store.unit() as unit:
            return codes.redeem_code(
                unit, self.house, asked=asked, redemption_id=redemption_id, guesser=guesser
            )

    def release(self, redemption_id: str = "r1") -> Redeemed:
        """Give a use back."""
        with self.store.unit() as unit:
            return codes.release_code(unit, self.house, redemption_id=redemption_id)
