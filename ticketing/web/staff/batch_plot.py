"""The plot of batches: how many of all codes of each were sent, delivered and redeemed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ticketing.domain.codes import Batch, Tally
from ticketing.web.staff import batch_words as say
from ticketing.web.staff.speaker import Speaker

MOST: Final = 10
"""So many batches are shown; the file has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchBar:
    """One batch: three bars in one, as wide as their share of all its codes in percent.

    `part` of `whole` codes are redeemed, which is `share`; `told` is for who cannot see it.
    """

    id: str
    name: str
    sent: float
    delivered: float
    used: float
    part: str
    whole: str
    share: str
    told: str
    cells: tuple[str, ...]


def bars(batches: Iterable[Batch], speaker: Speaker) -> list[BatchBar]:
    """Each batch with its bars and with the same in figures."""
    return [_bar(one, speaker) for one in batches]


def _bar(batch: Batch, speaker: Speaker) -> BatchBar:
    tally, number = batch.tally, speaker.number
    told = {
        "all": number(tally.made),
        "sent": number(tally.sent),
        "delivered": number(tally.delivered),
        "used": number(tally.used),
    }
    return BatchBar(
        id=batch.id,
        name=batch.name,
        sent=_wide(tally.sent, tally),
        delivered=_wide(tally.delivered, tally),
        used=_wide(tally.used, tally),
        part=told["used"],
        whole=speaker.say("numbers_batch_of", whole=told["all"]),
        share=say.share(speaker, tally.used, tally.made),
        told=speaker.say("numbers_batch_told", **told),
        cells=(*told.values(), number(tally.redeemed)),
    )


def _wide(n: int, tally: Tally) -> float:
    return round(min(100.0, 100 * n / tally.made), 2) if tally.made else 0.0
