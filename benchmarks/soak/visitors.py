"""Visitors at the doors: what they present, and what the page then showed them."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.soak.town import Post, Town

ANSWER_LIMIT_S = 10.0
OFFERS: tuple[dict[str, Any], ...] = (
    {"slug": "soak-one", "entries": 1},
    {"slug": "soak-ten", "entries": 10},
    {"slug": "soak-pass", "entries": 0, "reentry": True},
    {"slug": "soak-party", "entries": 1, "party_max": 4},
    {"slug": "soak-desk", "entries": 1, "price_cents": 900, "pay_at_desk": True},
)
WEIGHTS = (50, 10, 15, 15, 10)
PARTY = 4


@dataclass(frozen=True, slots=True)
class Ticket:
    """One issued ticket."""

    id: str
    barcode: str = field(repr=False)
    offer: str
    entries: int
    party: int


@dataclass
class Seen:
    """What all visitors saw: verdicts by ticket, presentations without an answer."""

    admits: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    presentations: int = 0
    waits_ms: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, ticket: Ticket, verdict: str | None, waited_ms: float) -> None:
        """One presentation is over."""
        with self.lock:
            self.presentations += 1
            self.verdicts[verdict or "unanswered"] += 1
            if verdict is None:
                self.unanswered[ticket.id] += 1
                return
            self.waits_ms.append(waited_ms)
            if verdict == "admit":
                self.admits[ticket.id] += 1
            elif verdict == "exit":
                self.exits[ticket.id] += 1


def sell(town: Town, count: int, seed: int) -> tuple[Ticket, ...]:
    """Make the offers and issue tickets, a thousand a call."""
    draw = random.Random(seed)
    for offer in OFFERS:
        town.api("POST", "/offers", {"name": {"de": "Dauerlauf", "en": "Soak"}, **offer})
    tickets: list[Ticket] = []
    while len(tickets) < count:
        chosen = draw.choices(OFFERS, WEIGHTS, k=min(1000, count - len(tickets)))
        orders = [
            {
                "offer": offer["slug"],
                "holder": f"Gast {len(tickets) + at}",
                "party": PARTY if "party_max" in offer else 1,
            }
            for at, offer in enumerate(chosen)
        ]
        made = town.api("POST", "/tickets/batch", {"tickets": orders})["items"]
        tickets += [
            Ticket(one["id"], one["barcode"], one["offer"], one["entries"], one["party"])
            for one in made
        ]
    return tuple(tickets)


class Queue(threading.Thread):
    """The visitors of one door, one after the other."""

    def __init__(
        self, post: Post, tickets: Sequence[Ticket], seen: Seen, *, seed: int, stop: threading.Event
    ) -> None:
        super().__init__(name=f"door {post.number}", daemon=True)
        self._post, self._tickets, self._seen, self._stopping = post, tickets, seen, stop
        self._draw = random.Random(seed)

    def run(self) -> None:
        """Present tickets until it is over."""
        leaving = False
        while not self._stopping.is_set():
            if self._draw.random() < (0.3 if leaving else 0.05):  # most leave unseen
                leaving = not leaving
                self._post.do("direction", direction="exit" if leaving else "entry")
            ticket = self._draw.choice(self._tickets)
            begun = time.monotonic()
            verdict = self._present(ticket)
            self._seen.note(ticket, verdict, (time.monotonic() - begun) * 1000)
            self._stopping.wait(self._draw.uniform(0.1, 0.8))

    def _present(self, ticket: Ticket) -> str | None:
        before = self._post.state()
        if before is None or not self._post.do("typed", text=ticket.barcode):
            time.sleep(0.5)  # the station is down: the visitor waits in front of it
            return None if before is not None else "closed"
        verdict = self._await(before["sound"]["n"])
        if verdict != "attention":
            return verdict
        return self._settle() or verdict

    def _settle(self) -> str | None:
        """Staff look, and confirm three of four."""
        state = self._post.state()
        if state is None or not state["scan"]:
            return None
        what = "confirm" if self._draw.random() < 0.75 else "decline"
        if not self._post.do(what, scan=state["scan"]):
            return None
        return self._await(state["sound"]["n"])

    def _await(self, before: int) -> str | None:
        ends_at = time.monotonic() + ANSWER_LIMIT_S
        while time.monotonic() < ends_at and not self._stopping.is_set():
            state = self._post.state()
            if state is None:
                return None
            if state["sound"]["n"] > before:
                return str(state["sound"]["verdict"])
            time.sleep(0.03)
        return None
