"""Public keys: what is trusted, what is refused."""

import pytest

from tests.wire.make_vectors import issuer_key, make_ring
from ticketing.wire.keys import (
    BadKey,
    Ed25519Verifier,
    KeyId,
    KeyRing,
    KeyState,
    PublicKey,
    is_low_order,
)

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ORDER = 2**252 + 27742317777372353535851937790883648493
_RING = make_ring()
_RAW = _RING.keys[0].raw

Point = tuple[int, int]


def _add(a: Point, b: Point) -> Point:
    """Addition on the curve of Ed25519, RFC 8032 section 5.1.4 in affine form."""
    product = _D * a[0] * b[0] * a[1] * b[1] % _P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, _P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, _P)
    return x % _P, y % _P


def _times(point: Point, factor: int) -> Point:
    total = (0, 1)
    for bit in f"{factor:b}":
        total = _add(total, total)
        total = _add(total, point) if bit == "1" else total
    return total


def _x_of(y: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    root = pow(square, (_P + 3) // 8, _P)
    if (root * root - square) % _P:
        root = root * pow(2, (_P - 1) // 4, _P) % _P
    return None if (root * root - square) % _P else root


def _low_order_ys() -> list[int]:
    """Found by arithmetic: a point times the prime order is left in the torsion of eight."""
    y = 1
    torsion: set[Point] = set()
    while len(torsion) < 8:
        y += 1
        x = _x_of(y)
        if x is not None:
            small = _times((x, y), _ORDER)
            torsion = {_times(small, n) for n in range(8)}
    canonical = {point[1] for point in torsion}
    return sorted(canonical | {y + _P for y in canonical if y + _P < 2**255})


_LOW = _low_order_ys()


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", _LOW)
def test_a_point_of_low_order_is_no_key(y: int, sign: int) -> None:
    """Eight times the point is nothing, in every encoding: anybody could sign under it."""
    x = _x_of(y % _P)
    assert x is not None
    assert _times((x, y % _P), 8) == (0, 1)
    raw = (y | sign << 255).to_bytes(32, "little")
    assert is_low_order(raw)
    with pytest.raises(BadKey):
        PublicKey(KeyId(1), KeyState.ACTIVE, raw)


def test_there_are_seven_such_heights() -> None:
    """Five canonical ones and two above the prime."""
    assert len(_LOW) == 7


def test_no_other_small_or_large_encoding_is_of_low_order() -> None:
    """Of the first and last thousand encodings only the listed ones are."""
    near = [*range(1000), *range(2**255 - 1000, 2**255)]
    found = {y for y in near if is_low_order(y.to_bytes(32, "little"))}
    assert found == {0, 1, _P - 1, _P, _P + 1}
    assert not is_low_order(_RAW)


@pytest.mark.parametrize("raw", [b"", bytes(31), _RAW + b"\0"])
def test_a_key_of_another_size_is_refused(raw: bytes) -> None:
    """Thirty-two bytes or nothing."""
    with pytest.raises(BadKey):
        PublicKey(KeyId(1), KeyState.ACTIVE, raw)


@pytest.mark.parametrize("number", [-1, 256])
def test_a_key_id_is_one_byte(number: int) -> None:
    """What fits no barcode is refused."""
    with pytest.raises(BadKey):
        PublicKey(KeyId(number), KeyState.ACTIVE, _RAW)


def test_no_id_stands_twice_in_a_ring() -> None:
    """Two keys under one id would let either sign."""
    with pytest.raises(BadKey):
        KeyRing((_RING.keys[0], _RING.keys[0]))


def test_a_ring_finds_its_keys() -> None:
    """By id, in every state; an unknown id gives nothing."""
    assert [_RING.find(KeyId(n)) for n in range(1, 6)] == list(_RING.keys)
    assert _RING.find(KeyId(6)) is None


def test_a_ring_survives_json_in_any_order() -> None:
    """The same keys have the same fingerprint, another state has another."""
    shuffled = KeyRing(_RING.keys[::-1])
    assert KeyRing.from_json(shuffled.to_json()).fingerprint() == _RING.fingerprint()
    assert len(_RING.fingerprint()) == 43
    fewer = KeyRing(_RING.keys[1:])
    assert fewer.fingerprint() != _RING.fingerprint()


_GOOD = _RING.to_json()[0]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        "keys",
        [None],
        [{}],
        [dict(_GOOD) | {"id": "1"}],
        [dict(_GOOD) | {"id": True}],
        [dict(_GOOD) | {"state": "good"}],
        [dict(_GOOD) | {"public_key": "*"}],
        [dict(_GOOD) | {"public_key": "AA"}],
        [dict(_GOOD) | {"public_key": "A" * 43}],
        [_GOOD, _GOOD],
    ],
)
def test_rubbish_is_no_ring(data: object) -> None:
    """Whatever a message brings, the refusal is a BadKey."""
    with pytest.raises(BadKey):
        KeyRing.from_json(data)


def test_this_side_cannot_sign() -> None:
    """The verifier holds public keys only."""
    with pytest.raises(NotImplementedError):
        Ed25519Verifier().get_signature(_RAW, b"value")


def test_the_verifier_takes_no_other_signature() -> None:
    """Not of another value, key or length, and no key of another length."""
    check = Ed25519Verifier().verify_signature
    signature = issuer_key(1).sign(b"value")
    assert check(_RAW, b"value", signature)
    assert not check(_RAW, b"other", signature)
    assert not check(_RING.keys[1].raw, b"value", signature)
    assert not check(_RAW, b"value", signature[:63])
    assert not check(_RAW[:31], b"value", signature)
