"""The painter of tickets: the real part behind `service.ports.CardPainter`."""

from ticketing.edge.barcode import barcode_png
from ticketing.edge.card import card_png
from ticketing.service.ports import CardFacts


class Painter:
    """Paints cards and barcodes for phone screens."""

    def card(self, facts: CardFacts) -> bytes:
        """The whole card, 1080 x 1440 px, PNG."""
        return card_png(facts)

    def barcode(self, text: str) -> bytes:
        """The barcode alone, 1-bit PNG."""
        return barcode_png(text)
