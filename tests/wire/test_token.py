"""Claims to barcode and back, and what never verifies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire import strategies as any_
from tests.wire.make_vectors import (
    PAYLOAD,
    issuer_key,
    live_head,
    live_raw,
    make_ring,
    phone_key,
    public_x,
    sign_payload,
)
from ticketing.wire.codec import BASE32HEX, to_base32hex
from ticketing.wire.keys import KeyId, KeyRing
from ticketing.wire.live import is_on_curve
from ticketing.wire.token import (
    CONTEXT_JOURNAL,
    CONTEXT_JOURNAL_SIGNATURE,
    CONTEXT_LIVE,
    CONTEXT_NAME,
    CONTEXT_TICKET,
    BadClaims,
    BadToken,
    Claims,
    Flag,
    Forged,
    Malformed,
    TicketId,
    UnknownKey,
    Unsupported,
    encode,
    signed_bytes,
    verify,
)
from ticketing.wire.verdict import Reason

_RING = make_ring()
_RAW = sign_payload(PAYLOAD, 1)
_TEXT = to_base32hex(_RAW)
_LIVE = to_base32hex(live_raw(live_head()))
_CLAIMS = Claims.from_payload(PAYLOAD)


def _signed(claims: Claims) -> str:
    return encode(claims, issuer_key(1).sign(signed_bytes(claims)))


@given(any_.claims)
def test_claims_survive_the_barcode(claims: Claims) -> None:
    """What was signed is what is read, in 154 characters of digits and A to V."""
    signed = replace(claims, key_id=KeyId(1))
    text = _signed(signed)
    token = verify(text, _RING)
    assert token.claims == signed
    assert token.text == text
    assert len(text) == 154
    assert set(text) <= set(BASE32HEX)


@given(index=st.integers(0, 95), bits=st.integers(1, 255))
def test_no_changed_byte_verifies(index: int, bits: int) -> None:
    """Every one-byte change of a barcode is refused."""
    raw = bytearray(_RAW)
    raw[index] ^= bits
    with pytest.raises(BadToken):
        verify(to_base32hex(bytes(raw)), _RING)


@given(index=st.integers(0, 153), symbol=st.sampled_from(BASE32HEX + "WXYZ-._ß"))
def test_no_changed_character_verifies(index: int, symbol: str) -> None:
    """Every one-character change is refused, the three texts of the same bytes too."""
    if _TEXT[index] != symbol:
        with pytest.raises(BadToken):
            verify(_TEXT[:index] + symbol + _TEXT[index + 1 :], _RING)


@given(index=st.integers(0, 313), symbol=st.sampled_from(BASE32HEX))
def test_no_changed_character_of_a_live_ticket_verifies(index: int, symbol: str) -> None:
    """The same for a live ticket, its proof included."""
    if _LIVE[index] != symbol:
        with pytest.raises(BadToken):
            verify(_LIVE[:index] + symbol + _LIVE[index + 1 :], _RING)


@given(st.text() | st.binary() | st.text(BASE32HEX, min_size=38, max_size=330).map("04".__add__))
def test_nothing_but_a_bad_token_comes_of_any_text(text: str | bytes) -> None:
    """Whatever is read, the refusal is a BadToken."""
    with pytest.raises(BadToken):
        verify(text, _RING)


@given(st.binary(min_size=30, max_size=30), st.sampled_from([154, 205, 314]))
def test_nothing_but_a_bad_token_comes_of_any_bytes(payload: bytes, length: int) -> None:
    """Bytes of the right shape and any content are no ticket either."""
    start = b"\x01\x01" if length == 154 else b"\x02\x01"
    raw = (start + payload + bytes(200))[: length * 5 // 8]
    with pytest.raises(BadToken):
        verify(to_base32hex(raw), _RING)


@given(st.lists(st.integers(0, 153), max_size=5))
def test_blanks_and_lower_case_do_no_harm(places: list[int]) -> None:
    """Verify takes what classify folds, as text and as bytes."""
    text = _TEXT.lower()
    for place in places:
        text = f"{text[:place]} \n{text[place:]}"
    assert verify(text, _RING).raw == _RAW
    assert verify(text.encode(), _RING).raw == _RAW


def test_only_one_of_four_texts_is_valid() -> None:
    """Four last characters decode to the same bytes; the canonical one alone is a ticket."""
    good = []
    for last in BASE32HEX:
        try:
            good.append(verify(_TEXT[:-1] + last, _RING))
        except BadToken as bad:
            assert bad.reason in {Reason.MALFORMED, Reason.FORGED}  # noqa: PT017 - both may come
    assert len(good) == 1


def test_the_digest_is_of_bytes() -> None:
    """Sixteen bytes, the same for every way of typing the text."""
    assert verify(_TEXT, _RING).digest == verify(_TEXT.lower(), _RING).digest
    assert len(verify(_TEXT, _RING).digest) == 16


def test_a_forged_ticket_shows_what_it_pretends_to_be() -> None:
    """The record of a refused ticket keeps its claims, the message nothing."""
    raw = _RAW[:95] + bytes([_RAW[95] ^ 1])
    with pytest.raises(Forged) as caught:
        verify(to_base32hex(raw), _RING)
    assert caught.value.claims == _CLAIMS
    assert str(caught.value) == caught.value.detail == "the issuer's signature does not hold"


def test_an_empty_ring_knows_no_key() -> None:
    """A station without keys refuses for the key, not for the signature."""
    with pytest.raises(UnknownKey) as caught:
        verify(_TEXT, KeyRing(()))
    assert caught.value.claims == _CLAIMS


def test_a_later_flag_shows_that_the_signature_held() -> None:
    """Its claims come along, those of a later format do not."""
    with pytest.raises(Unsupported) as caught:
        verify(to_base32hex(sign_payload(PAYLOAD[:31] + b"\x20", 1)), _RING)
    assert caught.value.claims is not None
    with pytest.raises(Unsupported) as caught:
        verify(to_base32hex(sign_payload(b"\x05" + PAYLOAD[1:], 1)), _RING)
    assert caught.value.claims is None


def test_a_live_ticket_says_when_the_phone_signed() -> None:
    """The proof gives an aware time, the head alone none; both have the same digest."""
    whole, head = verify(_LIVE, _RING), verify(to_base32hex(live_head()), _RING)
    assert whole.live is not None
    assert whole.live.signed_at == datetime.fromtimestamp(1_740_000_000, UTC)
    assert head.live is not None
    assert head.live.signed_at is None
    assert whole.digest == head.digest
    assert whole.text == head.text


def test_a_live_ticket_is_made_of_claims_and_a_key() -> None:
    """Encode gives the head of 205 characters."""
    claims = replace(_CLAIMS, format=2, flags=Flag.LIVE_REQUIRED)
    key = public_x(phone_key())
    signature = issuer_key(1).sign(signed_bytes(claims, public_x=key))
    text = encode(claims, signature, public_x=key)
    assert len(text) == 205
    assert verify(text, _RING).claims == claims
    assert is_on_curve(key)
    assert not is_on_curve(b"\xff" * 32)


_NAIVE = _CLAIMS.not_before.replace(tzinfo=None)


@pytest.mark.parametrize(
    "claims",
    [
        replace(_CLAIMS, ticket_id=TicketId(bytes(14))),
        replace(_CLAIMS, party=0),
        replace(_CLAIMS, party=256),
        replace(_CLAIMS, entries=-1),
        replace(_CLAIMS, issue=256),
        replace(_CLAIMS, offer=2**24),
        replace(_CLAIMS, key_id=KeyId(256)),
        replace(_CLAIMS, flags=Flag(16)),
        replace(_CLAIMS, flags=Flag(256)),
        replace(_CLAIMS, format=3),
        replace(_CLAIMS, format=2),
        replace(_CLAIMS, not_before=_NAIVE),
        replace(_CLAIMS, not_before=_CLAIMS.not_before + timedelta(seconds=1)),
        replace(_CLAIMS, not_before=datetime(1969, 12, 31, tzinfo=UTC)),
    ],
)
def test_claims_that_fit_no_barcode_are_not_signed(claims: Claims) -> None:
    """An issuer's mistake is refused before it is signed."""
    with pytest.raises(BadClaims):
        signed_bytes(claims)


def test_a_live_ticket_carries_its_flag() -> None:
    """A reader of format 1 alone would take it for an entrance otherwise."""
    with pytest.raises(BadClaims):
        signed_bytes(replace(_CLAIMS, format=2), public_x=bytes(32))


def test_a_key_belongs_to_live_tickets_only() -> None:
    """A format-1 ticket takes none, and a signature has 64 bytes."""
    with pytest.raises(BadClaims):
        signed_bytes(_CLAIMS, public_x=bytes(32))
    with pytest.raises(BadClaims):
        encode(_CLAIMS, bytes(63))


@pytest.mark.parametrize("payload", [b"", PAYLOAD[:-1], PAYLOAD + b"\0", b"\3" + PAYLOAD[1:]])
def test_a_payload_of_another_shape_is_malformed(payload: bytes) -> None:
    """Thirty-two bytes of a known format, nothing else."""
    with pytest.raises(Malformed):
        Claims.from_payload(payload)


def test_no_context_begins_another() -> None:
    """Nothing signed for one purpose passes for another."""
    contexts = {
        CONTEXT_TICKET,
        CONTEXT_NAME,
        CONTEXT_JOURNAL,
        CONTEXT_JOURNAL_SIGNATURE,
        CONTEXT_LIVE,
    }
    assert len(contexts) == 5
    assert not [(a, b) for a in contexts for b in contexts if a != b and a.startswith(b)]
