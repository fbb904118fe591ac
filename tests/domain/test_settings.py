"""What a house sets itself: as facts, laid over the museum, within bounds."""

from typing import Any

import pytest

from tests.factories import a_museum
from ticketing.domain import DomainError, FieldError
from ticketing.domain.calendars import BadCalendar
from ticketing.domain.retention import Kept
from ticketing.domain.settings import BadSetting, Part, checked, facts_of, laid_over


@pytest.mark.parametrize("part", Part)
def test_its_own_facts_change_nothing(part: Part) -> None:
    """Each part is written and read back whole, and can be."""
    museum = a_museum(capacity=80)
    assert laid_over(museum, part, facts_of(museum, part)) == museum
    assert checked(museum, part) is museum


def test_a_part_changes_nothing_else() -> None:
    """Hours, what the museum says of itself, and how long things are kept."""
    museum = a_museum()
    assert laid_over(museum, Part.OPENING, {}).hours.weekly == (None,) * 7
    renamed = laid_over(museum, Part.MUSEUM, {"name": "Haus am Tor", "lines": ["Tor 1"]})
    assert renamed == a_museum(name="Haus am Tor", address=("Tor 1",))
    kept = laid_over(museum, Part.RETENTION, {"messages_days": 30})
    assert kept == a_museum(kept=Kept(messages_days=30, tickets_days=30))


@pytest.mark.parametrize(
    ("part", "fact", "value", "problem"),
    [
        (Part.MUSEUM, "name", " ", "length"),
        (Part.MUSEUM, "name", "x" * 101, "length"),
        (Part.MUSEUM, "lines", ["x"] * 7, "too_many"),
        (Part.MUSEUM, "lines", ["x" * 101], "length"),
        (Part.MUSEUM, "lines", [""], "length"),
        (Part.MUSEUM, "contact", "somebody", "no_address"),
        (Part.MUSEUM, "contact", "x" * 100 + "@example.org", "length"),
        (Part.MUSEUM, "capacity", -1, "range"),
        (Part.MUSEUM, "capacity", 100_001, "range"),
        (Part.MUSEUM, "knowledge_days", 367, "range"),
        (Part.MUSEUM, "knowledge_days", -1, "range"),
        (Part.RETENTION, "messages_days", 6, "range"),
        (Part.RETENTION, "tickets_days", 366, "range"),
    ],
)
def test_what_cannot_be_is_named(part: Part, fact: str, value: Any, problem: str) -> None:
    """By its fact and a fixed word."""
    with pytest.raises(BadSetting) as refused:
        checked(laid_over(a_museum(), part, {fact: value}), part)
    assert FieldError(fact, problem) in refused.value.errors


def test_opening_hours_have_rules_of_their_own() -> None:
    """They close after they open."""
    with pytest.raises(BadCalendar):
        checked(laid_over(a_museum(), Part.OPENING, {"mon": "18:00-10:00"}), Part.OPENING)
    assert issubclass(BadCalendar, DomainError)
