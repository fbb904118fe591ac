"""Paired homes and tickets that are good today, for tests with a real clock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from scanner.config import PAIRING_FILE, Pairing, Settings, load_key, make_key, save_pairing
from scanner.station import Station, opener_of
from tests.scanner.service_double import Service, a_pair_answer
from tests.scanner.station_kit import a_ticket


def today_ticket(number: int = 1, **changes: Any) -> str:
    """A day ticket that is good by the real clock."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # noqa: TID251  the station's clock is real here
    window: dict[str, Any] = {
        "not_before": now - timedelta(days=1),
        "not_after": now + timedelta(days=1),
    }
    return a_ticket(number, **(window | changes))


def paired_home(home: Path, server: str) -> Pairing:
    """A home as pairing leaves it."""
    make_key(home, lambda size: bytes(range(size)))
    pairing = Pairing(server, a_pair_answer())
    save_pairing(home, pairing)
    return pairing


@contextmanager
def a_station(
    home: Path, service: Service, *, source: str = "97", paired_at: float | None = None
) -> Iterator[Station]:
    """A whole station that runs; without a word about the source it has no camera."""
    pairing = paired_home(home, service.url)
    if paired_at is not None:
        os.utime(home / PAIRING_FILE, (paired_at, paired_at))
    settings = Settings(port=0, source=source)
    station = Station(home, settings, pairing, load_key(home), version="test")
    stop = Event()
    thread = Thread(target=station.run, args=(opener_of(source), stop))
    thread.start()
    try:
        yield station
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def until(condition: Any, within_s: float = 8.0) -> None:
    """Wait until something is true, or fail."""
    ends_at = monotonic() + within_s
    while not condition():
        assert monotonic() < ends_at, "it did not happen in time"
        sleep(0.02)
