"""The station's file of knowledge: pages, two editions, a damaged file, a full disk."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.knowledge import FILE_NAME, Knowledge, Position
from scanner.memory import Contained
from tests.scanner.station_kit import BERLIN, NOON, RING
from tests.scanner.telling import EPOCH, a_page, a_row, an_offer, closed_on, ticket_id
from tests.scanner.test_memory import an_entry
from ticketing.wire.facts import OfferRule
from ticketing.wire.verdict import TicketState
from ticketing.wire.window import local_day


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    """Where the file lies."""
    return tmp_path / FILE_NAME


@pytest.fixture(name="knowledge")
def _knowledge(path: Path) -> Iterator[Knowledge]:
    """A new one."""
    made = Knowledge(path)
    yield made
    made.close()


def test_a_new_station_knows_nothing(knowledge: Knowledge) -> None:
    """And says so: it begins with a full load."""
    assert knowledge.find(ticket_id(1)) is None
    assert knowledge.position is None
    assert knowledge.house() is None


def test_a_row_comes_back_as_it_was_told(knowledge: Knowledge) -> None:
    """Every field of it, times and box as well."""
    row = a_row(
        issue=3,
        state=TicketState.BLOCKED,
        party=4,
        people_today=3,
        uses_total=2,
        uses_today=1,
        last_move_no=7,
        last_in_at=NOON,
        last_in_gate="nord",
        inside=2,
        box=bytes(range(93)),
        first_in_at=NOON - timedelta(minutes=5),
        first_in_gate="sued",
        has_left=True,
    )
    assert knowledge.apply(a_page([row, a_row(2)]))
    assert knowledge.find(row.id) == row
    assert knowledge.find(ticket_id(2)) == a_row(2)
    assert knowledge.find(ticket_id(3)) is None


def test_what_is_told_again_takes_the_place_of_what_was(knowledge: Knowledge) -> None:
    """And what is to be dropped is gone; what is dropped and told stays."""
    knowledge.apply(a_page([a_row(1), a_row(2), a_row(3)]))
    later = replace(a_row(2), state=TicketState.REVOKED)
    dropped = (ticket_id(1), ticket_id(2))
    assert knowledge.apply(a_page([later], cursor="c2", gone=dropped))
    assert knowledge.find(ticket_id(1)) is None
    assert knowledge.find(ticket_id(2)) == later
    assert knowledge.find(ticket_id(3)) is not None


def test_the_cursor_outlives_a_restart(path: Path, knowledge: Knowledge) -> None:
    """Rows, cursor and house are read back."""
    knowledge.apply(a_page([a_row()]))
    knowledge.close()
    again = Knowledge(path)
    assert again.position == Position(EPOCH, "c1")
    assert again.find(ticket_id(1)) == a_row()
    assert again.house() == knowledge.house()
    again.close()


def test_what_a_page_is_behind_makes_the_knowledge_older(knowledge: Knowledge) -> None:
    """A change of that time may not be told yet: it never looks fresher than it is."""
    knowledge.apply(a_page(behind_ms=2_000), at=NOON)
    house = knowledge.house()
    assert house is not None
    assert house.fetched_at == NOON - timedelta(seconds=2)


def test_the_house_is_told(knowledge: Knowledge) -> None:
    """Keys, offers by number, settings, age, window."""
    rule = OfferRule(reentry=True, per_day=2, gates=frozenset({"nord"}), pay_at_desk=True)
    page = a_page(offers=(an_offer(7, rule, calendar=True),), acked=12)
    fetched_at = NOON + timedelta(seconds=3)
    knowledge.apply(page, at=fetched_at)
    house = knowledge.house()
    assert house is not None
    assert (house.ring, house.acked, house.fetched_at) == (RING, 12, fetched_at)
    assert (house.offers[7].rule, house.offers[7].calendar) == (rule, True)
    assert (house.window_from, house.window_until) == (page.window_from, page.window_until)


def test_the_calendar_closes_what_is_bound_to_it(knowledge: Knowledge) -> None:
    """Other offers stay open, and so does a day that was not told."""
    settings = closed_on(local_day(NOON, BERLIN))
    knowledge.apply(a_page(offers=(an_offer(7, calendar=True), an_offer(8)), settings=settings))
    house = knowledge.house()
    assert house is not None
    assert house.is_closed(7, NOON, BERLIN)
    assert not house.is_closed(8, NOON, BERLIN)
    assert not house.is_closed(9, NOON, BERLIN)
    assert not house.is_closed(7, NOON + timedelta(days=1), BERLIN)


# ------------------------------------------------------------ two editions
def test_a_load_is_known_only_when_it_is_complete(knowledge: Knowledge) -> None:
    """Half of a first load answers nothing, and goes on where it was."""
    knowledge.apply(a_page([a_row(1)], more=True, acked=None))
    assert knowledge.find(ticket_id(1)) is None
    assert knowledge.position == Position(EPOCH, "c1")
    knowledge.apply(a_page([a_row(2)], cursor="c2"))
    assert knowledge.find(ticket_id(1)) == a_row(1)


def test_a_half_load_goes_on_after_a_restart(path: Path, knowledge: Knowledge) -> None:
    """The cursor of its last page is in the file."""
    knowledge.apply(a_page([a_row(1)], more=True, acked=None))
    knowledge.close()
    again = Knowledge(path)
    assert again.position == Position(EPOCH, "c1")
    again.apply(a_page([a_row(2)], cursor="c2"))
    assert again.find(ticket_id(1)) == a_row(1)
    again.close()


def test_the_old_edition_serves_while_all_is_loaded_anew(knowledge: Knowledge) -> None:
    """Then it is gone at once, with whatever is not in the new one."""
    knowledge.apply(a_page([a_row(1), a_row(2)]))
    knowledge.begin_again()
    assert knowledge.position is None
    knowledge.apply(a_page([a_row(2, issue=1)], more=True, acked=None))
    assert knowledge.find(ticket_id(1)) == a_row(1)
    assert knowledge.find(ticket_id(2)) == a_row(2)
    knowledge.apply(a_page([a_row(3)], cursor="c2"))
    assert knowledge.find(ticket_id(1)) is None
    assert knowledge.find(ticket_id(2)) == a_row(2, issue=1)
    assert knowledge.position == Position(EPOCH, "c2")


def test_beginning_twice_leaves_nothing_of_the_first(knowledge: Knowledge) -> None:
    """The gate moved while everything was being loaded."""
    knowledge.apply(a_page([a_row(1)]))
    for number in (2, 3):
        knowledge.begin_again()
        knowledge.apply(a_page([a_row(number)], more=True, acked=None))
    knowledge.apply(a_page(cursor="c2"))
    assert [knowledge.find(ticket_id(n)) is not None for n in (1, 2, 3)] == [False, False, True]


def test_a_page_of_another_epoch_is_not_taken_into_the_old_rows(knowledge: Knowledge) -> None:
    """The service was restored: everything is loaded anew, the old edition serves."""
    knowledge.apply(a_page([a_row(1)]))
    assert not knowledge.apply(a_page([a_row(2)], epoch="f" * 16))
    assert knowledge.position is None
    assert knowledge.find(ticket_id(1)) is not None
    assert knowledge.find(ticket_id(2)) is None


def test_what_has_ended_is_forgotten_when_the_window_moves(knowledge: Knowledge) -> None:
    """Nobody has to say so."""
    old = replace(a_row(1), not_after=NOON - timedelta(hours=1))
    knowledge.apply(a_page([old, a_row(2)]))
    knowledge.apply(a_page(cursor="c2", window_from=NOON))
    assert knowledge.find(ticket_id(1)) is None
    assert knowledge.find(ticket_id(2)) is not None


# ------------------------------------------------------------ what the rows contain
def test_the_rows_contain_what_the_service_acknowledges(knowledge: Knowledge) -> None:
    """Offline entries that were uploaded, and what the service decided before the question."""
    knowledge.apply(a_page([a_row()], acked=5), online_until=9)
    contained = knowledge.look_up(ticket_id(1)).contained
    assert contained == Contained(acked=5, online_from=0, online_until=9)
    held = [n for n in range(1, 12) if contained.holds(an_entry(n, is_online=False))]
    assert held == [1, 2, 3, 4, 5]
    held = [n for n in range(1, 12) if contained.holds(an_entry(n, is_online=True))]
    assert held == list(range(1, 10))


def test_a_page_in_between_says_nothing_about_that(knowledge: Knowledge) -> None:
    """Not everything has been told yet; the same when the service cannot tell."""
    knowledge.apply(a_page([a_row()], acked=5), online_until=9)
    knowledge.apply(a_page(cursor="c2", more=True, acked=None), online_until=20)
    knowledge.apply(a_page(cursor="c3", acked=None), online_until=21)
    assert knowledge.look_up(ticket_id(1)).contained == Contained(5, 0, 9)
    knowledge.apply(a_page(cursor="c4", acked=18), online_until=22)
    assert knowledge.look_up(ticket_id(1)).contained == Contained(18, 0, 22)


def test_a_page_that_is_behind_contains_what_was_uploaded_and_not_what_was_decided(
    knowledge: Knowledge,
) -> None:
    """The service decided online while it was asked: that may not be in the rows yet."""
    knowledge.apply(a_page([a_row()], acked=5), online_until=9)
    knowledge.apply(a_page(cursor="c2", acked=14, behind_ms=1), online_until=20)
    contained = knowledge.look_up(ticket_id(1)).contained
    assert contained == Contained(acked=14, online_from=0, online_until=9)
    assert contained.holds(an_entry(14, is_online=True))
    assert not contained.holds(an_entry(15, is_online=True))
    knowledge.apply(a_page(cursor="c3", acked=20), online_until=21)
    assert knowledge.look_up(ticket_id(1)).contained == Contained(20, 0, 21)


def test_what_is_held_behind_a_gap_is_kept_until_it_is_told_anew(path: Path) -> None:
    """Over a new start too; a page in between says nothing, a restored service begins anew."""
    knowledge = Knowledge(path)
    runs = ((7, 9), (12, 12))
    knowledge.apply(a_page([a_row()], acked=5, held=runs), online_until=9)
    knowledge.apply(a_page(cursor="c2", acked=None), online_until=21)
    knowledge.close()
    knowledge = Knowledge(path)
    assert knowledge.look_up(ticket_id(1)).contained == Contained(5, 0, 9, runs)
    knowledge.begin_again()
    knowledge.apply(a_page([a_row()], epoch="f" * 16, acked=None), online_until=9)
    assert knowledge.look_up(ticket_id(1)).contained.held == ()
    knowledge.close()


def test_a_file_of_an_older_station_is_used_on(path: Path) -> None:
    """It lacks what is held behind a gap; the tickets are known all the same."""
    knowledge = Knowledge(path)
    knowledge.apply(a_page([a_row()], acked=5), online_until=9)
    knowledge._writer.execute("ALTER TABLE edition DROP COLUMN held")
    knowledge.close()
    knowledge = Knowledge(path)
    assert knowledge.look_up(ticket_id(1)).contained == Contained(5, 0, 9)
    assert knowledge.find(ticket_id(1)) == a_row()
    knowledge.close()


def test_a_restored_service_contains_only_what_is_uploaded_again(knowledge: Knowledge) -> None:
    """It has lost what it decided itself after its backup."""
    knowledge.apply(a_page([a_row()], acked=5), online_until=9)
    knowledge.begin_again()
    knowledge.apply(a_page([a_row()], epoch="f" * 16, acked=2), online_until=9)
    contained = knowledge.look_up(ticket_id(1)).contained
    assert not contained.holds(an_entry(7, is_online=True))
    assert contained.holds(an_entry(2, is_online=True))
    knowledge.apply(a_page(epoch="f" * 16, cursor="c2", acked=2), online_until=12)
    contained = knowledge.look_up(ticket_id(1)).contained
    assert [n for n in range(1, 14) if contained.holds(an_entry(n, is_online=True))] == [
        *(1, 2),
        *(10, 11, 12),
    ]


def test_a_new_edition_of_the_same_database_contains_what_the_old_one_did(
    knowledge: Knowledge,
) -> None:
    """Even if its last page cannot say more."""
    knowledge.apply(a_page([a_row()], acked=5), online_until=9)
    knowledge.begin_again()
    knowledge.apply(a_page([a_row()], more=True, acked=None), online_until=11)
    knowledge.apply(a_page(cursor="c2", acked=None), online_until=11)
    assert knowledge.look_up(ticket_id(1)).contained == Contained(5, 0, 9)


# ------------------------------------------------------------ faults
@pytest.mark.parametrize("rubbish", [b"", b"no database at all" * 1000, b"SQLite format 3\0"])
def test_a_damaged_file_is_moved_aside_and_begun_again(path: Path, rubbish: bytes) -> None:
    """Never a reason to stop a gate."""
    path.write_bytes(rubbish)
    knowledge = Knowledge(path)
    assert knowledge.position is None
    assert knowledge.apply(a_page([a_row()]))
    assert knowledge.find(ticket_id(1)) == a_row()
    knowledge.close()
    aside = path.with_name(path.name + ".damaged")
    assert not rubbish or aside.read_bytes() == rubbish


def test_a_file_of_another_kind_is_moved_aside(path: Path) -> None:
    """A database, but not this one."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE edition (something TEXT)")
        other.execute("INSERT INTO edition VALUES ('else')")
    other.close()
    knowledge = Knowledge(path)
    assert knowledge.position is None
    assert knowledge.apply(a_page([a_row()]))
    knowledge.close()


def test_a_file_of_a_later_release_is_moved_aside(path: Path) -> None:
    """After going back to an older program everything is asked for again."""
    later = Knowledge(path)
    later.apply(a_page([a_row()]))
    later._writer.execute("PRAGMA user_version = 99")
    later.close()
    knowledge = Knowledge(path)
    assert knowledge.position is None
    knowledge.close()


@pytest.mark.parametrize("facts", ["", "{}", "[1]", '{"keys": 1}', "{" * 20])
def test_a_house_that_cannot_be_read_is_asked_for_again(path: Path, facts: str) -> None:
    """With everything else."""
    knowledge = Knowledge(path)
    knowledge.apply(a_page([a_row()]))
    knowledge._writer.execute("UPDATE house SET facts = ?", (facts,))
    knowledge.close()
    again = Knowledge(path)
    assert again.position is None
    assert again.house() is None
    again.close()


def test_damage_while_it_runs_costs_the_rows_and_nothing_else(
    path: Path, knowledge: Knowledge
) -> None:
    """The gate goes on by its own moves; the line begins anew."""
    knowledge.apply(a_page([a_row(n) for n in range(1, 2000)]))
    knowledge._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    knowledge._reader.execute("PRAGMA shrink_memory").fetchall()
    assert [knowledge.find(ticket_id(n)) for n in range(1, 2000, 50)] == [None] * 40
    assert knowledge.position is None
    assert knowledge.apply(a_page([a_row(1)]))
    assert knowledge.find(ticket_id(1)) == a_row(1)
    assert path.with_name(path.name + ".damaged").exists()


def test_a_full_disk_keeps_what_was_known(path: Path, knowledge: Knowledge) -> None:
    """The page is not taken, its cursor neither; later it is."""
    knowledge.apply(a_page([a_row(1)]))
    (pages,) = knowledge._writer.execute("PRAGMA page_count").fetchone()
    knowledge._writer.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    many = a_page([a_row(n) for n in range(2, 3000)], cursor="c2")
    assert not knowledge.apply(many)
    assert knowledge.position == Position(EPOCH, "c1")
    assert knowledge.find(ticket_id(1)) == a_row(1)
    knowledge._writer.execute("PRAGMA max_page_count = 1000000").fetchall()
    assert knowledge.apply(many)
    assert not path.with_name(path.name + ".damaged").exists()


def test_without_any_place_for_a_file_it_is_kept_in_memory(tmp_path: Path) -> None:
    """A folder stands where the file would lie."""
    path = tmp_path / FILE_NAME
    (path / "in the way").mkdir(parents=True)
    (path.with_name(path.name + ".damaged") / "too").mkdir(parents=True)
    knowledge = Knowledge(path)
    assert knowledge.apply(a_page([a_row()]))
    assert knowledge.find(ticket_id(1)) == a_row()
    knowledge.close()


def test_offers_that_are_none_are_not_taken(knowledge: Knowledge) -> None:
    """A page one cannot read changes nothing."""
    assert not knowledge.apply(a_page([a_row()], offers=({"number": "seven"},)))
    assert knowledge.position is None


def test_the_gate_is_answered_while_pages_are_applied(knowledge: Knowledge) -> None:
    """Rows and what they contain belong to one moment: entry n is in row or n is not held."""
    knowledge.apply(a_page([a_row(uses_total=0)], acked=0))
    stop, wrong = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            found = knowledge.look_up(ticket_id(1))
            if found.known is None or found.known.uses_total != found.contained.acked:
                wrong.append(found)

    asking = threading.Thread(target=ask)
    asking.start()
    for n in range(1, 100):
        rows = [a_row(uses_total=n), *(a_row(other) for other in range(2, 50))]
        assert knowledge.apply(a_page(rows, cursor=f"c{n}", acked=n))
    stop.set()
    asking.join()
    assert wrong == []
