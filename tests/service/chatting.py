"""A visitor of the web chat in a test: says things, reads what the page shows."""

import threading
from dataclasses import dataclass, replace
from itertools import count

from ticketing.domain.messages import Choices
from ticketing.edge.channels.webchat import WebChat
from ticketing.edge.wording import FileWording
from ticketing.service import chat
from ticketing.service.channels import ChannelRef, Incoming, IncomingKind
from ticketing.service.chat import Received, ShownMessage
from ticketing.service.ports import Chance, House
from ticketing.store.unit import Store
from ticketing.worker import Worker

CHANNEL = ChannelRef("webchat", "main")
_events = count(1)


class LockedChance:
    """Seeded chance for several threads: no two draw the same."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._lock = threading.Lock()

    def draw(self, size: int) -> bytes:
        """The next bytes."""
        with self._lock:
            return self._chance.draw(size)


@dataclass
class Visitor:
    """One browser."""

    store: Store
    house: House
    address: bytes = b"visitor-1"
    last: int = 0

    def event(self, **changes: object) -> Incoming:
        """An event of this visitor with an id of its own."""
        plain = Incoming(
            address=self.address, external_id=f"e{next(_events)}", kind=IncomingKind.TEXT
        )
        return replace(plain, **changes)  # type: ignore[arg-type]  # any field

    def send(self, event: Incoming, raw: bytes = b"{}") -> Received:
        """Hand an event to the service."""
        with self.store.unit() as unit:
            return chat.receive(unit, self.house, channel=CHANNEL, event=event, raw=raw)

    def start(self, lang: str = "de") -> Received:
        """Open the chat."""
        return self.send(self.event(kind=IncomingKind.START, lang=lang))

    def type(self, text: str) -> Received:
        """Type a text."""
        return self.send(self.event(text=text))

    def tap(self, choice: str) -> Received:
        """Tap a button."""
        return self.send(self.event(kind=IncomingKind.CHOICE, choice=choice))

    def deliver(self) -> int:
        """Let a worker send all there is; how many messages it took."""
        worker = Worker(self.store, self.house, (WebChat(),))
        taken = 0
        while found := worker.run_once():
            taken += found
        return taken

    def page(self, after: int = 0) -> tuple[ShownMessage, ...]:
        """What the page shows."""
        with self.store.unit() as unit:
            return chat.history(unit, address=self.address, channel=CHANNEL, after=after)

    def news(self) -> list[ShownMessage]:
        """What came since the last look, after all is delivered."""
        self.deliver()
        found = list(self.page(self.last))
        self.last = max([self.last, *(message.id for message in found)])
        return found

    def texts(self) -> list[str]:
        """The texts of the answers since the last look."""
        return [message.content.text for message in self.news() if not message.is_own]

    def buttons(self) -> list[str]:
        """The ids of the last buttons."""
        asked = [m.content for m in self.page() if isinstance(m.content, Choices)]
        return [button.id for button in asked[-1].choices]

    def refuse_all(self) -> None:
        """Start, and say no to every question."""
        self.start()
        self.type("nein")
        self.type("nein")
        self.news()


def spoken(house: House) -> House:
    """The house with the real wording, for several threads."""
    return replace(house, wording=FileWording(), chance=LockedChance(house.chance))
