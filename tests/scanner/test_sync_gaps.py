"""An entry the service never takes leaves a gap: what stands behind it is not counted twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.config import make_key
from scanner.events import OwnMove
from scanner.journal import FILE_NAME, Journal
from scanner.knowledge import FILE_NAME as KNOWN
from scanner.knowledge import Knowledge
from scanner.link import Link, Server
from scanner.memory import StationMemory
from tests.scanner.service_double import TOKEN, running
from tests.scanner.station_kit import NOON
from tests.scanner.telling import a_row, ticket_id
from tests.scanner.test_sync import Bench, Learner, a_scan, draw
from ticketing.wire.moves import Move, MoveKind
from ticketing.wire.sync_api import KnowledgePage

POISON = 3
"""The entry the service does not take."""
SCANS = range(1, 6)
"""Admits offline, each of the ticket of its number."""


class Learned(Learner):
    """Pages as they are really kept."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.real = Knowledge(path)

    def apply(self, page: KnowledgePage, **when: object) -> bool:
        """In the file too, with a row of every ticket."""
        tickets = tuple(a_row(number) for number in SCANS)
        told = replace(page, tickets=tickets, window_from=NOON)  # or yesterday's tickets go
        return self.real.apply(told, **when) and super().apply(page, **when)  # type: ignore[arg-type]  # handed on

    def begin_again(self) -> None:
        """In the file too."""
        self.real.begin_again()
        super().begin_again()


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    """Five admits offline; the third entry is not to the service's taste."""
    with running() as service:
        key = make_key(tmp_path, draw)
        service.sync.public_key = key.public
        service.sync.poison, service.sync.page_acked = {POISON}, POISON - 1
        journal = Journal(tmp_path / FILE_NAME, key, draw=draw)
        link = Link(Server.of(service.url), TOKEN, timeout_s=5)
        learned = Learned(tmp_path / KNOWN)
        bench = Bench(service, journal, link, learned)
        for number in SCANS:
            entry = a_scan(number, at=bench.at)
            move = Move(1, bytes.fromhex(entry.scan_id), MoveKind.ENTRY, 1, bench.at, "sued")
            journal.append(replace(entry, own=OwnMove(ticket_id(number), 0, move)))
        yield bench
        link.close()
        journal.close()
        learned.real.close()


def counted(bench: Bench) -> list[int]:
    """The tickets of which the station counts a move of its own beside the service's row."""
    assert isinstance(bench.knowledge, Learned)
    memory = StationMemory(bench.knowledge.real, bench.journal)
    return [number for number in SCANS if memory.recall(ticket_id(number)).own]


@pytest.mark.parametrize("status", [400, 422, 500])
def test_what_the_service_has_behind_a_gap_is_in_the_row(bench: Bench, status: int) -> None:
    """Whoever came in then is not refused for it; what the service lacks still counts."""
    bench.service.sync.poison_status = status
    bench.sync.round()
    assert bench.journal.acked == POISON - 1
    assert counted(bench) == [POISON]


def test_a_service_that_does_not_say_what_it_has_is_not_believed_to(bench: Bench) -> None:
    """An older one: all behind the gap counts, as before."""
    bench.service.sync.change = lambda page: replace(page, held=())
    bench.sync.round()
    assert counted(bench) == [3, 4, 5]


def test_old_bodies_behind_a_gap_go_too(bench: Bench) -> None:
    """The service has them; the entry it never took stays whole."""
    bench.sync.round()
    held = bench.knowledge.pages[-1].held
    assert bench.journal.drop(bench.at + timedelta(days=15), held) >= len(SCANS) - 1
    bodies = {line["n"]: line["body"] for line in map(json.loads, bench.journal.lines())}
    assert [n for n in SCANS if bodies[n]] == [POISON]


def test_what_a_restored_service_lost_behind_a_gap_is_sent_again(bench: Bench) -> None:
    """That it is acknowledged no less than before says nothing; until then it counts."""
    bench.sync.round()
    for n in [n for n in bench.service.sync.hashes if n > 4]:
        del bench.service.sync.hashes[n], bench.service.sync.bodies[n]
    bench.service.sync.epoch = "e2"
    bench.sync.round()
    assert counted(bench) == [3, 5]
    bench.sync.round()
    assert 5 in bench.service.sync.bodies
    assert counted(bench) == [3]
