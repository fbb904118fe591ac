"""What a hand scanner meant, whatever keyboards it and the computer believe in."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.hand import LAYOUTS, is_a_code, is_something, straighten
from scanner.reading import meant
from tests.scanner.station_kit import DISCOUNT_CODE, RING, SHORT_CODE, WEB, a_ticket, forged
from ticketing.wire.textclass import fold_text

PAIRS = [pair for pair in product(LAYOUTS, LAYOUTS) if pair[0] != pair[1]]


def typed(text: str, scanner: str, computer: str, *, flipped: bool = False) -> str:
    """What arrives when a scanner of one layout types into a computer of another."""
    keys, shown = "".join(LAYOUTS[scanner]), LAYOUTS[computer]
    levels = shown[::-1] if flipped else shown
    return text.translate(str.maketrans(keys, "".join(levels)))


@pytest.mark.parametrize(("scanner", "computer"), PAIRS)
@given(number=st.integers(0, 2**64))
def test_a_ticket_arrives_through_any_pair_of_layouts(
    scanner: str, computer: str, number: int
) -> None:
    """Letter for letter, also with Caps Lock on."""
    ticket = a_ticket(number)
    for flipped in (False, True):
        arrived = typed(ticket, scanner, computer, flipped=flipped)
        assert fold_text(meant(arrived, RING)) == ticket


@pytest.mark.parametrize(("scanner", "computer"), PAIRS)
@pytest.mark.parametrize("code", [DISCOUNT_CODE, "SUMMER-" + DISCOUNT_CODE.partition("-")[2]])
def test_a_discount_code_arrives_with_its_hyphen(scanner: str, computer: str, code: str) -> None:
    """A German computer makes an ß of it, a French one a bracket."""
    assert is_something(straighten(typed(code, scanner, computer)))


@given(st.text(max_size=200))
def test_any_text_is_put_straight_without_an_error(text: str) -> None:
    """Total; and what is straight stays so."""
    once = straighten(text)
    assert straighten(once) == once


@given(st.integers(0, 2**64))
def test_a_whole_ticket_is_left_alone(number: int) -> None:
    """Nothing is turned that was right."""
    ticket = a_ticket(number)
    assert meant(ticket, RING) == ticket


def test_a_forged_ticket_stays_what_it_is() -> None:
    """No layout makes it good, and it is told as forged, not as nothing."""
    text = forged(a_ticket())
    assert meant(text, RING) == text


@pytest.mark.parametrize(
    "text",
    [
        "e7k4qxc" + SHORT_CODE[-1].lower(),
        f" E7K4 \u2013 QXC{SHORT_CODE[-1]} ",
        f"E7K4.QXC{SHORT_CODE[-1]}",
        f"E7-K4-QX-C{SHORT_CODE[-1]}",
        f"]Q1E7K4-QXC{SHORT_CODE[-1]}",
        f"\x02E7K4-QXC{SHORT_CODE[-1]}\x03",
    ],
)
def test_a_short_code_may_be_typed_as_people_write(text: str) -> None:
    """Lower case, blanks, any dash, what a scanner puts around it."""
    assert is_something(straighten(text))


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        (a_ticket(), True),
        (SHORT_CODE, True),
        (WEB, False),
        ("Herrmann", False),
        ("E7K4QXC0", False),
        ("Jörg 2", False),
        ("", False),
    ],
)
def test_a_name_is_told_from_a_scanned_code(text: str, *, is_code: bool) -> None:
    """The search field gets both."""
    assert is_a_code(text) is is_code
