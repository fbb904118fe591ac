"""What goes wrong during the soak, at drawn times: cuts, kills."""

import random
import threading
import time

from benchmarks.soak.town import Town, wait_for


class Trouble(threading.Thread):
    """Cuts the network every minute, kills the service and stations as often as is asked."""

    def __init__(
        self, town: Town, *, seconds: float, kills: int, station_kills: int, seed: int
    ) -> None:
        super().__init__(name="trouble", daemon=True)
        self.cuts = 0
        self._town = town
        self._draw = random.Random(seed)
        events = [(self._draw.uniform(0.03, 0.92) * seconds, "service") for _ in range(kills)]
        events += [
            (self._draw.uniform(0.03, 0.92) * seconds, "station") for _ in range(station_kills)
        ]
        minute = 60.0 if seconds >= 120 else seconds / 4
        at = minute / 2
        while at < seconds:
            events.append((at, "cut"))
            at += minute
        self._events = sorted(events)

    def run(self) -> None:
        """Do them in order."""
        begun = time.monotonic()
        for at, what in self._events:
            time.sleep(max(0.0, begun + at - time.monotonic()))
            getattr(self, f"_{what}")()

    def _service(self) -> None:
        time.sleep(self._draw.uniform(0, 0.05))
        self._town.service.kill()
        if self._draw.random() < 0.3:
            self._town.worker.kill()
        wait_for(f"{self._town.address}/healthz")

    def _station(self) -> None:
        post = self._draw.choice(self._town.posts)
        post.process.kill()

    def _cut(self) -> None:
        """For some seconds half of the stations reach nobody, each in its own way."""
        self.cuts += 1
        ways = ("drop", "refuse", "reset")
        cut = self._draw.sample(self._town.posts, len(self._town.posts) // 2)
        for post in cut:
            getattr(post.proxy, self._draw.choice(ways))()
        threading.Timer(self._draw.uniform(5, 20), self._mend, (cut,)).start()

    @staticmethod
    def _mend(posts: list) -> None:  # type: ignore[type-arg]  # of Post
        for post in posts:
            post.proxy.pass_on()
