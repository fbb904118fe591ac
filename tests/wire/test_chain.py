"""The journal's canonical body and its chain."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.wire.chain import BadBody, EntryHash, JournalId, canonical_body, entry_hash, h0
from ticketing.wire.codec import from_base32hex, from_base64url, to_base32hex, to_base64url

_ID = JournalId(bytes(range(16)))
_text = st.text('aZ9äß名\u2028"\\\0 ', max_size=6)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | _text,
    lambda inner: st.lists(inner) | st.dictionaries(_text, inner),
    max_leaves=8,
)


@given(st.dictionaries(_text, _values))
def test_a_body_has_one_form(body: dict[str, object]) -> None:
    """Read back it is the same, and it does not mind the order of its keys."""
    canonical = canonical_body(body)
    assert json.loads(canonical) == body
    assert canonical_body(dict(reversed(body.items()))) == canonical


def test_a_body_is_sorted_utf8_without_blanks() -> None:
    """Written out once, as the protocol says."""
    body = {"why": "Müßig", "at": 1, "checks": ["proof"], "by": None}
    assert canonical_body(body) == ('{"at":1,"by":null,"checks":["proof"],"why":"Müßig"}'.encode())


@pytest.mark.parametrize(
    "body",
    [
        {"a": 1.0},
        {"a": [{"b": float("nan")}]},
        {"a": (0.5,)},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"a": {1: "number as key"}},
        {"a": "\ud800"},
    ],
)
def test_a_body_without_canonical_form_is_refused(body: dict[str, object]) -> None:
    """Fractions, bytes, sets, keys that are no text, and text that is no Unicode."""
    with pytest.raises(BadBody):
        canonical_body(body)


def test_every_part_of_an_entry_counts() -> None:
    """Another journal, number, predecessor or body is another hash."""
    first = h0(_ID, bytes(32))
    hashes = {
        first,
        h0(_ID, bytes(31) + b"\1"),
        h0(JournalId(bytes(16)), bytes(32)),
        entry_hash(_ID, 1, first, b"{}"),
        entry_hash(_ID, 2, first, b"{}"),
        entry_hash(_ID, 1, EntryHash(bytes(32)), b"{}"),
        entry_hash(_ID, 1, first, b"{ }"),
        entry_hash(JournalId(bytes(16)), 1, first, b"{}"),
    }
    assert len(hashes) == 8


@given(st.binary(max_size=200))
def test_bytes_survive_both_alphabets(raw: bytes) -> None:
    """There and back."""
    assert from_base32hex(to_base32hex(raw)) == raw
    assert from_base64url(to_base64url(raw)) == raw


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "A A", "AAA\u00e4", "****", "AA/+", "AAA"])
def test_what_is_not_canonical_has_no_bytes(text: str) -> None:
    """Spare bits, padding, blanks and signs are refused, not repaired."""
    url = from_base64url(text)
    assert url is None or to_base64url(url) == text
    assert from_base32hex(text + "*") is None
    assert from_base32hex("01") is None
    assert from_base64url("A") is None
    assert from_base64url("AB") is None
    assert from_base64url("AA==") is None
