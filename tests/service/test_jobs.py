"""Long work that is left behind: done once, told while it goes, its file in parts."""

import io
import threading
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO

import pytest

from tests.fakes import FrozenClock
from ticketing.clerk import Clerk
from ticketing.domain.codes import Effect, EffectKind
from ticketing.domain.jobs import KEPT, PART_BYTES, Job, JobKind, JobState
from ticketing.edge.press import Press
from ticketing.edge.sheets import Sheets
from ticketing.service import code_batches, code_exports, jobs
from ticketing.service.code_exports import Exporter, ExportWords, Format
from ticketing.service.errors import NotFound
from ticketing.service.jobs import Craft, Doer, NewJob, Tell
from ticketing.service.ports import House
from ticketing.store.unit import Store


def begin(store: Store, house: House) -> Job:
    """A job about nothing."""
    wanted = NewJob(kind=JobKind.EXPORT, about="b", total=10)
    with store.unit() as unit:
        return jobs.begin_job(unit, house, wanted=wanted)


def now_of(store: Store, job: Job) -> Job:
    """How a job stands."""
    with store.unit() as unit:
        return jobs.get_job(unit, job=job.id, kind=JobKind.EXPORT)


def a_doer(store: Store, house: House, craft: Craft) -> Doer:
    """Somebody who does exports."""
    return Doer(store, house, {JobKind.EXPORT: craft})


def test_a_job_is_done_once_and_its_file_is_read_in_parts(store: Store, house: House) -> None:
    """However long the file is."""
    content = b"0123456789" * (PART_BYTES // 5)

    def craft(job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        del job, tell
        into.write(content)
        return {"name": "x"}

    job = begin(store, house)
    assert job.is_under_way
    doer = a_doer(store, house, craft)
    assert doer.look()
    assert not doer.look()
    done = now_of(store, job)
    assert (done.state, done.done, done.result["size"]) == (JobState.DONE, 10, len(content))
    pieces = list(jobs.file_of(store, done))
    assert b"".join(pieces) == content
    assert {len(piece) for piece in pieces[:-1]} == {PART_BYTES}
    assert not done.is_under_way


def test_a_broken_job_fails_and_the_next_is_done(store: Store, house: House) -> None:
    """Nobody sees why, but that it failed."""

    def craft(job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        del into, tell
        if job.id == first.id:
            raise RuntimeError("a name")
        return {}

    first, second = begin(store, house), begin(store, house)
    doer = a_doer(store, house, craft)
    assert [doer.look(), doer.look(), doer.look()] == [True, True, False]
    assert now_of(store, first).result == {"problem": "broken"}
    assert now_of(store, second).state is JobState.DONE


def test_how_far_it_is_can_be_seen_meanwhile(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """Not more often than somebody looks."""
    seen: list[int] = []

    def craft(job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        del into
        for step in range(1, 4):
            tell(step)
            clock.tick(seconds=1)
            tell(step)
            seen.append(now_of(store, job).done)
        return {}

    a_doer(store, house, craft).look()
    assert seen == []
    begin(store, house)
    a_doer(store, house, craft).look()
    assert seen == [1, 2, 3]


def test_a_job_of_somebody_who_died_is_done_by_another(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """After half a minute; the one who comes back late may not end it."""
    tries: list[int] = []

    def dies(job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        del job
        into.write(b"half")
        tries.append(1)
        if len(tries) == 1:
            clock.tick(minutes=1)
            a_doer(store, house, dies).look()
            tell(5)
        return {"by": len(tries)}

    job = begin(store, house)
    a_doer(store, house, dies).look()
    assert now_of(store, job).result["by"] == 2


def test_what_kills_everybody_is_given_up(store: Store, house: House, clock: FrozenClock) -> None:
    """After five that died with it."""

    def dies(job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        del job, into, tell
        raise KeyboardInterrupt

    job = begin(store, house)
    for _ in range(jobs.TRIES):
        with pytest.raises(KeyboardInterrupt):
            a_doer(store, house, dies).look()
        clock.tick(minutes=1)
    assert a_doer(store, house, dies).look()
    assert now_of(store, job).result == {"problem": "given_up"}


def test_a_clerk_that_stops_leaves_its_job_to_the_next(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """At once, not after its lease."""
    doers: list[Doer] = []

    def craft(job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        del job, into
        doers[0].stop()
        clock.tick(seconds=1)
        tell(1)
        raise AssertionError("it went on")

    job = begin(store, house)
    doers.append(a_doer(store, house, craft))
    assert doers[0].look()
    assert now_of(store, job).state is JobState.QUEUED
    assert a_doer(store, house, lambda _job, _into, _tell: {}).look()
    assert now_of(store, job).state is JobState.DONE


def test_old_jobs_go_with_their_files(store: Store, house: House, clock: FrozenClock) -> None:
    """After a day."""
    job = begin(store, house)
    a_doer(store, house, lambda _job, into, _tell: {"n": into.write(b"x" * 9)}).look()
    clock.tick(hours=23)
    assert jobs.drop_old(store, house) == 0
    clock.at += KEPT + timedelta(seconds=1)
    assert jobs.drop_old(store, house) == 1
    with pytest.raises(NotFound):
        now_of(store, job)


@pytest.mark.parametrize("kind", Format)
def test_codes_are_exported_by_the_clerk(store: Store, house: House, kind: Format) -> None:
    """Every kind of file, whole; a clerk in a thread stops when it is told."""
    wanted = code_batches.NewBatch(
        name="Herbst", prefix="HERBST", count=60, effect=Effect(EffectKind.FREE, 0)
    )
    with store.unit() as unit:
        batch = code_batches.create_batch(unit, house, wanted=wanted)
        job = code_exports.begin_export(
            unit, house, batch=batch, kind=kind, words=ExportWords(worth="frei")
        )
    exporter = Exporter(store, house, sheets=Sheets(), press=Press())
    clerk = Clerk(store, house, {JobKind.EXPORT: exporter})
    assert clerk.run_once() == 1
    done = now_of(store, job)
    assert (done.state, done.result["format"]) == (JobState.DONE, kind.value)
    content = b"".join(jobs.file_of(store, done))
    if kind in {Format.XLSX, Format.ZIP}:
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    elif kind is Format.PDF:
        assert content.startswith(b"%PDF")
    else:
        assert content.count(b"HERBST-") == 60
    ended = threading.Event()
    with clerk.beside(ended):
        pass
    assert ended.is_set()
