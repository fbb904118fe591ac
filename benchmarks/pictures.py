"""How long the ticket's pictures take and how large they are, on one core.

Run as `python -m benchmarks.pictures`: one JSON line a figure on stdout, a table
on stderr. The product's pictures and what a library gives by default are drawn
in turn within the same run, so that a busy machine slows all of them alike.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from statistics import median, quantiles

import qrcode
from qrcode.constants import ERROR_CORRECT_M

from ticketing.edge.barcode import barcode_png
from ticketing.edge.card import card_png
from ticketing.service.ports import CardCaptions, CardFacts

ROUNDS = 200
TEXT = (
    "040H048I2CA1A5GN30CHK6OS3KF1U0000S0RL0A006T8DO01080DH4M7G0RSA24VE1OKC08TBG6MI"
    "L6V5VIBGGLE3G0RLK585HN0S8FMTFC5TP76EI9NEBK110FIBAP6JRQP3DQQPJ897J8J5C7MLCN71K"
)
FACTS = CardFacts(
    museum="Stadtmuseum Erlenbach",
    holder="Jördis Kowalewski",
    offer="Tageskarte Erwachsene",
    when="So 4. Okt. 2026",
    persons="1",
    short_code="E7K4-QXM2",
    captions=CardCaptions(when="Gültig am", persons="Personen", short_code="Kurzcode"),
    barcode=TEXT,
)
LONG = replace(
    FACTS,
    holder="Maximiliane Friederike Schnarrenberger-Leutheusser",
    offer="Familienkarte mit Führung durch die Sonderausstellung",
    when="Sa 31. Okt. 2026, 10:00 bis 12:30",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """What was drawn, how long each drawing took, and the size of the file."""

    what: str
    taken_ms: tuple[float, ...]
    size_bytes: int

    def as_json(self) -> str:
        """The figure as one line of JSON."""
        return json.dumps(
            {
                "benchmark": "pictures",
                "what": self.what,
                "median_ms": round(median(self.taken_ms), 3),
                "p95_ms": round(quantiles(self.taken_ms, n=20)[-1], 3),
                "bytes": self.size_bytes,
                "n": len(self.taken_ms),
            }
        )

    def as_row(self) -> str:
        """The figure as a row of the table."""
        p95_ms = quantiles(self.taken_ms, n=20)[-1]
        return f"{self.what:24}{median(self.taken_ms):10.2f}{p95_ms:10.2f}{self.size_bytes:10}"


def by_library() -> bytes:
    """The same symbol as qrcode and Pillow draw and save it by default."""
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M)
    symbol.add_data(TEXT)
    packed = BytesIO()
    symbol.make_image().save(packed)
    return packed.getvalue()


SUBJECTS: dict[str, Callable[[], bytes]] = {
    "card": lambda: card_png(FACTS),
    "card, long texts": lambda: card_png(LONG),
    "barcode": lambda: barcode_png(TEXT),
    "barcode, qrcode+Pillow": by_library,
}


def measure(rounds: int) -> list[Figure]:
    """Draws all subjects in turn; the first drawing, which loads fonts, does not count."""
    sizes = {what: len(draw()) for what, draw in SUBJECTS.items()}
    taken_ms: dict[str, list[float]] = {what: [] for what in SUBJECTS}
    for _ in range(rounds):
        for what, draw in SUBJECTS.items():
            start = time.perf_counter()
            draw()
            taken_ms[what].append((time.perf_counter() - start) * 1000)
    return [Figure(what, tuple(times), sizes[what]) for what, times in taken_ms.items()]


def main() -> None:
    """Prints the figures."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    figures = measure(ROUNDS)
    print(f"{'what':24}{'median ms':>10}{'p95 ms':>10}{'bytes':>10}", file=sys.stderr)
    for figure in figures:
        print(figure.as_json())
        print(figure.as_row(), file=sys.stderr)


if __name__ == "__main__":
    main()
