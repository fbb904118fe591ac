"""`decide()` against the one file of cases."""

from collections import Counter

import pytest

from tests.wire.cases import AdmissionCase, load_cases, local
from ticketing.wire.admission import RULES
from ticketing.wire.verdict import VERDICTS_OF, Check, Verdict

_CASES = load_cases()


@pytest.mark.parametrize("case", _CASES, ids=[case.name for case in _CASES])
def test_a_case_gets_its_verdict(case: AdmissionCase) -> None:
    """State, moves, clock and knowledge give the verdict, the reason and the facts told."""
    decision = case.decide()
    assert (decision.verdict, decision.reason) == (case.verdict, case.reason)
    _assert_details(case)


def _assert_details(case: AdmissionCase) -> None:
    decision, raw = case.decide(), case.raw
    if "people" in raw:
        assert decision.people == raw["people"]
    if "checks" in raw:
        assert decision.checks == tuple(Check(name) for name in raw["checks"])
    if "move" in raw:
        assert decision.move == raw["move"]
    if "left" in raw:
        assert [decision.remaining_uses, decision.remaining_people] == raw["left"]
    for name, value in raw.get("evidence", {}).items():
        wanted = local(value) if name in {"at", "until"} else value
        assert getattr(decision.evidence, name) == wanted


def test_the_file_is_large_and_refuses_enough() -> None:
    """At least sixty cases under sixty names, a third of them refusals."""
    verdicts = Counter(case.verdict for case in _CASES)
    assert len({case.name for case in _CASES}) == len(_CASES) >= 60
    assert verdicts[Verdict.REFUSE] * 3 >= len(_CASES)


def test_every_reason_of_every_rule_is_in_the_file() -> None:
    """No line of the table is without a case."""
    told = {case.reason for case in _CASES}
    assert {reason for rule in RULES for reason in rule.reasons} == told


@pytest.mark.parametrize("case", _CASES, ids=[case.name for case in _CASES])
def test_a_verdict_stands_beside_a_reason_of_the_contract(case: AdmissionCase) -> None:
    """No decision leaves the contract's table."""
    assert case.verdict in VERDICTS_OF[case.reason]
