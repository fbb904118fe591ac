"""Makes `ticketing/wire/vectors.json`: `python -m tests.wire.make_vectors`.

Everything follows from fixed seeds, so two runs give the same bytes. The keys here are
published: they are for tests alone.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

import ticketing.wire
from ticketing.wire.chain import EntryHash, JournalId, entry_hash, h0, signature_message
from ticketing.wire.check import CodeKind, check_character
from ticketing.wire.codec import BASE32HEX, to_base32hex
from ticketing.wire.keys import KeyId, KeyRing, KeyState, PublicKey
from ticketing.wire.live import is_on_curve, proof_message
from ticketing.wire.namebox import name_key, seal_name
from ticketing.wire.token import (
    CONTEXT_NAME,
    CONTEXT_TICKET,
    Claims,
    Flag,
    encode,
    signed_bytes,
    verify,
)

FILE = Path(ticketing.wire.__file__).parent / "vectors.json"
PAYLOAD = bytes.fromhex("0101101112131415161718191a1b1c1d1e1f00000701ba814001ba86e0010200")
SIGNED_AT_S = 1_740_000_000
_ORDER = 2**252 + 27742317777372353535851937790883648493
_STATES = ("active", "next", "verify", "retired", "compromised")


def issuer_key(number: int) -> Ed25519PrivateKey:
    """The private key behind key id `number`; key 1 has the seed 00 to 1f."""
    seed = bytes(range(32)) if number == 1 else hashlib.sha256(bytes([number])).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def make_ring() -> KeyRing:
    """Keys 1 to 5, one in each state."""
    return KeyRing(
        tuple(
            PublicKey(
                KeyId(number), KeyState(state), issuer_key(number).public_key().public_bytes_raw()
            )
            for number, state in enumerate(_STATES, 1)
        )
    )


def phone_key(seed: int = 1) -> EllipticCurvePrivateKey:
    """The first key from `seed` on whose public y is even, as a browser draws it."""
    while True:
        key = derive_private_key(seed, SECP256R1())
        if key.public_key().public_numbers().y % 2 == 0:
            return key
        seed += 1


def public_x(key: EllipticCurvePrivateKey) -> bytes:
    """The 32 bytes that go into a live ticket."""
    return key.public_key().public_numbers().x.to_bytes(32, "big")


def sign_payload(payload: bytes, number: int, *, context: bytes = CONTEXT_TICKET) -> bytes:
    """Payload (and x) with the signature of a key behind it."""
    return payload + issuer_key(number).sign(context + payload)


def good_claims() -> dict[str, Claims]:
    """Claims of good format-1 tickets, by name."""
    base = Claims.from_payload(PAYLOAD)
    return {
        "the vector of the protocol": base,
        "issue 0, one person": replace(base, issue=0, party=1),
        "unlimited entries": replace(base, entries=0),
        "255 entries, 255 persons": replace(base, entries=255, party=255),
        "the largest offer": replace(base, offer=2**24 - 1, issue=255),
        "from 1970 on": replace(
            base, not_before=Claims.from_payload(bytes([1, 1] + [0] * 28 + [1, 0])).not_before
        ),
        "proof to be checked": replace(base, flags=Flag.PROOF),
        "identity to be checked": replace(base, flags=Flag.IDENTITY),
        "only with the service": replace(base, flags=Flag.ONLINE_ONLY),
        "a live ticket is required": replace(base, flags=Flag.LIVE_REQUIRED),
        "every flag": replace(base, flags=Flag(15)),
        "under the next key": replace(base, key_id=KeyId(2)),
        "under a key that only verifies": replace(base, key_id=KeyId(3)),
        "under a compromised key": replace(base, key_id=KeyId(5)),
    }


def live_head(*, number: int = 1, key: EllipticCurvePrivateKey | None = None) -> bytes:
    """The 128 bytes of a live ticket's head."""
    body = bytes([2, number]) + PAYLOAD[2:31] + b"\x08" + public_x(key or phone_key())
    return sign_payload(body, number)


def live_raw(head: bytes, *, key: EllipticCurvePrivateKey | None = None) -> bytes:
    """Head, time and the phone's signature: 196 bytes. RFC 6979, so that it is the same again."""
    seconds = SIGNED_AT_S.to_bytes(4, "big")
    algorithm = ECDSA(SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature((key or phone_key()).sign(proof_message(head, seconds), algorithm))
    return head + seconds + r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _good() -> Iterator[tuple[str, str]]:
    for name, claims in good_claims().items():
        signature = issuer_key(claims.key_id).sign(signed_bytes(claims))
        yield name, encode(claims, signature)
    head = live_head()
    yield "the head of a live ticket", to_base32hex(head)
    yield "a live ticket", to_base32hex(live_raw(head))
    text = to_base32hex(sign_payload(PAYLOAD, 1))
    yield "typed in lower case", text.lower()
    yield "typed in blocks", " ".join(text[i : i + 7] for i in range(0, 154, 7)) + "\n"


def _bad_texts() -> Iterator[tuple[str, str, str]]:
    text = to_base32hex(sign_payload(PAYLOAD, 1))
    last = BASE32HEX.index(text[-1])
    for step in (1, 2, 3):
        other = BASE32HEX[last - last % 4 + (last + step) % 4]
        yield f"same bytes, other last character {step}", text[:-1] + other, "malformed"
    yield "one character short", text[:-1], "malformed"
    yield "one character long", text + "0", "malformed"
    yield "forty characters of one", text[:40], "malformed"
    yield "thirty-nine characters of one", text[:39], "malformed"
    yield "a letter outside the alphabet", text[:80] + "W" + text[81:], "malformed"
    yield "a letter that only upper() makes one", text[:80] + "\u017f" + text[81:], "malformed"
    yield "padding", text + "======", "malformed"
    yield "a hyphen inside", text[:77] + "-" + text[77:], "malformed"
    yield "nothing", "", "malformed"
    yield "a web address", "https://example.org/t/" + text, "malformed"
    yield "format 0", to_base32hex(b"\0" + sign_payload(PAYLOAD, 1)[1:]), "malformed"
    live = to_base32hex(live_raw(live_head()))
    yield "a live ticket cut at 204", live[:204], "malformed"
    yield "a live ticket cut at 313", live[:313], "malformed"
    yield "a format-1 ticket of 205 characters", text + "0" * 51, "malformed"


def _bad_payloads() -> Iterator[tuple[str, str, str]]:
    def signed(payload: bytes, number: int = 1) -> str:
        return to_base32hex(sign_payload(payload, number))

    yield "a party of nobody", signed(PAYLOAD[:30] + b"\0\0"), "malformed"
    yield (
        "a time beyond the year 9999",
        signed(PAYLOAD[:25] + b"\xff" * 4 + PAYLOAD[29:]),
        "malformed",
    )
    body = b"\x02" + PAYLOAD[1:] + public_x(phone_key())
    yield "a live ticket without its flag", signed(body), "malformed"
    yield "flag bit 4", signed(PAYLOAD[:31] + b"\x10"), "unsupported"
    yield "flag bit 7 among known ones", signed(PAYLOAD[:31] + b"\x81"), "unsupported"
    yield "format 3", signed(b"\x03" + PAYLOAD[1:]), "unsupported"
    yield "format 31", signed(b"\x1f" + PAYLOAD[1:]), "unsupported"
    yield "format 4, longer", signed(b"\x04" + PAYLOAD[1:] + bytes(64)), "unsupported"
    yield "a key nobody has", signed(b"\x01\x09" + PAYLOAD[2:]), "unknown_key"
    yield "key 0", signed(b"\x01\x00" + PAYLOAD[2:]), "unknown_key"
    yield "a retired key", signed(b"\x01\x04" + PAYLOAD[2:], 4), "unknown_key"
    yield "a flag of later and a wrong signature", _flipped(31, 0x10), "forged"


def _flipped(index: int, bits: int = 1) -> str:
    raw = bytearray(sign_payload(PAYLOAD, 1))
    raw[index] ^= bits
    return to_base32hex(bytes(raw))


def _forged() -> Iterator[tuple[str, str, str]]:
    fields = {
        "ticket id": 2,
        "issue": 17,
        "offer": 20,
        "start": 24,
        "end": 28,
        "entries": 29,
        "party": 30,
        "flags": 31,
        "first byte of the signature": 32,
        "last byte of the signature": 95,
    }
    for name, index in fields.items():
        yield f"changed: {name}", _flipped(index), "forged"
    raw = sign_payload(PAYLOAD, 1)
    s = int.from_bytes(raw[64:], "little") + _ORDER
    swapped = sign_payload(PAYLOAD, 3)
    for name, forged in {
        "signed by another key of the ring": swapped,
        "claims another key of the ring": raw[:1] + b"\x03" + raw[2:],
        "signed without context": sign_payload(PAYLOAD, 1, context=b""),
        "signed in the context of names": sign_payload(PAYLOAD, 1, context=CONTEXT_NAME),
        "no signature": PAYLOAD + bytes(64),
        "the signature's other form, s + order": raw[:64] + s.to_bytes(32, "little"),
    }.items():
        yield name, to_base32hex(forged), "forged"


def _forged_live() -> Iterator[tuple[str, str, str]]:
    head, other = live_head(), phone_key(100)
    live = live_raw(head)
    wrong = bytes(range(1, 33))
    while is_on_curve(wrong):
        wrong = hashlib.sha256(wrong).digest()
    off_curve = sign_payload(bytes([2, 1]) + PAYLOAD[2:31] + b"\x08" + wrong, 1)
    for name, forged in {
        "live: signed by another phone": live_raw(head, key=other),
        "live: proof of another ticket": head + live_raw(live_head(key=other))[128:],
        "live: a later time": live[:131] + bytes([live[131] ^ 1]) + live[132:],
        "live: a changed proof": live[:195] + bytes([live[195] ^ 1]),
        "live: no proof": head + bytes(68),
        "live: another phone's key put in": head[:32] + public_x(other) + live[64:],
        "live: a key that is on no curve": off_curve + live[128:],
        "live: head with a changed name of the ticket": b"\x02\x01\xff" + head[3:],
    }.items():
        yield name, to_base32hex(forged), "forged"


def build() -> dict[str, object]:
    """All vectors, as they stand in the file."""
    ring = make_ring()
    good = [{"name": name, "text": text} | _what_is_good(text, ring) for name, text in _good()]
    bad = [
        {"name": name, "text": text, "reason": reason}
        for part in (_bad_texts, _bad_payloads, _forged, _forged_live)
        for name, text, reason in part()
    ]
    return {
        "about": "Golden barcodes and primitives, made by tests/wire/make_vectors.py;"
        " the keys are published and for tests alone.",
        "issuer_seed": bytes(range(32)).hex(),
        "keys": ring.to_json(),
        "fingerprint": ring.fingerprint(),
        "payload": PAYLOAD.hex(),
        "good": good,
        "bad": bad,
        "name_box": _name_box(),
        "journal": _journal(),
        "check_characters": _check_characters(),
    }


def _what_is_good(text: str, ring: KeyRing) -> dict[str, object]:
    token = verify(text, ring)
    return {
        "payload": token.raw[:32].hex(),
        "digest": token.digest.hex(),
        "key_state": token.key_state.value,
        "live_at_s": None
        if token.live is None or token.live.signed_at is None
        else int(token.live.signed_at.timestamp()),
    }


def _name_box() -> dict[str, object]:
    raw, nonce = sign_payload(PAYLOAD, 1), bytes(range(12))
    names = ("Zoë Müßig", "", "x" * 189 + "é", "名" * 100)
    return {
        "name_key": name_key(raw).hex(),
        "nonce": nonce.hex(),
        "boxes": [{"name": name, "box": seal_name(raw, name, nonce).hex()} for name in names],
    }


def _journal() -> dict[str, object]:
    station = Ed25519PrivateKey.from_private_bytes(bytes(range(0x20, 0x40)))
    journal_id = JournalId(bytes(range(16)))
    public = station.public_key().public_bytes_raw()
    head: EntryHash = h0(journal_id, public)
    start, entries = head, []
    bodies = ('{"kind":"boot","version":"0.1.0"}', '{"kind":"link","up":true}', '{"why":"Müßig"}')
    for n, body in enumerate(bodies, 1):
        head = entry_hash(journal_id, n, head, body.encode())
        signature = station.sign(signature_message(head))
        entries.append({"n": n, "body": body, "h": head.hex(), "sig": signature.hex()})
    return {
        "station_seed": bytes(range(0x20, 0x40)).hex(),
        "station_public_key": public.hex(),
        "journal_id": journal_id.hex(),
        "h0": start.hex(),
        "entries": entries,
    }


def _check_characters() -> list[dict[str, object]]:
    data = ("00000000000", "0123456789A", "ZZZZZZZZZZZ", "K7Q2M9X4T8B", "10000000000")
    return [
        {"data": one, "kind": kind.value, "check": check_character(one, kind)}
        for one in (*data, "00000000001", "7H3KQ9ZD2")
        for kind in CodeKind
    ]


def dump() -> str:
    """The text of the file."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(dump(), "utf-8")
