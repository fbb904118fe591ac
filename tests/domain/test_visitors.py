"""What a visitor is called, and what is no visitor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import (
    ID_BYTES,
    beginning_of_id,
    find_visitor_id,
    short_reference,
)

IDS = st.binary(min_size=ID_BYTES, max_size=ID_BYTES).map(VisitorId)


@given(IDS)
def test_an_id_is_found_by_what_stands_in_its_address(visitor: VisitorId) -> None:
    """And its short reference, however it is typed, begins it."""
    assert find_visitor_id(visitor.hex()) == visitor
    reference = short_reference(visitor)
    for typed in (
        reference,
        reference.lower(),
        reference.replace("-", " "),
        f" {reference} ",
        reference.replace("-", "\N{EN DASH}"),
    ):
        assert beginning_of_id(typed) == visitor[:4]
    assert beginning_of_id(visitor.hex()) == visitor


def test_a_reference_can_be_read_out() -> None:
    """Two groups of four, as on a slip of paper."""
    assert short_reference(VisitorId(bytes.fromhex("3f9a21c0" + "0" * 24))) == "3F9A-21C0"


@pytest.mark.parametrize(
    "text", ["", "x", "0" * 31, "0" * 33, "A" * 32, "g" * 32, "٣" * 32, "0" * 32 + "\n", "Ä" * 32]
)
def test_another_text_is_no_id(text: str) -> None:
    """An address is not read kindly."""
    assert find_visitor_id(text) is None


@given(st.text())
def test_no_text_breaks_the_reading_of_a_reference(text: str) -> None:
    """A beginning of four bytes, a whole id, or nothing."""
    found = beginning_of_id(text)
    assert found is None or len(found) in {4, ID_BYTES}


@pytest.mark.parametrize("text", ["3f9a21c", "3f9a21c00", "3f9a21cg", "٣٣٣٣٣٣٣٣", ""])
def test_another_length_or_letter_is_no_reference(text: str) -> None:
    """Too short would find too many."""
    assert beginning_of_id(text) is None
