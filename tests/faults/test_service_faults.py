"""A real service, real faults: a clear answer, nothing lost, nothing twice."""

import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.factories import a_scan_id
from tests.faults.disk import full_for
from tests.faults.processes import Museum, Said, locked_by_another
from tests.faults.proxy import Proxy, Way
from ticketing.store import schema

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("faults")]
BROKEN = (OSError, http.client.HTTPException)
KILLS = 2


@pytest.fixture(
    name="engine", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def _engine(request: pytest.FixtureRequest) -> str:
    """Both engines; a test about one alone says so."""
    return str(request.param)


@pytest.fixture(name="museum")
def _museum(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Museum]:
    settings = {}
    if engine == "postgres":
        settings["database_url"] = str(request.getfixturevalue("store_url"))
    with Museum(tmp_path / "home", **settings) as museum:
        museum.service.start()
        yield museum


on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def inside(museum: Museum) -> tuple[int, int, int]:
    """Scans, entries, and people inside, as they are stored."""
    with museum.opened() as app, app.store.unit() as unit:
        scans, moves = (
            int(unit.run(select(func.count()).select_from(table)).scalar_one())
            for table in (schema.scans, schema.moves)
        )
        c = schema.counters.c
        people = unit.run(select(c.n).where(c.name.like("inside:%"))).scalars().all()
    return scans, moves, sum(people)


def verdicts(*answers: Said) -> list[str]:
    """What they say."""
    return [answer.body["verdict"] for answer in answers]


@on_sqlite
def test_a_full_disk_is_503_and_nothing_is_lost(museum: Museum) -> None:
    """No 500, not ready; with room again every scan of then is admitted once."""
    gate = museum.gate()
    barcodes = museum.tickets(6)
    assert gate.scan(barcodes[0]).status == 201
    ids = [a_scan_id() for _ in barcodes]
    with full_for(museum.service.pid):
        refused = [gate.scan(code, one) for code, one in zip(barcodes[1:], ids, strict=False)]
        assert {answer.status for answer in refused} == {503}
        assert {answer.body["type"] for answer in refused} == {"urn:einlass:problem:unavailable"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", museum.port)) as asked:
            asked.request("GET", "/readyz")
            assert asked.getresponse().status == 503
        assert museum.service.is_running
    again = [gate.scan(code, one) for code, one in zip(barcodes[1:], ids, strict=False)]
    assert [answer.status for answer in again] == [201] * 5
    assert set(verdicts(*again)) == {"admit"}
    assert inside(museum) == (6, 6, 6)
    assert gate.scan(barcodes[1]).body["reason"] == "already_used"


@on_sqlite
def test_a_database_locked_for_ten_seconds_is_waited_for(museum: Museum) -> None:
    """Scans wait or get 503, never 500; meanwhile reading works, afterwards all is well."""
    gate = replace(museum.gate(), timeout_s=40.0)
    barcodes = museum.tickets(4)
    ids = [a_scan_id() for _ in barcodes]
    answers: list[Said] = []

    def scan(number: int) -> None:
        answers.append(gate.scan(barcodes[number], ids[number]))

    threads = [threading.Thread(target=scan, args=(number,)) for number in range(len(ids))]
    with locked_by_another(museum.home / "einlass.sqlite3", seconds=10.0) as released:
        for thread in threads:
            thread.start()
        assert gate.call("GET", f"/scans/{'0' * 32}").status == 404, "reading needs no lock"
        assert not released.is_set()
        for thread in threads:
            thread.join(60)
        assert released.wait(20)
    assert len(answers) == len(ids)
    assert {answer.status for answer in answers} <= {201, 503}
    again = [gate.scan(code, one) for code, one in zip(barcodes, ids, strict=True)]
    assert {answer.status for answer in again} <= {200, 201}
    assert set(verdicts(*again)) == {"admit"}
    assert inside(museum) == (4, 4, 4)


def test_a_killed_service_remembers_every_outcome(museum: Museum) -> None:
    """SIGKILL between scans: a repeat gets what was said, a second scan is refused."""
    gate = museum.gate()
    for barcode in museum.tickets(KILLS):
        scan_id = a_scan_id()
        first = gate.scan(barcode, scan_id)
        assert (first.status, first.body["verdict"]) == (201, "admit")
        museum.service.restart()
        repeat = gate.scan(barcode, scan_id)
        assert (repeat.status, repeat.body) == (200, first.body)
        assert gate.call("GET", f"/scans/{scan_id}").body["reason"] == "ok"
        assert gate.scan(barcode).body["reason"] == "already_used"
    assert inside(museum) == (2 * KILLS, KILLS, KILLS)


def test_a_service_killed_in_the_middle_of_scans_counts_each_once(museum: Museum) -> None:
    """Whatever was answered holds, whatever was not is decided by the repeat."""
    gate = museum.gate()
    barcodes = museum.tickets(60)
    ids = [a_scan_id() for _ in barcodes]
    admitted: set[int] = set()
    killed = threading.Event()

    def scan_all(start: int) -> None:
        for number in range(start, len(ids), 4):
            with contextlib.suppress(*BROKEN):
                if gate.scan(barcodes[number], ids[number]).status == 201:
                    admitted.add(number)
            if len(admitted) > 12 and not killed.is_set():
                killed.set()
                museum.service.kill()

    threads = [threading.Thread(target=scan_all, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert killed.is_set()
    assert len(admitted) < len(ids)
    museum.service.start()
    statuses: Counter[int] = Counter()
    for number, (barcode, scan_id) in enumerate(zip(barcodes, ids, strict=True)):
        answer = gate.scan(barcode, scan_id)
        assert answer.body["verdict"] == "admit"
        assert number not in admitted or answer.status == 200, "what was answered was kept"
        statuses[answer.status] += 1
    assert statuses[200] >= len(admitted)
    assert inside(museum) == (60, 60, 60)


@pytest.mark.parametrize("after_bytes", [0, 1, 17, 200])
def test_an_answer_that_is_cut_off_is_repeated(museum: Museum, after_bytes: int) -> None:
    """The scan was stored; its repeat is 200 with the same outcome and admits nobody twice."""
    gate = museum.gate()
    [barcode] = museum.tickets(1)
    scan_id = a_scan_id()
    with Proxy(museum.port) as wire:
        wire.cut_after(after_bytes, Way.DOWN)
        with pytest.raises(BROKEN):
            gate.at(wire.port).scan(barcode, scan_id)
        wire.pass_on()
        repeat = gate.at(wire.port).scan(barcode, scan_id)
    assert (repeat.status, repeat.body["verdict"], repeat.body["reason"]) == (200, "admit", "ok")
    assert repeat.body == gate.scan(barcode, scan_id).body
    assert inside(museum) == (1, 1, 1)


def test_a_question_that_is_cut_off_did_not_happen(museum: Museum) -> None:
    """Half a request stores nothing; the repeat is the first."""
    gate = museum.gate()
    [barcode] = museum.tickets(1)
    scan_id = a_scan_id()
    with Proxy(museum.port) as wire:
        for after_bytes in (0, 30, 250):
            wire.cut_after(after_bytes, Way.UP)
            with pytest.raises(BROKEN):
                gate.at(wire.port).scan(barcode, scan_id)
        wire.reset()
        with pytest.raises(BROKEN):
            gate.at(wire.port).scan(barcode, scan_id)
    assert inside(museum) == (0, 0, 0)
    assert gate.call("GET", f"/scans/{scan_id}").status == 404
    assert gate.scan(barcode, scan_id).status == 201


def test_a_slow_wire_and_a_black_hole_lose_nothing(museum: Museum) -> None:
    """A late answer is the same answer; a swallowed one is asked for again."""
    gate = museum.gate()
    first, second = museum.tickets(2)
    one, other = a_scan_id(), a_scan_id()
    with Proxy(museum.port) as wire:
        wire.delay(150)
        assert gate.at(wire.port).scan(first, one).status == 201
        wire.drop()
        hasty = replace(gate, port=wire.port, timeout_s=0.3)
        with pytest.raises(TimeoutError):
            hasty.scan(second, other)
    time.sleep(0.2)
    answer = gate.scan(second, other)
    assert (answer.status in {200, 201}, answer.body["verdict"]) == (True, "admit")
    assert inside(museum) == (2, 2, 2)
