"""Annul, overrule, confirm and entry at the same moment, on both engines."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.factories import with_offer, with_tickets
from tests.service.conftest import Entrance
from ticketing.service.errors import Conflict
from ticketing.service.gate.scans import ScanResult
from ticketing.service.tickets import TicketCase
from ticketing.store import moves, scans
from ticketing.wire.admission import MoveKind
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.verdict import Check, Direction, Reason, Verdict

ROUNDS = 25
PROCESSES, THREADS, TICKETS_EACH = 2, 4, 60
ROOT = Path(__file__).resolve().parents[2]
Act = Callable[[], ScanAnswer | ScanResult]
Said = ScanAnswer | ScanResult | str


def at_once(*acts: Act) -> list[Said]:
    """What comes of acts at the same moment: an answer, or the reason of a conflict."""
    barrier = threading.Barrier(len(acts))

    def one(act: Act) -> Said:
        barrier.wait(30)
        try:
            return act()
        except Conflict as conflict:
            assert conflict.reason != "busy"  # noqa: PT017  nobody has to ask again
            return conflict.reason

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def reasons_at_once(*acts: Act) -> tuple[str, ...]:
    """The reasons of what comes of acts at the same moment."""
    said = at_once(*acts)
    answers = [one.answer if isinstance(one, ScanResult) else one for one in said]
    return tuple(one if isinstance(one, str) else one.reason for one in answers)


def inside_by_moves(entrance: Entrance, cases: Sequence[TicketCase]) -> int:
    """People inside, added up from the moves that count."""
    kinds = Counter[MoveKind]()
    for case in cases:
        with entrance.store.unit() as unit:
            written = moves.of_ticket(unit, case.ticket.id)
        annulled = {move.scan_id for move in written if move.kind is MoveKind.ANNUL}
        kinds.update(move.kind for move in written if move.scan_id not in annulled)
    return kinds[MoveKind.ENTRY] + kinds[MoveKind.REENTRY] - kinds[MoveKind.EXIT]


def test_two_annuls_at_once_take_people_out_once(entrance: Entrance) -> None:
    """Both get the same answer, one move is written."""
    for case in with_tickets(entrance.store, entrance.house, ROUNDS):
        admitted = entrance.scan(case.barcode)
        answers = at_once(*[partial(entrance.annul, admitted.scan_id)] * 4)
        assert all(answer == answers[0] for answer in answers)
        assert entrance.moves(case) == [(MoveKind.ENTRY, 1), (MoveKind.ANNUL, 1)]
        assert entrance.inside() == 0


def test_an_annul_of_an_exit_against_a_reentry(entrance: Entrance) -> None:
    """Either the exit is taken back and nobody comes in, or somebody does and it stays."""
    with_offer(entrance.store, entrance.house, slug="again", number=8, reentry=True)
    cases = with_tickets(entrance.store, entrance.house, ROUNDS, offer="again")
    for case in cases:
        entrance.scan(case.barcode)
        left = entrance.scan(case.barcode, direction=Direction.EXIT)
        taken, back = reasons_at_once(
            partial(entrance.annul, left.scan_id),
            partial(entrance.scan, case.barcode),
        )
        assert (taken, back) in {
            (Reason.ANNULLED, Reason.STILL_INSIDE),
            ("has_later_moves", Reason.OK_REENTRY),
        }
    assert entrance.inside() == inside_by_moves(entrance, cases) == ROUNDS


def test_an_annul_of_an_entry_against_an_entry_at_another_gate(entrance: Entrance) -> None:
    """The one use is there once: before the annul it is used, after it it is good."""
    cases = with_tickets(entrance.store, entrance.house, ROUNDS)
    for case in cases:
        first = entrance.scan(case.barcode)
        taken, second = reasons_at_once(
            partial(entrance.annul, first.scan_id),
            partial(entrance.scan, case.barcode),
        )
        assert taken is Reason.ANNULLED
        assert second in {Reason.OK, Reason.ALREADY_USED}
    assert entrance.inside() == inside_by_moves(entrance, cases) <= ROUNDS


def test_an_annul_against_its_own_scan(entrance: Entrance) -> None:
    """The answer got lost and the retry meets the annul: whoever is first, nobody is inside."""
    cases = with_tickets(entrance.store, entrance.house, ROUNDS)
    for case in cases:
        request = entrance.request(case.barcode)
        taken, _ = reasons_at_once(
            partial(entrance.annul, request.scan_id),
            partial(entrance.send, request),
        )
        assert taken is Reason.ANNULLED
        assert entrance.get(request.scan_id).reason is Reason.ANNULLED
    assert entrance.inside() == inside_by_moves(entrance, cases) == 0


def test_an_override_against_an_entry_at_another_gate(entrance: Entrance) -> None:
    """Refused at the wrong gate and overruled there, scanned at the right one: one use."""
    with_offer(entrance.store, entrance.house, slug="north", number=8, gates=("nord",))
    cases = with_tickets(entrance.store, entrance.house, ROUNDS, offer="north")
    for case in cases:
        refused = entrance.scan(case.barcode)
        overruled, entered = reasons_at_once(
            partial(entrance.overrule, refused.scan_id),
            partial(entrance.scan, case.barcode, gate="nord"),
        )
        assert overruled is Reason.OK_OVERRIDE
        assert entered in {Reason.OK, Reason.ALREADY_USED}
        assert entrance.moves(case) == [(MoveKind.ENTRY, 1)]
        # the supervisor's word counts people without a use if the use was gone
        assert entrance.get(refused.scan_id).remaining.uses == 0
    assert ROUNDS <= entrance.inside() <= 2 * ROUNDS


def test_two_overrides_at_once_let_in_once(entrance: Entrance) -> None:
    """A supervisor who pressed twice: the same answer, one more inside."""
    for number, case in enumerate(with_tickets(entrance.store, entrance.house, ROUNDS), 1):
        entrance.scan(case.barcode)
        refused = entrance.scan(case.barcode)
        answers = at_once(*[partial(entrance.overrule, refused.scan_id)] * 3)
        assert all(answer == answers[0] for answer in answers)
        assert entrance.inside() == 2 * number


def test_an_override_against_an_annul_of_the_use_in_its_way(entrance: Entrance) -> None:
    """With the use free again it is a plain admit, otherwise an overruled one; never both."""
    cases = with_tickets(entrance.store, entrance.house, ROUNDS)
    for case in cases:
        first = entrance.scan(case.barcode)
        refused = entrance.scan(case.barcode)
        taken, let_in = reasons_at_once(
            partial(entrance.annul, first.scan_id),
            partial(entrance.overrule, refused.scan_id),
        )
        assert taken is Reason.ANNULLED
        assert let_in in {Reason.OK, Reason.OK_OVERRIDE}
    assert entrance.inside() == ROUNDS


def test_a_confirm_sent_twice_at_once_lets_in_once(entrance: Entrance) -> None:
    """Both get the same admit."""
    with_offer(entrance.store, entrance.house, slug="proof", number=8, proof=True)
    cases = with_tickets(entrance.store, entrance.house, ROUNDS, offer="proof")
    for number, case in enumerate(cases, 1):
        asked = entrance.scan(case.barcode)
        answers = at_once(*[partial(entrance.confirm, asked.scan_id, Check.PROOF)] * 4)
        assert all(answer == answers[0] for answer in answers)
        assert entrance.moves(case) == [(MoveKind.ENTRY, 1)]
        assert entrance.inside() == number


def test_a_confirm_against_a_decline_is_one_of_them(entrance: Entrance) -> None:
    """Whoever is second is told `already_resolved`."""
    with_offer(entrance.store, entrance.house, slug="proof", number=8, proof=True)
    cases = with_tickets(entrance.store, entrance.house, ROUNDS, offer="proof")
    for case in cases:
        asked = entrance.scan(case.barcode)
        said = reasons_at_once(
            partial(entrance.confirm, asked.scan_id, Check.PROOF),
            partial(entrance.decline, asked.scan_id),
        )
        assert said in {
            (Reason.OK, "already_resolved"),
            ("already_resolved", Reason.DECLINED),
        }
    assert entrance.inside() == inside_by_moves(entrance, cases)


@pytest.mark.only("sqlite")
@pytest.mark.timeout(120)
def test_two_processes_with_four_clients_each_see_no_error(
    entrance: Entrance, keys: Path, store_url: str, tmp_path: Path
) -> None:
    """Peers 11: different tickets on one SQLite file; every one is admitted."""
    cases = with_tickets(entrance.store, entrance.house, PROCESSES * THREADS * TICKETS_EACH)
    started = []
    for number in range(PROCESSES):
        barcodes = tmp_path / f"barcodes-{number}"
        barcodes.write_text("\n".join(case.barcode for case in cases[number::PROCESSES]))
        started.append(_start(store_url, str(keys), str(barcodes)))
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=100)[0] for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES
    assert [one.split() for one in said] == [["ok"] * THREADS * TICKETS_EACH] * PROCESSES
    assert entrance.inside() == len(cases)
    with entrance.store.unit() as unit:
        [tally] = scans.tallies(unit, since=entrance.clock.now())
    assert (tally.verdict, tally.scans) == (Verdict.ADMIT, len(cases))


def _start(*arguments: str) -> "subprocess.Popen[str]":
    """A process with four clients that waits for the word to go."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.service.gate_clients", *arguments, str(THREADS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
