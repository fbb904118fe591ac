"""Passkeys, behind `service.ports.Passkeys`: WebAuthn by py_webauthn.

A passkey is asked for as a discoverable credential with user verification: it is two
factors by itself, and a sign-in needs no name. Attestation is not asked for: which make
of key somebody uses is their own business.

Browsers' answers are hostile until verified. The parsers below raise whatever their
formats break at, so anything they raise is "does not hold"; nothing of it is logged.
"""

from collections.abc import Sequence

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ticketing.domain.accounts import Staff
from ticketing.domain.sign_in import Passkey
from ticketing.service.ports import NewPasskey, Site

_LONGEST_ID = 1023  # WebAuthn level 2, §7.1


class WebAuthn:
    """The two ceremonies."""

    def options_to_add(
        self, site: Site, *, challenge: bytes, staff: Staff, known: Sequence[bytes]
    ) -> str:
        """What a browser needs to make a passkey; none where a `known` one is."""
        options = generate_registration_options(
            rp_id=site.host,
            rp_name=site.house,
            user_id=staff.id.encode(),
            user_name=staff.name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        )
        return options_to_json(options)

    def added(self, site: Site, *, challenge: bytes, answer: str) -> NewPasskey | None:
        """The passkey that was made, or None for an answer that does not hold."""
        try:
            found = verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001  see above
            return None
        if len(found.credential_id) > _LONGEST_ID:
            return None
        return NewPasskey(
            credential_id=found.credential_id,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
        )

    def options_to_sign_in(self, site: Site, *, challenge: bytes) -> str:
        """What a browser needs to sign in with whichever passkey it has."""
        options = generate_authentication_options(
            rp_id=site.host,
            challenge=challenge,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def claimed(self, answer: str) -> bytes | None:
        """The credential id that an answer is said to come from."""
        try:
            return parse_authentication_credential_json(answer).raw_id
        except Exception:  # noqa: BLE001  see above
            return None

    def signed(self, site: Site, *, challenge: bytes, answer: str, passkey: Passkey) -> int | None:
        """The new sign count, or None for an answer that does not hold."""
        try:
            found = verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001  see above
            return None
        return found.new_sign_count
