"""What a page of knowledge changes at the gate: keys, zone, place, offers. Pure."""

from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scanner.post import Post
from scanner.presentation import House
from ticketing.wire.sync_api import KnowledgePage, KnownOffer


def post_of(page: KnowledgePage, post: Post) -> Post:
    """The post as the service has it now; its patience is the station's own affair."""
    ring = page.keys if page.keys.keys else post.ring
    zone = _zone(page.settings.zone) or post.zone
    return replace(post, gate=page.settings.gate, zone=zone, ring=ring)


def house_of(page: KnowledgePage, house: House) -> House:
    """The house as the service has it now."""
    offers = [KnownOffer.from_json(offer) for offer in page.offers]
    settings = page.settings
    return House(
        museum=settings.museum,
        gate=settings.gate,
        gate_name=settings.gate_name,
        zone=_zone(settings.zone) or house.zone,
        offers={offer.number: offer.name for offer in offers},
    )


def _zone(name: str) -> ZoneInfo | None:
    """The zone of this name; None: this computer does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
