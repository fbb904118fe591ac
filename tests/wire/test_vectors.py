"""The golden vectors, and the figures of the protocol written out once more."""

import json
from typing import Any

import pytest

from tests.wire.make_vectors import FILE, dump
from ticketing.wire.chain import EntryHash, JournalId, entry_hash, h0, is_signed
from ticketing.wire.check import CodeKind, check_character, is_valid
from ticketing.wire.keys import KeyRing
from ticketing.wire.namebox import name_key, open_name, seal_name
from ticketing.wire.token import BadToken, Claims, verify

_VECTORS = json.loads(FILE.read_text("utf-8"))
_RING = KeyRing.from_json(_VECTORS["keys"])
_TEXT = (
    "040H048I2CA1A5GN30CHK6OS3KF1U0000S0RL0A006T8DO01080DH4M7G0RSA24VE1OKC08TBG6MIL6V5VIBGGLE3G0"
    "RLK585HN0S8FMTFC5TP76EI9NEBK110FIBAP6JRQP3DQQPJ897J8J5C7MLCN71K"
)
_BOX = (
    "01000102030405060708090a0b177ddecdd24b3ee66e32ab86855bf650f58c43c55b7591a5f8762c584ae5681471"
    "f93915cfc300233edb7f7324d0dfa0a7970bc272e9ce601676d99bd8bdac2670e13621abf687819ae2d30540b99e"
    "f3"
)


def _named(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"argvalues": rows, "ids": [row["name"] for row in rows]}


def test_the_file_is_what_the_script_makes() -> None:
    """Made again, the vectors are the same byte for byte."""
    assert FILE.read_text("utf-8") == dump()


def test_the_file_holds_enough() -> None:
    """At least twelve good barcodes and thirty bad ones, each under its own name."""
    names = [row["name"] for row in _VECTORS["good"] + _VECTORS["bad"]]
    assert len(_VECTORS["good"]) >= 12
    assert len(_VECTORS["bad"]) >= 30
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("row", **_named(_VECTORS["good"]))
def test_a_good_barcode_verifies(row: dict[str, Any]) -> None:
    """Payload, digest and state of the key are those written down."""
    token = verify(row["text"], _RING)
    assert token.claims.payload().hex() == row["payload"]
    assert token.digest.hex() == row["digest"]
    assert token.key_state == row["key_state"]
    signed_at = token.live and token.live.signed_at
    assert (signed_at and signed_at.timestamp()) == row["live_at_s"]


@pytest.mark.parametrize("row", **_named(_VECTORS["bad"]))
def test_a_bad_barcode_is_refused_for_its_reason(row: dict[str, Any]) -> None:
    """Each says why, as text and as bytes, and never repeats the text."""
    with pytest.raises(BadToken) as caught:
        verify(row["text"], _RING)
    assert caught.value.reason == row["reason"]
    assert not row["text"] or row["text"] not in str(caught.value)
    with pytest.raises(BadToken):
        verify(row["text"].encode("utf-8"), _RING)


def test_the_protocols_barcode() -> None:
    """Seed, payload and text are those of the page that two implementations agree on."""
    raw = bytes.fromhex(_VECTORS["payload"])
    assert raw.hex() == "0101101112131415161718191a1b1c1d1e1f00000701ba814001ba86e0010200"
    assert verify(_TEXT, _RING).claims == Claims.from_payload(raw)
    assert _VECTORS["good"][0]["text"] == _TEXT
    key = _RING.keys[0].raw.hex()
    assert key.startswith("03a107bf")
    assert key.endswith("5531b8")


def test_the_protocols_name_box() -> None:
    """Key and box of the name are those of the page."""
    raw = verify(_TEXT, _RING).raw
    assert name_key(raw).hex() == "930ff3fd4c4cc0b5454cdebded52fca8394c807bb69a560bc9293aff3f645579"
    assert seal_name(raw, "Zoë Müßig", bytes(range(12))).hex() == _BOX
    assert open_name(raw, bytes.fromhex(_BOX)) == "Zoë Müßig"


@pytest.mark.parametrize("row", _VECTORS["name_box"]["boxes"])
def test_a_name_box_of_the_file(row: dict[str, Any]) -> None:
    """Each box is made again and opens to its name, cut at 190 bytes on a character."""
    raw, nonce = verify(_TEXT, _RING).raw, bytes.fromhex(_VECTORS["name_box"]["nonce"])
    assert seal_name(raw, row["name"], nonce).hex() == row["box"]
    opened = open_name(raw, bytes.fromhex(row["box"]))
    assert opened is not None
    assert row["name"].startswith(opened)
    assert len(opened.encode()) <= 190


def test_the_protocols_journal() -> None:
    """The hash before the first entry is that of the page."""
    assert _VECTORS["journal"]["h0"] == (
        "afb5d41b200f999938c0120278e2416131ff9a18cfc006e63b6bb56fefb5fcdb"
    )


def test_the_journal_of_the_file() -> None:
    """Every entry hashes and verifies under the station's key, and under no other."""
    journal = _VECTORS["journal"]
    journal_id = JournalId(bytes.fromhex(journal["journal_id"]))
    key = bytes.fromhex(journal["station_public_key"])
    head = h0(journal_id, key)
    assert head.hex() == journal["h0"]
    for entry in journal["entries"]:
        head = entry_hash(journal_id, entry["n"], head, entry["body"].encode())
        assert head.hex() == entry["h"]
        signature = bytes.fromhex(entry["sig"])
        assert is_signed(head, signature, station_public_key=key)
        assert not is_signed(head, signature, station_public_key=_RING.keys[0].raw)
        assert not is_signed(EntryHash(bytes(32)), signature, station_public_key=key)


@pytest.mark.parametrize(
    ("data", "kind", "check"),
    [
        ("00000000000", 0, "0"),
        ("0123456789A", 0, "M"),
        ("ZZZZZZZZZZZ", 0, "K"),
        ("K7Q2M9X4T8B", 0, "R"),
        ("10000000000", 0, "7"),
        ("00000000001", 0, "2"),
        ("7H3KQ9ZD2", 0, "A"),
        ("0123456789A", 1, "N"),
    ],
)
def test_the_protocols_check_characters(data: str, kind: int, check: str) -> None:
    """The characters are those of the page; another kind never passes."""
    assert check_character(data, CodeKind(kind)) == check
    assert is_valid(data + check, CodeKind(kind))
    assert not any(is_valid(data + check, other) for other in CodeKind if other != kind)


@pytest.mark.parametrize("row", _VECTORS["check_characters"])
def test_a_check_character_of_the_file(row: dict[str, Any]) -> None:
    """Each is made again."""
    assert check_character(row["data"], CodeKind(row["kind"])) == row["check"]
