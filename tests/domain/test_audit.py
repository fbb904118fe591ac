"""What a line of the audit log holds, and what it never does."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import ticketing
from ticketing.domain.accounts import Role
from ticketing.domain.audit import HIDDEN, TEXT_LIMIT, Action, difference, plain
from ticketing.wire.texts import Localised


def test_only_what_changed_is_kept() -> None:
    """Of two states the fields that differ, new and gone ones too."""
    before = {"price_cents": 500, "slug": "day", "per_day": 1}
    after = {"price_cents": 700, "slug": "day", "active": True}
    assert difference(before, after) == (
        {"price_cents": 500, "per_day": 1, "active": None},
        {"price_cents": 700, "per_day": None, "active": True},
    )
    assert difference(before, before) == ({}, {})


def test_what_was_made_and_what_is_gone_is_kept_whole() -> None:
    """With nothing on the other side."""
    assert difference(None, {"slug": "day"}) == (None, {"slug": "day"})
    assert difference({"slug": "day"}, None) == ({"slug": "day"}, None)


@pytest.mark.parametrize(
    "name", ["holder", "code", "barcode", "text", "password", "pin", "token", "visitor"]
)
def test_a_private_field_is_named_and_not_told(name: str) -> None:
    """Somebody changed a name; which one it was is nobody's business."""
    assert difference({name: "Ada"}, {name: "Bo"}) == ({name: HIDDEN}, {name: HIDDEN})
    assert difference(None, {name: "Ada"}) == (None, {name: HIDDEN})
    assert difference({name: None}, {name: "Ada"}) == ({name: None}, {name: HIDDEN})


def test_a_private_field_within_another_is_not_told_either() -> None:
    """However deep it stands."""
    assert plain({"ticket": {"holder": "Ada", "party": 2}, "many": [{"code": "X"}]}) == {
        "ticket": {"holder": HIDDEN, "party": 2},
        "many": [{"code": HIDDEN}],
    }


@dataclass(frozen=True)
class Odd:
    """A value of no known kind."""

    pin: str = "271828"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        (Role.DESK, "desk"),
        (date(2026, 10, 4), "2026-10-04"),
        (datetime(2026, 10, 4, 12, tzinfo=UTC), "2026-10-04T12:00:00+00:00"),
        (timedelta(minutes=2), 120.0),
        (b"\x01\xff", "01ff"),
        (("a", 1), ["a", 1]),
        ({"b", "a"}, ["a", "b"]),
        (Localised("Tag", "Day"), {"de": "Tag", "en": "Day"}),
        (Odd(), {"pin": HIDDEN}),
        (1j, "1j"),
    ],
)
def test_values_are_kept_as_json_holds_them(value: object, kept: object) -> None:
    """Whatever a use case hands over."""
    assert plain(value) == kept


def test_a_long_text_is_cut() -> None:
    """The log is no archive."""
    assert plain("x" * 999) == "x" * TEXT_LIMIT + HIDDEN


def test_every_action_is_noted_somewhere() -> None:
    """The filter of the log offers nothing that never happens."""
    home = Path(ticketing.__file__).parent
    sources = [path.read_text("utf-8") for path in home.rglob("*.py")]
    code = "\n".join(text for text in sources if "class Action(" not in text)
    assert [one.name for one in Action if f".{one.name}" not in code] == []
