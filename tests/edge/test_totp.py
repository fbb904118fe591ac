"""One-time codes: the vectors of RFC 6238, a step of grace, nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.edge.totp import Totp

SECRET = Totp().secret(b"12345678901234567890")


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_vectors_of_the_standard_hold(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six digits."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert Totp().step_of(SECRET, code, at=at) == seconds // 30


@pytest.mark.parametrize(
    ("shift_s", "is_good"), [(-61, False), (-30, True), (30, True), (61, False)]
)
def test_a_clock_may_be_a_step_off(shift_s: int, *, is_good: bool) -> None:
    """Slow or fast; the step is the code's own, so that it is used up as such."""
    at = datetime.fromtimestamp(1111111109, UTC)
    step = Totp().step_of(SECRET, "081804", at=at + timedelta(seconds=shift_s))
    assert step == (1111111109 // 30 if is_good else None)


@pytest.mark.parametrize(
    "code", ["", "0", "081803", "0818040", "\N{FULLWIDTH DIGIT ZERO}81804", "\x00" * 6]
)
def test_another_code_is_none(code: str) -> None:
    """Whatever was typed."""
    at = datetime.fromtimestamp(1111111109, UTC)
    assert Totp().step_of(SECRET, code, at=at) is None


def test_an_app_reads_house_and_name() -> None:
    """And nothing else about the person."""
    told = Totp().address(SECRET, name="Ayşe & Bo", house="Haus: 1")
    assert told.startswith("otpauth://totp/Haus%3A%201:Ay%C5%9Fe%20%26%20Bo?secret=")
    assert told.endswith(f"{SECRET}&issuer=Haus%3A%201")
