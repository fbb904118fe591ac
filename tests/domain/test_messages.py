"""What is said, stored and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.messages import (
    BadContent,
    Button,
    Choices,
    Content,
    Text,
    TicketPicture,
    content_from_json,
    kept,
    storable,
)
from ticketing.wire.token import TicketId

CONTENTS: list[Content] = [
    Text("Grüß dich"),
    Text("Nein, danke", "consent:news:no"),
    Choices("Darf ich?", (Button("yes", "Ja"), Button("no", "Nein")), ask=True),
    Choices("Menü", ()),
    TicketPicture(TicketId(b"1" * 15), "Hier ist es", "Ticket mit Barcode"),
]


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_read_is_what_was_stored(content: Content) -> None:
    """Each kind in its agreed shape."""
    assert content_from_json(content.kind.value, content.to_json()) == content


def test_the_shapes_are_the_agreed_ones() -> None:
    """Pages and channels read these fields; a barcode is in none."""
    assert [content.to_json() for content in CONTENTS] == [
        {"text": "Grüß dich"},
        {"text": "Nein, danke", "choice": "consent:news:no"},
        {
            "text": "Darf ich?",
            "choices": [{"id": "yes", "label": "Ja"}, {"id": "no", "label": "Nein"}],
            "ask": True,
        },
        {"text": "Menü", "choices": [], "ask": False},
        {"ticket": "31" * 15, "text": "Hier ist es", "caption": "Ticket mit Barcode"},
    ]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("song", {"text": "la"}),
        ("text", None),
        ("text", {}),
        ("text", {"text": 7}),
        ("choices", {"text": "a", "choices": [{"id": "x"}], "ask": False}),
        ("choices", {"text": "a", "choices": 7, "ask": False}),
        ("ticket", {"ticket": "zz", "text": "a", "caption": "b"}),
        ("ticket", {"ticket": 7, "text": "a", "caption": "b"}),
    ],
)
def test_rubbish_is_refused_without_repeating_it(kind: str, data: object) -> None:
    """The error holds nothing of what was stored."""
    with pytest.raises(BadContent) as caught:
        content_from_json(kind, data)
    assert str(caught.value) == "a stored message has another shape"
    assert caught.value.__cause__ is None


def test_a_button_is_found_by_its_id() -> None:
    """Or not at all."""
    menu = Choices("?", (Button("a", "Alpha"),))
    assert (menu.label_of("a"), menu.label_of("b")) == ("Alpha", None)


def test_of_an_over_long_text_only_the_beginning_is_kept() -> None:
    """2,000 characters are kept whole."""
    assert kept("x" * 2000) == "x" * 2000
    assert kept("x" * 2001) == "x" * 200 + " …"


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_stored(text: str) -> None:
    """Neither NUL nor half a surrogate pair is left, which databases refuse."""
    found = storable(text)
    assert "\0" not in found
    assert found.encode("utf-8").decode("utf-8") == found
