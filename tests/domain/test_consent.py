"""Proof of consent: salted commitments in a chain that survives erasure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.consent import (
    GENESIS,
    Action,
    Answer,
    ChainReport,
    Declaration,
    Entry,
    How,
    Purpose,
    Shown,
    commitment,
    entry,
    is_granted,
    is_open,
    next_link,
    shown_digest,
    verify_chain,
)
from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import Lang

AT = datetime(2026, 10, 4, 12, 0, 0, 123_000, tzinfo=UTC)
SHOWN = Shown("consent.news", "1", Lang.DE, shown_digest("Dürfen wir?", ["Ja", "Nein"]))


def _declaration(who: bytes = b"a", **changes: object) -> Declaration:
    plain = Declaration(
        visitor=VisitorId(who * 16),
        purpose=Purpose.NEWS,
        action=Action.GRANTED,
        shown=SHOWN,
        channel="webchat",
        account="main",
        message=7,
        how=How.BUTTON,
        of_age=True,
        at=AT,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field


def _ledger(*people: bytes) -> list[Entry]:
    rows: list[Entry] = []
    head = GENESIS
    for n, who in enumerate(people):
        declaration = _declaration(who, at=AT + timedelta(seconds=n))
        rows.append(entry(declaration, bytes([n]) * 32, head))
        head = next_link(rows[-1])
    return rows


def _erased(row: Entry) -> Entry:
    return replace(row, salt=None, fields=None)


def test_a_declaration_holds_all_that_proof_needs() -> None:
    """Who, what, which text in which version and language, where, how, age, when."""
    assert _declaration().fields() == {
        "visitor": "61" * 16,
        "purpose": "news",
        "action": "granted",
        "text": "consent.news",
        "version": "1",
        "lang": "de",
        "shown": SHOWN.digest.hex(),
        "channel": "webchat",
        "account": "main",
        "message": 7,
        "how": "button",
        "age_16": True,
        "at_ms": 1_791_115_200_123,
    }


def test_the_digest_covers_text_and_buttons() -> None:
    """Another label is another question."""
    assert shown_digest("Dürfen wir?", ["Ja", "Nein"]) != shown_digest("Dürfen wir?", ["Ja"])
    assert shown_digest("a").hex().startswith("ca978112ca1bbdca")


def test_the_commitment_is_the_same_on_every_machine() -> None:
    """A golden value: salt of zeros, fields as above."""
    first = commitment(bytes(32), _declaration().fields())
    assert first == commitment(bytes(32), dict(reversed(_declaration().fields().items())))
    assert first != commitment(bytes([1]) * 32, _declaration().fields())


@given(
    st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=12),
    st.sets(st.sampled_from([b"a", b"b"])),
)
def test_erasing_people_keeps_the_chain_whole(people: list[bytes], gone: set[bytes]) -> None:
    """Whoever is erased, in whatever order they wrote."""
    rows = [_erased(row) if people[n] in gone else row for n, row in enumerate(_ledger(*people))]
    report = verify_chain(rows)
    assert report.holds
    assert report.length == len(people)
    assert report.erased == sum(who in gone for who in people)


def test_an_empty_ledger_holds() -> None:
    """It begins at the fixed beginning."""
    assert verify_chain([]) == ChainReport(0, 0, None, GENESIS)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_removed_row_breaks_the_chain(place: int) -> None:
    """Except the last one, which only the noted length can miss."""
    rows = _ledger(b"a", b"b", b"a", b"b")
    del rows[place]
    assert verify_chain(rows).broken_at == place


def test_changed_rows_break_the_chain() -> None:
    """Fields, salt, time, commitment or place: each change is found where it is."""
    rows = _ledger(b"a", b"b", b"a")
    fields = rows[1].fields
    assert fields is not None
    changes = [
        {"fields": {**fields, "action": "refused"}},
        {"salt": bytes(32)},
        {"at": rows[1].at + timedelta(milliseconds=1)},
        {"commitment": bytes(32)},
        {"previous": GENESIS},
        {"salt": None},
        {"fields": None},
    ]
    for change in changes:
        damaged = [rows[0], replace(rows[1], **change), rows[2]]  # type: ignore[arg-type]  # any field
        report = verify_chain(damaged)
        assert not report.holds
        assert report.broken_at == 1


def test_a_changed_time_of_an_erased_row_is_found_by_the_next() -> None:
    """The link binds it even when nothing is left to open."""
    rows = _ledger(b"a", b"b")
    late = replace(_erased(rows[0]), at=rows[0].at + timedelta(seconds=1))
    assert verify_chain([late, rows[1]]).broken_at == 1


def test_swapped_rows_break_the_chain() -> None:
    """Order is part of the proof."""
    first, second, third = _ledger(b"a", b"b", b"c")
    assert verify_chain([first, third, second]).broken_at == 1


def test_only_a_newest_yes_is_a_grant() -> None:
    """No answer, a no and a withdrawal are not."""
    answers = (Answer(Purpose.NEWS, Action.GRANTED), Answer(Purpose.CODES, Action.WITHDRAWN))
    assert is_granted(answers, Purpose.NEWS)
    assert not is_granted(answers, Purpose.CODES)
    assert not is_granted((), Purpose.NEWS)
    assert is_open((), Purpose.NEWS)
    assert not is_open(answers, Purpose.CODES)
