"""One-time codes, behind `service.ports.OneTimeCodes`: TOTP (RFC 6238) by pyotp."""

import hmac
from base64 import b32encode
from datetime import datetime
from typing import Final

import pyotp

_STEP_S: Final = 30
_AROUND: Final = (0, -1, 1)  # a phone's clock may be a step off


class Totp:
    """Six digits, SHA-1, 30 seconds: the one form that every app knows."""

    def secret(self, drawn: bytes) -> str:
        """The secret as an app takes it, of 20 random bytes."""
        return b32encode(drawn).decode().rstrip("=")

    def address(self, secret: str, *, name: str, house: str) -> str:
        """What an app reads out of a QR code."""
        return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=house)

    def step_of(self, secret: str, code: str, *, at: datetime) -> int | None:
        """The time step of a code, one step early or late too; None for a wrong one."""
        now, codes = int(at.timestamp()) // _STEP_S, pyotp.HOTP(secret)
        found = None
        for step in (now + shift for shift in _AROUND):  # each is compared, found or not
            if hmac.compare_digest(codes.at(step).encode(), code.encode("utf-8", "replace")):
                found = step
        return found
