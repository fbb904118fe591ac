"""Holders, parties, short codes, what is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.tickets import (
    BadHolder,
    BadParty,
    ShownState,
    Ticket,
    checked_party,
    claims,
    clean_holder,
    find_ticket_id,
    is_of_many,
    pairing_code,
    short_code,
    shown_code,
    shown_state,
)
from ticketing.wire.admission import Moves
from ticketing.wire.check import CodeKind, is_valid
from ticketing.wire.keys import KeyId
from ticketing.wire.token import Claims, Flag, TicketId
from ticketing.wire.verdict import TicketState

NOW = datetime(2026, 10, 4, 12, tzinfo=UTC)
TICKET = Ticket(
    id=TicketId(bytes(15)),
    short_code="K7Q2M9XA",
    offer=7,
    key_id=KeyId(1),
    issue=2,
    holder="Ada",
    party=1,
    entries=1,
    flags=Flag.PROOF,
    valid_from=NOW - timedelta(hours=1),
    valid_until=NOW + timedelta(hours=1),
    state=TicketState.VALID,
    created_at=NOW,
    issued_at=NOW,
    state_at=NOW,
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Jördis   Kowalewski ", "Jördis Kowalewski"),
        ("Jo\u0308rdis", "Jördis"),
        ("Ada\nLovelace\t", "Ada Lovelace"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
        ("\u202eadA\u202c \u2066Bo\u2069", "adA Bo"),
        ("Ada 🎉❤️ Lovelace", "Ada Lovelace"),
        ("1\ufe0f\u20e3 Ada", "1 Ada"),
        ("<b>Ada</b>", "<b>Ada</b>"),
        ("O\u2019Brien-Müller, Dr.", "O\u2019Brien-Müller, Dr."),
        (
            "Zoë \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "Zoë \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("山田 太郎", "山田 太郎"),
        ("Z" + "\u0336" * 40, "Z" + "\u0336" * 4),
        ("\ue000Ada\x00", "Ada"),
    ],
)
def test_a_name_is_cleaned(typed: str, name: str) -> None:
    """One line, composed, without pictures, directions and heaps of marks."""
    assert clean_holder(typed) == name


@pytest.mark.parametrize("typed", ["", "   ", "🎉", "\u202e", "...", "\u200d", "\u0301"])
def test_a_name_without_letters_is_empty(typed: str) -> None:
    """Only a picture, only marks: kindly asked again."""
    with pytest.raises(BadHolder) as caught:
        clean_holder(typed)
    assert caught.value.problem == "empty"


def test_a_name_has_a_hundred_characters_at_most() -> None:
    """Counted after cleaning; the message does not repeat it."""
    assert clean_holder(" x" + "y" * 99 + " ") == "x" + "y" * 99
    with pytest.raises(BadHolder) as caught:
        clean_holder("x" * 101)
    assert caught.value.problem == "long"
    assert "xx" not in str(caught.value)


@given(st.text(max_size=120))
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    """What is clean stays as it is."""
    try:
        name = clean_holder(typed)
    except BadHolder:
        return
    assert clean_holder(name) == name


@pytest.mark.parametrize("party", [0, -1, 6])
def test_a_party_outside_the_offer_is_refused(party: int) -> None:
    """One person at least, the offer's most at most."""
    with pytest.raises(BadParty, match="party: range"):
        checked_party(party, 5)
    assert checked_party(5, 5) == 5


def test_claims_are_what_the_barcode_says() -> None:
    """And fit into it."""
    found = claims(TICKET)
    assert (found.issue, found.flags, found.not_after) == (2, Flag.PROOF, TICKET.valid_until)
    assert Claims.from_payload(found.payload()) == found


@pytest.mark.parametrize(
    ("changes", "moves", "now", "shown"),
    [
        ({}, Moves(), NOW, ShownState.VALID),
        ({"state": TicketState.UNPAID}, Moves(), NOW, ShownState.UNPAID),
        ({}, Moves(uses=1), NOW, ShownState.USED_UP),
        ({"entries": 0}, Moves(uses=9), NOW, ShownState.VALID),
        ({}, Moves(uses=1), TICKET.valid_until, ShownState.EXPIRED),
        ({"state": TicketState.BLOCKED}, Moves(uses=1), TICKET.valid_until, ShownState.BLOCKED),
        ({"state": TicketState.REVOKED}, Moves(), TICKET.valid_until, ShownState.REVOKED),
    ],
)
def test_a_state_is_shown(
    changes: dict[str, TicketState], moves: Moves, now: datetime, shown: ShownState
) -> None:
    """What staff did first, then time, then use."""
    assert shown_state(replace(TICKET, **changes), moves, now) is shown  # type: ignore[arg-type]  # states and numbers


def test_an_id_has_one_text() -> None:
    """Thirty lower-case hex digits, and nothing else."""
    assert find_ticket_id("0" * 30) == bytes(15)
    for text in ("", "0" * 29, "0" * 32, "F" * 30, "0" * 30 + "\n", "g" * 30):
        assert find_ticket_id(text) is None


@given(st.binary(min_size=7, max_size=7), st.binary(min_size=9, max_size=9))
def test_codes_carry_their_check(seven: bytes, nine: bytes) -> None:
    """Each of its own kind, shown in halves."""
    short, pairing = short_code(seven), pairing_code(nine)
    assert is_valid(short, CodeKind.SHORT)
    assert is_valid(pairing, CodeKind.PAIRING)
    assert not is_valid(short, CodeKind.PAIRING)
    assert (shown_code(short)[4], shown_code(pairing)[5]) == ("-", "-")
    assert shown_code(short).replace("-", "") == short


@pytest.mark.parametrize(
    ("reason", "is_so"),
    [(None, False), ("", False), ("Doppelt gekauft", False), ("batch:0a", True)],
)
def test_what_is_issued_together_is_told_from_a_reason(reason: str | None, *, is_so: bool) -> None:
    """The name of the others stands where staff write why."""
    assert is_of_many(replace(TICKET, state_reason=reason)) is is_so
