"""Signed links, behind `service.ports.Links`: itsdangerous, SHA-256, a salt per kind.

A token is the subject with a time and a signature, not a secret of its own: it
opens what it names, and nothing else. It never confirms anything by itself,
because messengers fetch links for their previews.
"""

import hashlib
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from ticketing.service.ports import LinkKind
from ticketing.wire.codec import from_base64url, to_base64url

EXPIRES_AFTER = {LinkKind.TICKET: timedelta(days=400)}  # an annual pass, and a while


class SignedLinks:
    """Link tokens under one secret."""

    def __init__(self, secret: bytes) -> None:
        self._serializers = {kind: _serializer(secret, kind) for kind in LinkKind}

    def make(self, kind: LinkKind, subject: bytes) -> str:
        """The token for a subject, safe in an address."""
        return str(self._serializers[kind].dumps(to_base64url(subject)))

    def read(self, kind: LinkKind, token: str) -> bytes | None:
        """The subject, or None for a forged, foreign or expired token."""
        max_age_s = int(EXPIRES_AFTER[kind].total_seconds())
        try:
            subject = self._serializers[kind].loads(token, max_age=max_age_s)
        except BadSignature:
            return None
        return from_base64url(subject) if isinstance(subject, str) else None


def _serializer(secret: bytes, kind: LinkKind) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        secret,
        salt=f"einlass-link-{kind.value}-v1",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
