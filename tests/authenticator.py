"""A passkey of software, for tests: makes and signs what a browser would hand over."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate
from cryptography.hazmat.primitives.hashes import SHA256

from ticketing.wire.codec import to_base64url

PRESENT, VERIFIED, HAS_KEY = 1, 4, 64
_ES256 = -7


@dataclass(frozen=True)
class SoftPasskey:
    """One passkey; `count` is its sign count, `flags` what it says of its user."""

    origin: str = "https://tickets.example"
    host: str = "tickets.example"
    credential_id: bytes = b"c" * 32
    count: int = 0
    flags: int = PRESENT | VERIFIED
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate(SECP256R1()))

    def but(self, **changes: Any) -> "SoftPasskey":
        """The same passkey with something otherwise."""
        return replace(self, **changes)

    def made(self, options: str) -> str:
        """The answer to the options of a registration."""
        client = self._client("webauthn.create", options)
        size = len(self.credential_id).to_bytes(2, "big")
        data = self._data(HAS_KEY) + bytes(16) + size + self.credential_id + self._cose()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(client, {"attestationObject": to_base64url(attestation)})

    def signed(self, options: str) -> str:
        """The answer to the options of a sign-in."""
        client, data = self._client("webauthn.get", options), self._data(0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        told = {"authenticatorData": to_base64url(data), "signature": to_base64url(signature)}
        return self._answer(client, told)

    def _client(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _data(self, flags: int) -> bytes:
        head = hashlib.sha256(self.host.encode()).digest()
        return head + bytes([self.flags | flags]) + self.count.to_bytes(4, "big")

    def _cose(self) -> bytes:
        point = self.key.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: _ES256, -1: 1, -2: x, -3: y})

    def _answer(self, client: bytes, response: dict[str, str]) -> str:
        told = {
            "id": to_base64url(self.credential_id),
            "rawId": to_base64url(self.credential_id),
            "type": "public-key",
            "response": {"clientDataJSON": to_base64url(client)} | response,
            "clientExtensionResults": {},
        }
        return json.dumps(told)
