"""Lists of codes are brought in: looked through, stored once, gone on with, never undone."""

import contextlib
import io
import threading
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete

from tests.fakes import FrozenClock
from tests.service.coding import EDITOR, Shop
from ticketing.clerk import Clerk
from ticketing.domain.code_texts import CodeBits, text_of
from ticketing.domain.codes import BatchState, Effect, EffectKind
from ticketing.domain.jobs import PART_BYTES, Job, JobKind, JobState
from ticketing.domain.tables import BadTable, Encoding
from ticketing.service import audit, code_batches, code_imports, import_codes, import_reading, jobs
from ticketing.service.audit import Action
from ticketing.service.audit import Wanted as Sought
from ticketing.service.code_imports import CodeList, Importer, ImportWords, Wanted
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.jobs import Doer, Overtaken
from ticketing.service.ports import House
from ticketing.store import code_batches as batch_rows
from ticketing.store import code_imports as import_rows
from ticketing.store import codes as code_rows
from ticketing.store import schema
from ticketing.store.unit import Store, Unit

STEP = (1 << 50) // 997
STORED = Wanted(is_stored=True, skip_faulty=True)
HEADING = "code;batch;percent;max_uses"
VISITOR = b"v" * 16


@pytest.fixture
def shop(store: Store, house: House, clock: FrozenClock) -> Shop:
    """Somebody who brings codes in."""
    return Shop(store, house, clock)


def text(n: int, prefix: str = "NEU") -> str:
    """The n-th code from elsewhere."""
    return text_of(prefix, n * STEP)


def rows(*numbers: int, more: str = ";Händler;20;") -> list[str]:
    """Lines with codes."""
    return [f"{text(n)}{more}" for n in numbers]


def begun(
    shop: Shop,
    lines: list[str],
    wanted: Wanted = STORED,
    heading: str = HEADING,
    words: ImportWords | None = None,
) -> Job:
    """A list that was sent and is left to a clerk."""
    content = "\r\n".join([heading, *lines]).encode("cp1252")
    pieces = (content[at : at + 100] for at in range(0, len(content), 100))
    return code_imports.bring_in(shop.store, shop.house, pieces=pieces, wanted=wanted, words=words)


def confirmed(shop: Shop, looked_at: Job) -> Job:
    """Its good lines are to be stored."""
    with shop.store.unit() as unit:
        return code_imports.confirm_import(unit, shop.house, upload=looked_at.about)


def now_of(shop: Shop, job: Job) -> Job:
    """How it stands."""
    with shop.store.unit() as unit:
        return jobs.get_job(unit, job=job.id, kind=JobKind.IMPORT)


def a_clerk(shop: Shop, house: House | None = None) -> Clerk:
    """Somebody who does imports, for the house itself."""
    house = house or shop.house
    return Clerk(shop.store, house, {JobKind.IMPORT: Importer(shop.store, house)})


def brought(
    shop: Shop, lines: list[str], wanted: Wanted = STORED, heading: str = HEADING
) -> Mapping[str, Any]:
    """What came of a list."""
    job = begun(shop, lines, wanted, heading)
    a_clerk(shop).run_once()
    found = now_of(shop, job)
    assert found.state is JobState.DONE, found
    return found.result


def counts(result: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """New, changed, unchanged, faulty."""
    return result["new"], result["changed"], result["unchanged"], result["faulty"]


def the_batch(shop: Shop, n: int = 0) -> Any:
    """The newest batch."""
    with shop.store.unit() as unit:
        return code_batches.list_batches(unit).items[n]


# ------------------------------------------------------------ what comes in
def test_nothing_is_stored_before_somebody_says_so(shop: Shop) -> None:
    """A preview counts, shows the first lines, and names what would be made."""
    result = brought(shop, [*rows(3, 1, 2), "SUMMER20;;;"], Wanted())
    assert counts(result) == (3, 0, 0, 1)
    assert result["first"] == [
        [2, text(3), "Händler", "new"],
        [3, text(1), "Händler", "new"],
        [4, text(2), "Händler", "new"],
        [5, "", "", "faulty"],
    ]
    assert result["batches"] == [{"id": None, "name": "Händler", "kind": "made", "new": 3}]
    assert result["problems"] == [[5, "code", "not_a_code"]]
    with shop.store.unit() as unit:
        assert code_batches.list_batches(unit).items == ()


def test_codes_come_in_and_are_good(shop: Shop) -> None:
    """In a batch of their own, as their lines say it; whoever sent them is named."""
    shop.offer()
    result = brought(shop, rows(3, 1, 2, more=";Händler;20;2"))
    batch = the_batch(shop)
    assert result["batches"] == [{"id": batch.id, "name": "Händler", "kind": "made", "new": 3}]
    assert (batch.state, batch.count, batch.tally.made) == (BatchState.READY, 3, 3)
    assert (batch.effect, batch.max_uses) == (Effect(EffectKind.PERCENT, 20), 2)
    assert batch.created_by == EDITOR.id
    with shop.store.unit() as unit:
        (made,) = audit.page(unit, wanted=Sought(action=Action.BATCH_CREATED)).items
    assert made.after is not None
    assert (made.after["state"], made.after["count"]) == ("stopped", 0)
    assert sorted(shop.texts(batch)) == sorted(text(n) for n in (1, 2, 3))
    assert shop.redeem(text(1), offer="day").redemption.off_cents == 180


def test_the_same_list_again_changes_nothing(shop: Shop) -> None:
    """However often, and whoever sends it; it is stored once."""
    brought(shop, rows(1, 2))
    again = brought(shop, rows(1, 2))
    assert counts(again) == (0, 0, 2, 0)
    assert again["batches"] == []
    with shop.store.unit() as unit:
        assert len(code_batches.list_batches(unit).items) == 1
    looked_at = begun(shop, rows(3), Wanted())
    first = confirmed(shop, looked_at)
    assert first.id != looked_at.id
    assert confirmed(shop, looked_at).id == first.id
    a_clerk(shop).run_once()
    assert confirmed(shop, looked_at).id == first.id


def test_more_codes_join_their_batch(shop: Shop) -> None:
    """By its name, its id, or as the only one of its prefix."""
    brought(shop, rows(1))
    batch = the_batch(shop)
    for n, name in ((2, "Händler"), (3, batch.id), (4, "")):
        result = brought(shop, rows(n, more=f";{name};;"))
        assert counts(result) == (1, 0, 0, 0)
        assert result["batches"] == [{"id": batch.id, "name": "Händler", "kind": "grown", "new": 1}]
    found = shop.now(batch)
    assert (found.count, found.tally.made) == (4, 4)


def test_a_batch_without_a_name_is_called_like_its_prefix(shop: Shop) -> None:
    """And is found again, also beside others of its prefix."""
    assert counts(brought(shop, rows(1, more=";;20;"))) == (1, 0, 0, 0)
    assert the_batch(shop).name == "NEU"
    brought(shop, rows(2))
    assert counts(brought(shop, rows(3, more=";;20;"))) == (1, 0, 0, 0)
    assert the_batch(shop, 1).count == 2


def test_a_line_changes_its_whole_batch(shop: Shop) -> None:
    """Its lines are changed, other batches are not; the log says what."""
    shop.batch(prefix="OTHER")
    brought(shop, rows(1, 2))
    result = brought(shop, [*rows(1, more=";Händler;30;3"), *rows(5, more=";Händler;;")])
    assert counts(result) == (1, 1, 0, 0)
    assert result["batches_changed"] == 1
    batch = the_batch(shop)
    assert (batch.effect.value, batch.max_uses, batch.count) == (30, 3, 3)
    with shop.store.unit() as unit:
        lines = audit.page(unit, wanted=Sought(action=Action.BATCH_CHANGED)).items
        came = audit.page(unit, wanted=Sought(action=Action.CODES_IMPORTED)).items[0]
    assert lines[0].actor == came.actor == EDITOR
    assert came.after == {
        "lines": 2, "new": 1, "changed": 1, "unchanged": 0, "faulty": 0,
        "batches_made": 0, "batches_changed": 1, "state": "done",
    }  # fmt: skip


def test_one_batch_by_several_names_is_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, id and prefix: counted once, with one room; who contradicts is told."""
    monkeypatch.setattr("ticketing.service.import_batches.MOST", 4)
    brought(shop, rows(1))
    batch = the_batch(shop)
    names = ("Händler", batch.id, "")
    lines = [f"{text(n)};{name};30;" for n, name in enumerate(names, start=2)]
    lines += [f"{text(5)};;;", f"{text(6)};{batch.id};;"]
    result = brought(shop, lines)
    assert counts(result) == (3, 0, 0, 2)
    assert [one[1:] for one in result["problems"]] == [["batch", "batch_full"]] * 2
    assert result["batches"] == [{"id": batch.id, "name": "Händler", "kind": "changed", "new": 3}]
    lines = [f"{text(2)};Händler;40;", f"{text(3)};{batch.id};50;", f"{text(4)};;;"]
    result = brought(shop, lines)
    assert (counts(result), result["batches_changed"]) == ((0, 1, 1, 1), 1)
    assert result["problems"] == [[3, "percent", "differs"]]
    assert shop.now(batch).effect.value == 40


def test_a_new_batch_is_made_once(shop: Shop) -> None:
    """Whether its lines call it like its prefix or do not name it."""
    result = brought(shop, [*rows(1, more=";NEU;20;"), *rows(2, more=";;;2")])
    assert (counts(result), result["batches_made"]) == ((2, 0, 0, 0), 1)
    assert (the_batch(shop).count, the_batch(shop).max_uses) == (2, 2)


def test_offers_in_another_order_are_no_change(shop: Shop) -> None:
    """They mean the same."""
    shop.offer()
    shop.offer(slug="eve", number=2)
    shop.batch(prefix="NEU", offers=("day", "eve"), name="A")
    result = brought(shop, [f"{text(1)};A;eve,day"], heading="code;batch;offers")
    assert (counts(result), result["batches_changed"]) == ((1, 0, 0, 0), 0)


def test_a_code_is_bound_to_its_visitor(shop: Shop) -> None:
    """New or there already, to whatever id a program gave somebody; a dash frees it."""
    heading = "code;percent;visitor"

    def bring(who: str, *numbers: int) -> tuple[int, int, int, int]:
        lines = [f"{text(n)};20;{who}" for n in numbers]
        return counts(brought(shop, lines, heading=heading))

    assert bring(VISITOR.hex(), 1) == (1, 0, 0, 0)
    assert bring(VISITOR.hex(), 1, 2) == (1, 0, 1, 0)
    assert bound(shop) == [VISITOR, VISITOR]
    assert bring("-", 1) == (0, 1, 0, 0)
    assert sorted(map(bool, bound(shop))) == [False, True]


def bound(shop: Shop) -> list[bytes | None]:
    """For whom the codes are."""
    with shop.store.unit() as unit:
        found = code_rows.page(unit, the_batch(shop).number, after=None, limit=100)
    return [one.visitor for one in found]


# ------------------------------------------------------------ what is refused
@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"{text(1)};Händler;30;", ["percent", "batch_redeemed"]),
        (f"{text(1)};Händler;20;1", ["max_uses", "below_used"]),
        (f"{text(9)};Neue;120;", ["percent", "range"]),
        (f"{text(9)};Neue;;", ["line", "no_effect"]),
        (f"{text(9)};cb_0;20;", ["batch", "unknown"]),
        (f"{text(1)};Neue;20;", ["batch", "other_batch"]),
        (f"{text(1, 'OTHER')};;20;", ["code", "taken"]),
        (f"{text(9)};Händler;20;0", ["max_uses", "range"]),
        (f"{text(9, 'ARSCH')};Neue;20;", ["code", "rude"]),
    ],
)
def test_a_line_that_would_break_something_is_told(
    shop: Shop, line: str, problem: list[str]
) -> None:
    """And changes nothing of what was promised."""
    shop.offer()
    brought(shop, rows(1, more=";Händler;20;3"))
    for n in range(2):
        shop.redeem(text(1), f"r{n}", offer="day")
    before = the_batch(shop)
    result = brought(shop, [line])
    assert (counts(result), result["problems"]) == ((0, 0, 0, 1), [[2, *problem]])
    assert shop.now(before) == before


def test_a_list_may_bring_what_is_over_but_nothing_senseless(shop: Shop) -> None:
    """What has become of codes elsewhere comes along; an end that is set to be over does not."""
    heading = "code;Serie;Prozent;Gültig bis;Budget"
    lines = [f"{text(1)};Alt;20;2020-01-01;", f"{text(2)};Neu;20;;0"]
    result = brought(shop, lines, heading=heading, wanted=Wanted(skip_faulty=True))
    assert (counts(result), result["problems"]) == ((1, 0, 0, 1), [[3, "budget", "zero"]])
    result = brought(shop, lines[:1], heading=heading)
    assert counts(result) == (1, 0, 0, 0)
    result = brought(shop, [f"{text(1)};Alt;20;2021-01-01;"], heading=heading)
    assert result["problems"] == [[2, "valid_until", "past"]]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{theirs};Händler;30;", ["batch", "other_batch"]),
        ("{mine};Händler;30;", ["code", "twice"]),
        ("{other};Händler;30;", ["code", "taken"]),
        ("{new};Händler;30;3", ["used", "used_elsewhere"]),
    ],
)
@pytest.mark.parametrize("wanted", [Wanted(), STORED])
def test_a_line_that_is_left_out_changes_no_batch(
    shop: Shop, line: str, problem: list[str], wanted: Wanted
) -> None:
    """Nor does the preview say that it would."""
    brought(shop, [*rows(1), *rows(2, more=";X;20;"), f"{text(3, 'OTHER')};;20;"])
    with shop.store.unit() as unit:
        before = code_batches.list_batches(unit).items
    codes = {"mine": text(1), "theirs": text(2), "other": text(3), "new": text(4)}
    lines = [line.format(**codes)]
    if problem[1] == "twice":
        lines.insert(0, f"{text(1)};;;")
    result = brought(shop, lines, wanted, heading="code;batch;percent;uses")
    assert result["problems"] == [[len(lines) + 1, *problem]]
    assert (result["changed"], result["batches"], result["batches_changed"]) == (0, [], 0)
    with shop.store.unit() as unit:
        assert code_batches.list_batches(unit).items == before


def test_many_batches_change_a_few_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs as much as many codes, and a gate waits for none of their transactions."""
    monkeypatch.setattr(import_codes, "_BATCHES_AT_ONCE", 2)
    lines = [f"{text(n)};Serie {n};{n};" for n in range(1, 6)]
    job = begun(shop, lines)
    sizes: list[int] = []
    put = import_codes.Matching._put

    def counted(self: Any, unit: Unit, judged: Any, standing: Any) -> bool:
        sizes.append(len(judged))
        return put(self, unit, judged, standing)

    monkeypatch.setattr(import_codes.Matching, "_put", counted)
    a_clerk(shop).run_once()
    assert (sizes, counts(now_of(shop, job).result)) == ([2, 2, 1], (5, 0, 0, 0))


def test_one_of_two_batches_must_be_named(shop: Shop) -> None:
    """Nobody knows which is meant; a code that is there stays what it is."""
    codes = [shop.texts(shop.batch(prefix="NEU", name=name)) for name in ("A", "B", "B")]
    lines = [*rows(1, more=";;;"), *rows(2, more=";B;;"), f"{codes[1][0]};;;"]
    result = brought(shop, lines)
    assert counts(result) == (0, 0, 1, 2)
    assert {tuple(one[1:]) for one in result["problems"]} == {("batch", "batch_ambiguous")}


def test_a_batch_that_is_being_made_is_left_alone(shop: Shop) -> None:
    """Its codes come from its maker."""
    with shop.store.unit() as unit:
        wanted = code_batches.NewBatch(
            name="A", prefix="NEU", count=9, effect=Effect(EffectKind.FREE)
        )
        code_batches.begin_batch(unit, shop.house, wanted=wanted)
    result = brought(shop, rows(1, more=";A;;"))
    assert result["problems"] == [[2, "batch", "batch_building"]]


def test_a_batch_can_be_full(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines too many are told, the others come in."""
    monkeypatch.setattr("ticketing.service.import_batches.MOST", 4)
    brought(shop, rows(1, 2))
    result = brought(shop, rows(3, 4, 5, 6))
    assert counts(result) == (2, 0, 0, 2)
    assert {one[2] for one in result["problems"]} == {"batch_full"}


def test_a_code_twice_in_a_list_comes_in_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a chunk ends between the two; the first line counts."""
    monkeypatch.setattr(import_codes, "_FIRST_CHUNK", 1)
    monkeypatch.setattr(import_codes, "CHUNK", 1)
    result = brought(shop, [*rows(1, 2, 1, 1), f"{text(2, 'OTHER')};B;20;"])
    assert counts(result) == (2, 0, 0, 3)
    assert result["problems"] == [
        [4, "code", "twice"],
        [5, "code", "twice"],
        [6, "code", "taken"],
    ]


def test_codes_used_elsewhere_do_not_come_in(shop: Shop) -> None:
    """They would be good again."""
    result = brought(shop, [f"{text(1)};20;1"], heading="code;percent;uses")
    assert result["problems"] == [[2, "used", "used_elsewhere"]]


def test_one_faulty_line_keeps_all_out_unless_it_may_be_skipped(shop: Shop) -> None:
    """All or nothing is what programs get."""
    refused = brought(shop, [*rows(1), "x;;;"], Wanted(is_stored=True))
    assert (refused["is_stored"], counts(refused)) == (False, (1, 0, 0, 1))
    with shop.store.unit() as unit:
        assert code_batches.list_batches(unit).items == ()
    stored = brought(shop, rows(1), Wanted(is_stored=True))
    assert (stored["is_stored"], counts(stored)) == (True, (1, 0, 0, 0))


def test_what_is_no_list_is_not_kept(shop: Shop) -> None:
    """It is told at once, and nothing of it stays."""
    for content in (b"", b"PK\x03\x04", b"name;mail\nx;y\n"):
        with pytest.raises(BadTable):
            code_imports.bring_in(shop.store, shop.house, pieces=[content], wanted=STORED)
    with shop.store.unit() as unit:
        assert jobs.jobs_about(unit, about="", kind=JobKind.UPLOAD) == ()


def test_so_much_is_kept_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of clerks do not count; when some of the lists have gone there is room again."""
    monkeypatch.setattr("ticketing.service.jobs.UPLOADS_BYTES", PART_BYTES + 20)
    brought(shop, ["x;;;"])
    begun(shop, rows(*range(1, 900)) * 12)  # two parts
    with pytest.raises(Conflict, match="uploads_full"):
        begun(shop, rows(1))
    a_clerk(shop).run_once()
    shop.clock.tick(hours=25)
    jobs.drop_old(shop.store, shop.house)
    assert counts(brought(shop, rows(1))) == (0, 0, 1, 0)


def test_a_list_that_breaks_off_is_told_when_it_is_read(shop: Shop) -> None:
    """With the line; nothing is stored."""
    result = brought(shop, [*rows(1), '"open', *rows(2)])
    assert result == {"file": ["open_quote", 3, 0], "is_stored": False}
    with shop.store.unit() as unit:
        assert code_batches.list_batches(unit).items == ()


def test_a_list_that_never_arrived_is_not_brought_in(shop: Shop) -> None:
    """Nor one that there never was; it is not shown among the others."""
    with shop.store.unit() as unit:
        upload = jobs.begin_upload(unit, shop.house)
    for one in (upload.id, "0" * 32):
        with shop.store.unit() as unit, pytest.raises(NotFound):
            code_imports.confirm_import(unit, shop.house, upload=one)
        with shop.store.unit() as unit, pytest.raises(NotFound):
            code_imports.newest_import(unit, upload=one)
    with shop.store.unit() as unit:
        assert jobs.recent_uploads(unit) == ()


def test_a_list_of_which_something_is_gone_is_not_a_shorter_list(shop: Shop) -> None:
    """Its time ran out while it was read: the import fails rather than forgetting lines."""
    job = begun(shop, rows(*range(1, 900)) * 12)
    with shop.store.unit() as unit:
        unit.begin()
        unit.run(delete(schema.job_parts).where(schema.job_parts.c.n > 0))
        unit.commit()
    a_clerk(shop).run_once()
    assert now_of(shop, job).state is JobState.FAILED
    with shop.store.unit() as unit:
        assert code_batches.list_batches(unit).items == ()


def test_a_list_that_is_being_brought_in_is_kept(shop: Shop, clock: FrozenClock) -> None:
    """However old it is; behind its import it goes."""
    looked_at = begun(shop, rows(1), Wanted())
    a_clerk(shop).run_once()
    clock.tick(hours=23)
    job = confirmed(shop, looked_at)
    clock.tick(hours=2)
    assert jobs.drop_old(shop.store, shop.house) == 1  # what was found when it was looked through
    a_clerk(shop).run_once()
    assert counts(now_of(shop, job).result) == (1, 0, 0, 0)
    assert jobs.drop_old(shop.store, shop.house) == 1
    with pytest.raises(NotFound):
        confirmed(shop, looked_at)


# ------------------------------------------------------------ long work
def test_problems_are_a_file_in_the_order_of_the_lines(shop: Shop) -> None:
    """All of them, in the words of whoever asked; the first hundred are told at once."""
    lines = [line for n in range(1, 121) for line in (f"x{n};;;", *rows(1))]
    words = ImportWords(
        lang="de",
        titles={"line": "Zeile"},
        columns={"code": "Code"},
        faults={"twice": "doppelt"},
    )
    job = begun(shop, lines, Wanted(), words=words)
    a_clerk(shop).run_once()
    job = now_of(shop, job)
    assert (len(job.result["problems"]), job.result["faulty"]) == (100, 239)
    told = b"".join(jobs.file_of(shop.store, job)).decode("utf-8-sig").splitlines()
    assert told[0] == "Zeile;column;problem"
    assert told[1:4] == ["2;Code;not_a_code", "4;Code;not_a_code", "5;Code;doppelt"]
    assert [int(line.split(";")[0]) for line in told[1:]] == sorted(
        int(line.split(";")[0]) for line in told[1:]
    )
    with shop.store.unit() as unit:
        assert code_imports.newest_import(unit, upload=job.about).id == job.id
        assert [one.id for one in jobs.recent_uploads(unit)] == [job.about]


@pytest.mark.parametrize("dies_at", range(1, 9))
def test_whoever_goes_on_counts_nothing_twice(
    shop: Shop, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """A doer dies before or behind any of its transactions; the next finishes its work."""
    monkeypatch.setattr(import_codes, "_FIRST_CHUNK", 2)
    monkeypatch.setattr(import_codes, "CHUNK", 2)
    brought(shop, rows(1, 2))
    lines = [*rows(*range(1, 8), more=";Händler;30;"), *rows(7, more=";Händler;30;"), "x;;;"]
    lines += [f"{text(n, 'ZWEI')};;20;" for n in range(8, 12)]
    job = begun(shop, lines)
    commits, commit = [0], Unit.commit

    def dying(unit: Unit) -> None:
        commits[0] += 1
        if commits[0] == dies_at:
            raise KeyboardInterrupt
        commit(unit)

    monkeypatch.setattr(Unit, "commit", dying)
    with pytest.raises(KeyboardInterrupt):
        a_clerk(shop).run_once()
    monkeypatch.setattr(Unit, "commit", commit)
    clock.tick(minutes=1)
    a_clerk(shop).run_once()
    result = now_of(shop, job).result
    assert counts(result) == (9, 2, 0, 2)
    assert result["problems"] == [[9, "code", "twice"], [10, "code", "not_a_code"]]
    assert [one["kind"] for one in result["batches"]] == ["changed", "made"]
    with shop.store.unit() as unit:
        found = code_batches.list_batches(unit).items
        assert [(one.state, one.count, one.tally.made) for one in found] == [
            (BatchState.READY, 4, 4),
            (BatchState.READY, 7, 7),
        ]
        told = audit.page(unit, wanted=Sought(action=Action.CODES_IMPORTED)).items
    assert [one.after["state"] for one in told if one.after] == ["done", "begun"] * 2


def died(shop: Shop, monkeypatch: pytest.MonkeyPatch, *, at: int, lines: list[str]) -> Job:
    """An import whose doer dies before its n-th transaction ends; others may go on a minute later.

    The first takes the job, the second notes where lines lead, the others store chunks of one.
    """
    monkeypatch.setattr(import_codes, "_FIRST_CHUNK", 1)
    monkeypatch.setattr(import_codes, "CHUNK", 1)
    job = begun(shop, lines)
    commits, commit = [0], Unit.commit

    def dying(unit: Unit) -> None:
        commits[0] += 1
        if commits[0] == at:
            raise KeyboardInterrupt
        commit(unit)

    with monkeypatch.context() as patched:
        patched.setattr(Unit, "commit", dying)
        with pytest.raises(KeyboardInterrupt):
            a_clerk(shop).run_once()
    shop.clock.tick(minutes=1)
    return job


@pytest.mark.parametrize("at", range(3, 7))
def test_whoever_goes_on_follows_the_plan(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The batch that the first has made is not taken for the one of lines without a name."""
    lines = [*rows(1, 3, more=";A;30;"), *rows(2, 4, more=";;20;")]
    job = died(shop, monkeypatch, at=at, lines=lines)
    a_clerk(shop).run_once()
    assert counts(now_of(shop, job).result) == (4, 0, 0, 0)
    with shop.store.unit() as unit:
        found = {
            one.name: (one.effect.value, one.count, one.state)
            for one in code_batches.list_batches(unit).items
        }
    assert found == {"A": (30, 2, BatchState.READY), "NEU": (20, 2, BatchState.READY)}


def test_whoever_goes_on_keeps_what_was_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And sees that a batch went meanwhile."""
    for name in ("B", "B", "C"):
        shop.batch(prefix="NEU", name=name)
    gone = the_batch(shop)
    lines = [*rows(1, more=";B;;"), *rows(2, more=";A;20;"), *rows(3, more=f";{gone.id};;")]
    job = died(shop, monkeypatch, at=5, lines=lines)
    with shop.store.unit() as unit:
        code_batches.delete_batch(unit, shop.house, batch=gone.id)
    a_clerk(shop).run_once()
    result = now_of(shop, job).result
    assert (counts(result), result["problems"]) == (
        (1, 0, 0, 2),
        [[2, "batch", "batch_ambiguous"], [4, "batch", "unknown"]],
    )


def test_a_batch_that_goes_while_it_is_to_be_changed_is_unknown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lines are told; the import comes to its end."""
    shop.batch(prefix="NEU", name="C")
    gone = the_batch(shop)
    job = begun(shop, [*rows(1, more=f";{gone.id};30;"), *rows(2, more=";A;20;")])
    change_held = code_batches.change_held

    def late(unit: Unit, *arguments: Any, **named: Any) -> None:
        unit.run(delete(schema.codes).where(schema.codes.c.batch == gone.number))
        unit.run(delete(schema.code_batches).where(schema.code_batches.c.number == gone.number))
        change_held(unit, *arguments, **named)

    monkeypatch.setattr(code_batches, "change_held", late)
    a_clerk(shop).run_once()
    result = now_of(shop, job).result
    assert (counts(result), result["problems"]) == ((1, 0, 0, 1), [[2, "batch", "unknown"]])


def test_half_a_batch_is_good_for_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its codes are taken when all of them are there."""
    monkeypatch.setattr(import_codes, "_FIRST_CHUNK", 2)
    begun(shop, rows(*range(1, 8)))

    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Importer, "_finish", dying)
    with pytest.raises(KeyboardInterrupt):
        a_clerk(shop).run_once()
    assert the_batch(shop).state is BatchState.STOPPED


def test_an_import_that_was_given_up_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the log, for it has stored codes; the same list again says what is still stopped."""
    lines = rows(1, 2, 3)
    job = died(shop, monkeypatch, at=4, lines=lines)
    monkeypatch.setattr(jobs, "TRIES", 1)
    a_clerk(shop).run_once()
    assert now_of(shop, job).state is JobState.FAILED
    with shop.store.unit() as unit:
        (line,) = audit.page(unit, wanted=Sought(action=Action.CODES_IMPORTED)).items
    assert (line.actor, line.after) == (EDITOR, {"lines": 3, "state": "begun"})
    assert the_batch(shop).count == 1
    stopped = [{"id": the_batch(shop).id, "name": "Händler"}]
    for wanted, found in ((Wanted(), (2, 0, 1, 0)), (STORED, (2, 0, 1, 0)), (STORED, (0, 0, 3, 0))):
        result = brought(shop, lines, wanted)
        assert (counts(result), result["stopped"]) == (found, stopped)
    with shop.store.unit() as unit:
        code_batches.resume_batch(unit, shop.house, batch=the_batch(shop).id)
    assert brought(shop, lines)["stopped"] == []


def test_a_clerk_that_is_overtaken_stores_nothing_more(
    shop: Shop, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes back late and finds that another has gone on."""
    job = begun(shop, rows(1, 2, 3))
    looked: list[int] = []
    read_all = import_reading.read_all

    def slow(*arguments: Any) -> Any:
        looked.append(1)
        if len(looked) == 1:
            clock.tick(minutes=1)
            a_clerk(shop).run_once()
        return read_all(*arguments)

    monkeypatch.setattr(code_imports, "read_all", slow)
    a_clerk(shop).run_once()
    assert counts(now_of(shop, job).result) == (3, 0, 0, 0)
    assert the_batch(shop).tally.made == 3


def test_a_clerk_that_stops_leaves_the_rest_to_the_next(shop: Shop) -> None:
    """Within its next transaction."""
    job = begun(shop, rows(1))
    importer = Importer(shop.store, shop.house)

    def craft(job: Job, into: Any, tell: Any) -> Mapping[str, Any]:
        doer.stop()
        return importer(job, into, tell)

    doer = Doer(shop.store, shop.house, {JobKind.IMPORT: craft})
    assert doer.look()
    assert now_of(shop, job).state is JobState.QUEUED


def test_others_may_store_the_same_codes_meanwhile(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the chunk is compared anew; who never comes through gives up."""
    put, tries = import_codes.Matching._put, [0]

    def late(self: Any, *arguments: Any) -> bool:
        tries[0] += 1
        return put(self, *arguments) and tries[0] > 2

    monkeypatch.setattr(import_codes.Matching, "_put", late)
    assert counts(brought(shop, rows(1, 2))) == (2, 0, 0, 0)
    assert the_batch(shop).tally.made == 2
    monkeypatch.setattr(import_codes.Matching, "_put", lambda *_: False)
    job = begun(shop, rows(3))
    a_clerk(shop).run_once()
    assert now_of(shop, job).state is JobState.FAILED


def test_a_code_that_another_list_brings_meanwhile_is_seen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store says so, of new codes and of bound ones."""
    brought(shop, rows(1))
    with shop.store.unit() as unit:
        number = the_batch(shop).number
        unit.begin()
        assert code_rows.add(unit, number, [CodeBits(STEP), CodeBits(2 * STEP)]) == 1
        unit.rollback()
    shop.offer()
    shop.redeem(text(1), offer="day")
    known, asked = import_rows.known, [0]

    def stale(unit: Unit, bits: Any) -> Any:
        asked[0] += 1
        found = known(unit, bits)
        if asked[0] == 1:
            found = {key: one.__class__(one.batch, one.prefix, one.state, 0, None)
                     for key, one in found.items()}  # fmt: skip
        return found if asked[0] > 2 else {k: v for k, v in found.items() if asked[0] == 1}

    monkeypatch.setattr(import_rows, "known", stale)
    lines = [f"{text(1)};20;{VISITOR.hex()}"]
    result = brought(shop, lines, heading="code;percent;visitor")
    assert result["problems"] == [[2, "visitor", "code_redeemed"]]
    assert asked[0] == 3


def test_an_import_locks_in_the_order_of_redemptions(shop: Shop) -> None:
    """A code, then its batch: neither waits for the other for ever."""
    brought(shop, rows(2))
    number = the_batch(shop).number
    holds = threading.Event()

    def mark() -> int:
        with shop.store.unit() as unit:
            unit.begin()
            marked = code_rows.mark(unit, "sent_at", [CodeBits(2 * STEP)], at=shop.clock.now())
            holds.set()
            time.sleep(0.3)
            batch_rows.count(unit, number, "sent", marked[number])
            unit.commit()
        return marked[number]

    lines = [f"{text(n)};{VISITOR.hex()}" for n in (1, 2)]
    with ThreadPoolExecutor(1) as pool:
        marked = pool.submit(mark)
        assert holds.wait(10)
        assert counts(brought(shop, lines, heading="code;visitor")) == (1, 1, 0, 0)
        assert marked.result(10) == 1
    assert (the_batch(shop).count, the_batch(shop).tally.sent) == (2, 1)


def test_two_who_confirm_at_once_begin_one_import(shop: Shop) -> None:
    """Whoever comes second gets the first one's."""
    for n in range(1, 6):
        looked_at = begun(shop, rows(n), Wanted())
        barrier = threading.Barrier(4)

        def confirm(_: int, of: Job = looked_at, barrier: threading.Barrier = barrier) -> str:
            barrier.wait(10)
            return confirmed(shop, of).id

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(confirm, range(4)))) == 1


def test_two_lists_at_once_make_one_batch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second brings its codes into the first one's, and changes it."""
    barrier, hold = threading.Barrier(2), import_rows.hold_names

    def together(unit: Unit) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(0.5)  # on SQLite only one can be here
        hold(unit)

    monkeypatch.setattr(import_rows, "hold_names", together)
    lines = [rows(1, 2, more=";Händler;20;"), rows(3, 4, more=";Händler;20;7")]
    found = [begun(shop, some) for some in lines]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(a_clerk(shop).run_once) for _ in lines]:
            done.result(30)
    results = [now_of(shop, job).result for job in found]
    assert [counts(result) for result in results] == [(2, 0, 0, 0)] * 2
    assert {result["batches"][0]["kind"] for result in results} >= {"made"}
    with shop.store.unit() as unit:
        (batch,) = code_batches.list_batches(unit).items
    assert (batch.state, batch.count, batch.tally.made) == (BatchState.READY, 4, 4)


def test_what_changed_since_the_preview_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch was redeemed meanwhile: what it does stays."""
    brought(shop, rows(1, 2))

    def refusing(*_: object, **__: object) -> None:
        raise Conflict("batch_redeemed")

    monkeypatch.setattr(code_batches, "change_held", refusing)
    result = brought(shop, rows(1, 2, more=";Händler;30;"))
    assert (counts(result), result["batches"]) == ((0, 0, 0, 2), [])
    assert the_batch(shop).effect.value == 20


def test_memory_does_not_grow_with_the_list(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the lines, about the same memory."""
    monkeypatch.setattr("ticketing.service.sorting._RUN", 500)

    def lines(n: int) -> Iterator[bytes]:
        yield b"code;percent\n"
        for one in range(1, n + 1):
            yield f"{text_of('NEU', one * 7919)};20\n".encode()

    def peak(n: int) -> int:
        listed = CodeList("x", lambda: lines(n), Encoding.UTF_8)
        tracemalloc.start()
        result = Importer(shop.store, shop.house).do(
            listed, io.BytesIO(), wanted=Wanted(), words=ImportWords(), tell=_Silent()
        )
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert result["new"] == n
        return found

    peak(100)
    assert peak(16_000) < peak(4_000) + 600_000


@pytest.mark.parametrize("wanted", [Wanted(), STORED, Wanted(is_stored=True)])
def test_an_import_goes_forward(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, wanted: Wanted
) -> None:
    """Step by step to its end, however often its lines are gone through."""
    monkeypatch.setattr(import_reading, "_TOLD_EVERY", 2)
    monkeypatch.setattr(import_codes, "_LOOKED_AT", 2)
    monkeypatch.setattr(import_codes, "CHUNK", 2)
    content = "\n".join([HEADING, *rows(*range(1, 8))]).encode("cp1252")
    listed, heard = CodeList("x", lambda: iter([content]), Encoding.WINDOWS), _Hearing()
    Importer(shop.store, shop.house).do(
        listed, io.BytesIO(), wanted=wanted, words=ImportWords(), tell=heard
    )
    assert heard.told == sorted(heard.told)
    assert (heard.told[0], heard.told[-1]) == (2, code_imports.steps(wanted, 7))


class _Hearing:
    """Remembers how far it was."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def __call__(self, done: int, /) -> None:
        self.told.append(done)

    def keep(self, unit: Unit, done: int, result: Mapping[str, Any], /) -> None:
        del unit, result
        self.told.append(done)


class _Silent:
    """Hears how far it is."""

    def __call__(self, done: int, /) -> None:
        del done

    def keep(self, unit: Unit, done: int, result: Mapping[str, Any], /) -> None:
        del unit, done, result
        raise Overtaken


def test_a_doer_that_was_overtaken_keeps_nothing(shop: Shop) -> None:
    """Not even that a batch is to change."""
    listed = CodeList(
        "x", lambda: iter([b"code;percent\n", f"{text(1)};20\n".encode()]), Encoding.UTF_8
    )
    with pytest.raises(Overtaken):
        Importer(shop.store, shop.house).do(
            listed, io.BytesIO(), wanted=STORED, words=ImportWords(), tell=_Silent()
        )
    with shop.store.unit() as unit:
        assert batch_rows.page(unit, before=None, tag=None, limit=5) == ()
