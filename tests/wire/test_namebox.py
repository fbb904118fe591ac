"""The box that only the presented barcode opens."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.make_vectors import PAYLOAD, live_head, sign_payload
from ticketing.wire.contexts import CONTEXT_NAME
from ticketing.wire.namebox import name_key, open_name, seal_name

_RAW = sign_payload(PAYLOAD, 1)
_OTHER = sign_payload(PAYLOAD[:17] + b"\x20" + PAYLOAD[18:], 1)
_NONCE = bytes(range(12))
_names = st.text(st.characters(codec="utf-8"), max_size=120)


@given(name=_names, nonce=st.binary(min_size=12, max_size=12))
def test_a_name_survives_its_box(name: str, nonce: bytes) -> None:
    """Cut at 190 bytes on a character, in a box of 93, 157 or 221 bytes."""
    box = seal_name(_RAW, name, nonce)
    opened = open_name(_RAW, box)
    assert opened is not None
    assert name.startswith(opened)
    assert opened == name or 187 <= len(opened.encode()) <= 190
    assert len(box) in {93, 157, 221}


def test_most_boxes_are_of_one_size() -> None:
    """The size class tells little: every name to 63 bytes has the same."""
    assert {len(seal_name(_RAW, "x" * n, _NONCE)) for n in range(64)} == {93}


def test_a_live_ticket_opens_its_own_box() -> None:
    """The key is made from the 128 bytes of the head."""
    head = live_head()
    assert open_name(head, seal_name(head, "Zoë", _NONCE)) == "Zoë"


@given(index=st.integers(0, 92), bits=st.integers(1, 255))
def test_a_changed_box_shows_no_name(index: int, bits: int) -> None:
    """Version, nonce, text and tag all count."""
    box = bytearray(seal_name(_RAW, "Zoë Müßig", _NONCE))
    box[index] ^= bits
    assert open_name(_RAW, bytes(box)) is None


@given(st.binary(max_size=200))
def test_rubbish_shows_no_name(box: bytes) -> None:
    """Whatever a station has stored, the verdict stands and no name is shown."""
    assert open_name(_RAW, box) is None
    assert open_name(_RAW, b"\x01" + box) is None


def test_another_issue_shows_no_name() -> None:
    """A reissued barcode does not open the old box."""
    assert open_name(_OTHER, seal_name(_RAW, "Zoë Müßig", _NONCE)) is None


@pytest.mark.parametrize("plain", [b"", b"\x01\xff"])
def test_a_sealed_text_that_is_no_name_is_not_shown(plain: bytes) -> None:
    """Rightly sealed, but empty or no UTF-8."""
    aad = CONTEXT_NAME + _RAW[2:18]
    sealed = ChaCha20Poly1305(name_key(_RAW)).encrypt(_NONCE, plain, aad)
    assert open_name(_RAW, b"\x01" + _NONCE + sealed) is None


def test_a_nonce_has_twelve_bytes() -> None:
    """Any other is a mistake of the caller."""
    with pytest.raises(ValueError, match="12 bytes"):
        seal_name(_RAW, "Zoë", bytes(11))
