"""What the service alone must read again, sealed under a key of the home; service room."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ticketing.service.ports import House

_NONCE_BYTES = 12
_KEY_BYTES = 32


def seal(house: House, plain: bytes, *, owner: str) -> bytes:
    """A box that only this house opens, and only as that owner's: a person, or a purpose."""
    nonce = house.chance.draw(_NONCE_BYTES)
    return nonce + AESGCM(_key(house)).encrypt(nonce, plain, owner.encode())


def unseal(house: House, box: bytes, *, owner: str) -> bytes | None:
    """What is in a box, or None if it is another house's, another owner's or damaged."""
    try:
        return AESGCM(_key(house)).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], owner.encode())
    except (InvalidTag, ValueError):
        return None


def _key(house: House) -> bytes:
    kdf = HKDF(SHA256(), _KEY_BYTES, salt=b"einlass-v1", info=b"einlass staff vault v1")
    return kdf.derive(house.secret)
