"""Lists of codes: what a line may say, and what comes of it beside what there is."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.code_imports import (
    COLUMNS,
    FAULTS,
    Column,
    Entry,
    Known,
    LineFault,
    Outcome,
    Problem,
    Target,
    Wish,
    column_of,
    compared,
)
from ticketing.domain.code_texts import CAPACITY, CodeBits, text_of
from ticketing.domain.codes import BatchState, Effect, EffectKind
from ticketing.domain.ids import VisitorId
from ticketing.domain.import_lines import BATCHES_LIMIT, Lines, placed
from ticketing.domain.spreadsheets import PROGRAMS
from ticketing.domain.tables import BadTable, TableRow
from ticketing.service.code_exports import COLUMNS as EXPORTED
from ticketing.service.code_exports import FOR_PROGRAMS
from ticketing.templates_path import templates_dir

BERLIN = ZoneInfo("Europe/Berlin")
BITS = CodeBits(CAPACITY // 3)
CODE = text_of("HERBST", BITS)
VISITOR = VisitorId(bytes(range(16)))


def lines_of(heading: str) -> Lines:
    """What reads lines below a heading."""
    return Lines(heading.split(";"), BERLIN)


def read(heading: str, *rows: str) -> tuple[list[Entry | Problem], list[Wish]]:
    """What rows say, and their batches."""
    lines = lines_of(heading)
    cells = csv.reader(io.StringIO("\n".join(rows)), delimiter=";")
    found = [lines.read(TableRow(n, row)) for n, row in enumerate(cells, start=2)]
    return found, lines.wishes


def said(heading: str, row: str) -> dict[str, Any]:
    """What a row says of its batch."""
    found, wishes = read(f"code;{heading}", f"{CODE};{row}")
    assert isinstance(found[0], Entry), found
    return wishes[0].said


def fault_of(heading: str, row: str) -> tuple[str, str]:
    """What is wrong with a row, and where."""
    found, _ = read(heading, row)
    assert isinstance(found[0], Problem), found
    assert found[0].line == 2
    return found[0].column.value, found[0].fault.value


# ------------------------------------------------------------ the heading
@pytest.mark.parametrize(
    "heading",
    [
        "code;batch;valid_from;valid_until;max_uses;per_visitor;min_amount;budget;tag;note",
        "Code;Batch;Valid from;Valid until;Max. uses;Per visitor;Min. amount;Budget;Tag;Note",
        (
            "CODE;Serie;Gültig ab;Gültig bis;Max. Einlösungen;Je Besucher;Mindestbetrag;Budget;"
            "Schlagwort;Notiz"
        ),
        (
            "\ufeff'Rabattcode';Serie;Von;Bis;Einlösungen je Code;Einlösungen je Besucher;"
            "Mindestbetrag;Budget;Schlagwort;Notiz"
        ),
        (
            "Code;Serie;Gueltig ab;Gueltig bis;Einloesungen je Code;Pro Besucher;Mindestbetrag;"
            "Budget;Schlagwort;Notiz"
        ),
        (
            "code;batch;valid_from;valid_until;max_uses;per_visitor;min_amount_cents;"
            "budget_cents;tag;note"
        ),
    ],
)
def test_columns_have_names_in_either_language(heading: str) -> None:
    """However they are spelt; money in cents is told apart."""
    found = placed(heading.split(";"))
    assert [place.column for place in found] == [
        Column.CODE, Column.BATCH, Column.VALID_FROM, Column.VALID_UNTIL, Column.MAX_USES,
        Column.PER_VISITOR, Column.MIN_AMOUNT, Column.BUDGET, Column.TAG, Column.NOTE,
    ]  # fmt: skip
    assert found[7].is_cents is ("cents" in heading)


@pytest.mark.parametrize("lang", ["de", "en", PROGRAMS])
def test_our_own_exports_can_be_brought_in(lang: str) -> None:
    """What became of their codes is passed over."""
    if lang:
        text = (templates_dir() / "wording" / f"codes.{lang}.json").read_text(encoding="utf-8")
        titles = [json.loads(text)[f"codes_column_{name}"] for name, _, _ in EXPORTED]
    else:
        titles = [FOR_PROGRAMS.columns.get(name, name) for name, _, _ in EXPORTED]
    assert [place.column for place in placed(titles)] == [Column.CODE]


@pytest.mark.parametrize(
    ("heading", "fault"),
    [
        ("name;e-mail", ("no_code_column", 1)),
        ("batch;tag", ("no_code_column", 0)),
        ("code;e-mail", ("unknown_column", 2)),
        ("code;tag;Code", ("column_twice", 3)),
        ("code;Betrag;amount cents", ("column_twice", 3)),
    ],
)
def test_a_wrong_heading_is_refused(heading: str, fault: tuple[str, int]) -> None:
    """By the number of its column: a heading may be somebody's name."""
    with pytest.raises(BadTable) as refused:
        placed(heading.split(";"), line=3)
    assert (refused.value.fault.value, refused.value.column) == fault
    assert refused.value.line == 3
    assert "mail" not in str(refused.value)


# ------------------------------------------------------------ a line
@pytest.mark.parametrize(
    ("heading", "cell", "field", "value"),
    [
        ("percent", "20 %", "effect", Effect(EffectKind.PERCENT, 20)),
        ("Betrag", "2,50 €", "effect", Effect(EffectKind.AMOUNT, 250)),
        ("amount_cents", "250", "effect", Effect(EffectKind.AMOUNT, 250)),
        ("price", "7.20", "effect", Effect(EffectKind.PRICE, 720)),
        ("Frei", "ja", "effect", Effect(EffectKind.FREE)),
        ("Gültig ab", "04.10.2026", "valid_from", datetime(2026, 10, 3, 22, tzinfo=UTC)),
        ("until", "2026-10-04", "valid_until", datetime(2026, 10, 4, 22, tzinfo=UTC)),
        ("max_uses", "3", "max_uses", 3),
        ("max_uses", "unbegrenzt", "max_uses", None),
        ("per_visitor", "1", "per_visitor", 1),
        ("offers", "Day, guided;day", "offers", ("day", "guided")),
        ("offers", "alle", "offers", None),
        ("Mindestbetrag", "10", "min_amount_cents", 1000),
        ("budget", "1.500,00", "budget_cents", 150_000),
        ("tag", "Presse", "tag", "Presse"),
        ("note", "'=1+1", "note", "=1+1"),
        ("note", "-", "note", None),
        ("note", "Keine", "note", "Keine"),
        ("tag", "Alle", "tag", "Alle"),
        ("Schlagwort", "-", "tag", None),
    ],
)
def test_a_line_may_say_what_its_batch_is(
    heading: str, cell: str, field: str, value: object
) -> None:
    """Each setting, in either language; a word takes a limit away, but is no tag."""
    assert said(heading, f'"{cell}"') == {field: value}


def test_an_empty_cell_says_nothing() -> None:
    """Nor does a no to free entry."""
    assert said("percent;free;max_uses;note", ";nein;;") == {}
    assert set(said("note;tag", f"{'x' * 900};{'y' * 900}")) == {"note", "tag"}
    assert said("percent;free", "20;nein") == {"effect": Effect(EffectKind.PERCENT, 20)}


@pytest.mark.parametrize(
    ("heading", "row", "fault"),
    [
        ("code;tag", ";x", ("code", "missing")),
        ("code", "SUMMER20", ("code", "not_a_code")),
        ("code", "HERBST-ÄÄÄÄÄÄÄÄÄÄÄ", ("code", "not_a_code")),
        ("code", CODE[:-1] + ("0" if CODE[-1] != "0" else "1"), ("code", "typo")),
        ("code", f"{CODE};x", ("line", "extra_cell")),
        ("code;;tag", f"{CODE};x;y", ("line", "extra_cell")),
        ("code;tag", f"{CODE};a\0b", ("tag", "control")),
        ("code;tag", f'{CODE};"a\nb"', ("tag", "control")),
        ("code;state", f"{CODE};a\tb", ("line", "control")),
        ("code;note", f"{CODE};{'x' * 1001}", ("note", "too_long")),
        ("code;batch", f"{CODE};{'x' * 101}", ("batch", "too_long")),
        ("code;visitor", f"{CODE};somebody", ("visitor", "not_a_visitor")),
        ("code;percent", f"{CODE};0,2", ("percent", "not_whole")),
        ("code;amount", f"{CODE};viel", ("amount", "not_money")),
        ("code;free", f"{CODE};maybe", ("free", "not_yes_or_no")),
        ("code;bis", f"{CODE};04/10/2026", ("valid_until", "ambiguous_day")),
        ("code;von", f"{CODE};morgen", ("valid_from", "not_day")),
        ("code;percent;free", f"{CODE};20;ja", ("free", "several_effects")),
        ("code;offers", f"{CODE};,", ("offers", "length")),
        ("code;offers", f"{CODE};{' '.join(f'o{n}' for n in range(201))}", ("offers", "length")),
    ],
)
def test_a_faulty_line_is_told(heading: str, row: str, fault: tuple[str, str]) -> None:
    """By its column and a fixed word."""
    assert fault_of(heading, row) == fault


def test_a_line_with_broken_quotes_is_told() -> None:
    """As a whole."""
    broken = lines_of("code").read(TableRow(7, None))
    assert broken == Problem(7, Column.LINE, LineFault.BROKEN_QUOTES)


def test_a_code_is_read_as_at_the_gate() -> None:
    """Small letters, blanks and look-alikes are folded; missing cells are empty ones."""
    found, wishes = read("Code;Besucher;Einlösungen", f" {CODE.lower()} ", f"{CODE};-;0")
    assert found == [Entry(BITS, 2, 0), Entry(BITS, 3, 0, says_visitor=True)]
    assert (wishes[0].name, wishes[0].prefix, wishes[0].is_said) == ("", "HERBST", False)


def test_a_line_may_bind_its_code_and_tell_of_uses() -> None:
    """To a visitor; a use elsewhere is noted."""
    found, _ = read("code;visitor;uses", f"{CODE};{VISITOR.hex().upper()};2")
    assert found == [Entry(BITS, 2, 0, says_visitor=True, was_used=True, visitor=VISITOR)]
    (used,), _ = read("code;redeemed", f"{CODE};2026-10-04 10:31")
    assert isinstance(used, Entry)
    assert used.was_used


def test_lines_of_a_batch_say_the_same_or_nothing() -> None:
    """Whatever the first one said stays; another prefix is another batch."""
    found, wishes = read(
        "code;batch;percent;tag",
        f"{CODE};A;20;",
        f"{CODE};A;;x",
        f"{CODE};A;30;x",
        f"{CODE};A;20;x",
        f"{CODE};B;30;",
        f"{text_of('OTHER', BITS)};A;30;",
    )
    assert found[2] == Problem(4, Column.PERCENT, LineFault.DIFFERS)
    places = [one.wish for one in found if isinstance(one, Entry)]
    assert places == [0, 0, 0, 1, 2]
    assert wishes[0].said == {"effect": Effect(EffectKind.PERCENT, 20), "tag": "x"}
    assert [(wish.name, wish.prefix) for wish in wishes] == [
        ("A", "HERBST"), ("B", "HERBST"), ("A", "OTHER"),
    ]  # fmt: skip


def test_a_file_may_not_be_about_too_many_batches() -> None:
    """Memory would grow with it; a thousand ways to say the same are forgotten again."""
    rows = [f"{CODE};batch {n};{n + 1}" for n in range(1100)]
    found, wishes = read("code;batch;max_uses", *rows)
    assert len(wishes) == BATCHES_LIMIT
    assert found[BATCHES_LIMIT] == Problem(
        BATCHES_LIMIT + 2, Column.BATCH, LineFault.TOO_MANY_BATCHES
    )


@given(st.lists(st.text(max_size=40), max_size=6))
def test_any_cells_are_read_or_refused(cells: list[str]) -> None:
    """And no fault holds what was sent: it is made of a number and fixed words."""
    heading = "code;batch;visitor;percent;valid_until"
    found = lines_of(heading).read(TableRow(2, [CODE, *cells]))
    if isinstance(found, Problem):
        assert (found.line, found.column in COLUMNS, found.fault in FAULTS) == (2, True, True)
    else:
        assert (found.bits, found.line, found.wish) == (BITS, 2, 0)


# ------------------------------------------------------------ beside what there is
ENTRY = Entry(BITS, 2, 0)
KNOWN = Known(batch=1, prefix="HERBST", state=BatchState.READY, uses=0, visitor=None)
PERCENT = {"effect": Effect(EffectKind.PERCENT, 20)}


def target(
    name: str = "", *, number: int | None = 1, said: dict[str, Any] | None = None, **more: Any
) -> tuple[Wish, Target]:
    """What a line wishes, and the batch that it is about."""
    return Wish(name, "HERBST", said or {}), Target(said or {}, number=number, **more)


def test_a_code_that_is_not_there_is_new() -> None:
    """In a batch that is there, or one that can be made."""
    assert compared(ENTRY, None, *target()) is Outcome.NEW
    made = target(number=None, said=PERCENT)
    assert compared(ENTRY, None, *made) is Outcome.NEW


@pytest.mark.parametrize(
    ("entry", "about", "fault"),
    [
        (ENTRY, target(number=None), (Column.LINE, LineFault.NO_EFFECT)),
        (ENTRY, target(room=0), (Column.BATCH, LineFault.BATCH_FULL)),
        (ENTRY._replace(was_used=True), target(), (Column.USED, LineFault.USED_ELSEWHERE)),
        (ENTRY, target(fault=(Column.TAG, LineFault.LENGTH)), (Column.TAG, LineFault.LENGTH)),
    ],
)
def test_a_new_code_may_be_refused(
    entry: Entry, about: tuple[Wish, Target], fault: tuple[Column, LineFault]
) -> None:
    """With the column that is to blame."""
    found = compared(entry, None, *about)
    assert found == Problem(2, *fault)


def test_a_known_code_stays_or_changes() -> None:
    """With its batch, or by its visitor; the same again changes nothing."""
    bound = ENTRY._replace(says_visitor=True, visitor=VISITOR)
    freed = ENTRY._replace(says_visitor=True)
    theirs = replace(KNOWN, visitor=VISITOR)
    cases = [
        (ENTRY, KNOWN, target(), Outcome.UNCHANGED),
        (ENTRY, KNOWN, target("A"), Outcome.UNCHANGED),
        (ENTRY._replace(says_batch=True), KNOWN, target(is_changed=True), Outcome.CHANGED),
        (ENTRY, KNOWN, target(is_changed=True), Outcome.UNCHANGED),
        (bound, KNOWN, target(), Outcome.CHANGED),
        (bound, theirs, target(), Outcome.UNCHANGED),
        (freed, theirs, target(), Outcome.CHANGED),
        (ENTRY._replace(was_used=True), replace(KNOWN, uses=1), target(), Outcome.UNCHANGED),
        (ENTRY, KNOWN, target(fault=(Column.BATCH, LineFault.BATCH_AMBIGUOUS)), Outcome.UNCHANGED),
    ]  # fmt: skip
    for entry, known, about, outcome in cases:
        assert compared(entry, known, *about) is outcome


@pytest.mark.parametrize(
    ("entry", "known", "about", "fault"),
    [
        (ENTRY, replace(KNOWN, prefix="SOMMER"), target(), (Column.CODE, LineFault.TAKEN)),
        (
            ENTRY,
            replace(KNOWN, state=BatchState.BUILDING),
            target(),
            (Column.CODE, LineFault.BATCH_BUILDING),
        ),
        (ENTRY, KNOWN, target("B", number=2), (Column.BATCH, LineFault.OTHER_BATCH)),
        (ENTRY, KNOWN, target(number=2, said=PERCENT), (Column.BATCH, LineFault.OTHER_BATCH)),
        (
            ENTRY,
            KNOWN,
            target("B", fault=(Column.PERCENT, LineFault.BATCH_REDEEMED)),
            (Column.PERCENT, LineFault.BATCH_REDEEMED),
        ),
        (
            ENTRY._replace(says_visitor=True, visitor=VISITOR),
            replace(KNOWN, uses=1),
            target(),
            (Column.VISITOR, LineFault.CODE_REDEEMED),
        ),
    ],
)
def test_the_past_is_not_broken(
    entry: Entry, known: Known, about: tuple[Wish, Target], fault: tuple[Column, LineFault]
) -> None:
    """A redeemed code stays as it is, and no code moves to another batch."""
    found = compared(entry, known, *about)
    assert found == Problem(2, *fault)


def test_fields_have_columns() -> None:
    """So that what the rules refuse is told beside its cell."""
    assert column_of("effect", Effect(EffectKind.PRICE, 1)) is Column.PRICE
    assert column_of("budget_cents", 1) is Column.BUDGET
    assert column_of("count", 1) is Column.LINE
