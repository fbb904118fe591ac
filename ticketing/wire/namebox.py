"""The holder's name in a box that only the presented barcode opens.

A stolen station knows ticket ids, states, validity and the size class of a name, not
the name: the key comes from the barcode's signature. Known to a thief with the signing
key: everything.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ticketing.wire.contexts import CONTEXT_NAME

NONCE_BYTES = 12
"""Random, new at every sealing: one barcode may seal several names in its life."""
MAX_NAME_BYTES = 190
"""A name is cut here, on a character: with its length byte it fits 192."""

_VERSION = b"\x01"
_BLOCK_BYTES = 64


def name_key(raw: bytes) -> bytes:
    """32 bytes from the bytes of a barcode (96, of a live ticket the 128 of its head)."""
    return HKDF(SHA256(), 32, salt=b"einlass-v1", info=b"einlass gate name v1").derive(raw)


def seal_name(raw: bytes, name: str, nonce: bytes) -> bytes:
    """The box: version, nonce (12 bytes), ciphertext; 93 bytes for most names.

    Raises:
        ValueError: a nonce that is not 12 bytes, or text that is no Unicode.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 12 bytes")
    utf8 = name.encode("utf-8")[:MAX_NAME_BYTES].decode("utf-8", "ignore").encode("utf-8")
    plain = bytes([len(utf8)]) + utf8
    plain += bytes(-len(plain) % _BLOCK_BYTES)
    return _VERSION + nonce + ChaCha20Poly1305(name_key(raw)).encrypt(nonce, plain, _aad(raw))


def open_name(raw: bytes, box: bytes) -> str | None:
    """The name in a box, or None: an unknown version, another ticket, a broken box.

    No name is shown then; the verdict stands.
    """
    nonce, sealed = box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :]
    if box[:1] != _VERSION or len(nonce) != NONCE_BYTES:
        return None
    try:
        plain = ChaCha20Poly1305(name_key(raw)).decrypt(nonce, sealed, _aad(raw))
        return plain[1 : 1 + plain[0]].decode("utf-8")
    except (InvalidTag, IndexError, UnicodeDecodeError):
        return None


def _aad(raw: bytes) -> bytes:
    return CONTEXT_NAME + raw[2:18]
