"""The vocabulary is the contract's."""

import pytest

from ticketing.wire.verdict import CONFIRMABLE, OVERRIDABLE, VERDICTS_OF, Reason, Verdict

_CONTRACT = {
    Verdict.ADMIT: "ok ok_reentry ok_override",
    Verdict.EXIT: "ok_exit exit_unmatched",
    Verdict.DISCOUNT: "ok_code",
    Verdict.ATTENTION: "check_proof check_identity collect_payment not_live still_inside"
    " needs_service",
    Verdict.REFUSE: "already_used used_today still_inside not_yet_valid expired wrong_slot"
    " wrong_gate closed full unpaid blocked revoked superseded annulled declined lapsed"
    " unknown_ticket unknown_code code_used_up code_not_applicable budget_spent forged"
    " unknown_key unsupported malformed foreign",
}


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_has_the_contracts_reasons(verdict: Verdict) -> None:
    """Written out once more, word by word."""
    reasons = {reason for reason, verdicts in VERDICTS_OF.items() if verdict in verdicts}
    assert reasons == set(_CONTRACT[verdict].split())


def test_every_reason_has_a_verdict() -> None:
    """The table is total."""
    assert set(VERDICTS_OF) == set(Reason)
    assert all(VERDICTS_OF.values())


def test_needs_service_cannot_be_confirmed() -> None:
    """It would let in any forgery."""
    assert Reason.NEEDS_SERVICE not in CONFIRMABLE
    assert len(CONFIRMABLE) == 5


def test_only_refusals_are_overruled() -> None:
    """Eleven of them; no signature, no revocation, no unknown ticket is."""
    assert len(OVERRIDABLE) == 11
    assert all(Verdict.REFUSE in VERDICTS_OF[reason] for reason in OVERRIDABLE)
    assert not OVERRIDABLE & {Reason.FORGED, Reason.REVOKED, Reason.UNKNOWN_TICKET}
