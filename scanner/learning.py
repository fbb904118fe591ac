"""What the service tells of the house, and what that changes at the gate. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scanner.memory import KnownHouse
from scanner.post import Post
from scanner.presentation import House
from ticketing.wire.house import HouseSettings, KnownOffer
from ticketing.wire.keys import KeyRing
from ticketing.wire.sync_api import KnowledgePage
from ticketing.wire.texts import Localised


@dataclass(frozen=True, slots=True)
class Learnt:
    """Keys, settings and the names of offers by number, as they are now."""

    ring: KeyRing
    settings: HouseSettings
    offers: Mapping[int, Localised]

    @classmethod
    def of_page(cls, page: KnowledgePage) -> Self:
        """What a page tells.

        Raises:
            BadMessage: an offer is none.
        """
        offers = [KnownOffer.from_json(offer) for offer in page.offers]
        return cls(page.keys, page.settings, {offer.number: offer.name for offer in offers})

    @classmethod
    def of_house(cls, house: KnownHouse) -> Self:
        """What was told before the station was started."""
        names = {number: offer.name for number, offer in house.offers.items()}
        return cls(house.ring, house.settings, names)

    def post(self, post: Post) -> Post:
        """The post as the service has it now; its patience is the station's own affair."""
        ring = self.ring if self.ring.keys else post.ring
        zone = _zone(self.settings.zone) or post.zone
        return replace(post, gate=self.settings.gate, zone=zone, ring=ring)

    def house(self, house: House) -> House:
        """The house as the service has it now."""
        return House(
            museum=self.settings.museum,
            gate=self.settings.gate,
            gate_name=self.settings.gate_name,
            zone=_zone(self.settings.zone) or house.zone,
            offers=self.offers,
        )


def _zone(name: str) -> ZoneInfo | None:
    """The zone of this name; None: this computer does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
