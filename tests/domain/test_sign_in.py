"""Sessions, recovery codes and browsers, as rules."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.domain.accounts import Role, Staff
from ticketing.domain.ids import StaffId
from ticketing.domain.sign_in import (
    Method,
    Session,
    SignInRules,
    recovery_code,
    shown_agent,
    typed_recovery_code,
)

NOW = datetime(2026, 10, 4, 12, tzinfo=UTC)


def a_session(method: Method = Method.PASSWORD, role: Role = Role.ADMIN) -> Session:
    """Somebody who signed in just now."""
    staff = Staff(id=StaffId("staff_1"), name="Ada", role=role)
    return Session(
        id="ses_1",
        staff=staff,
        created_at=NOW,
        seen_at=NOW,
        ends_at=NOW + timedelta(hours=12),
        agent="",
        method=method,
        lang="de",
    )


@pytest.mark.parametrize(("minutes", "is_fresh"), [(0, True), (14, True), (15, False)])
def test_a_session_is_fresh_for_a_quarter_of_an_hour(minutes: int, *, is_fresh: bool) -> None:
    """Then whoever changes how they sign in proves it again."""
    assert a_session().is_fresh(NOW + timedelta(minutes=minutes)) is is_fresh


@pytest.mark.parametrize("method", Method)
def test_more_than_a_password_is_enough_everywhere(method: Method) -> None:
    """A link and a password are one factor; a passkey is two by itself."""
    rules = SignInRules(strong_roles=frozenset({Role.ADMIN}))
    is_weak = method in {Method.PASSWORD, Method.LINK}
    assert rules.is_enough(a_session(method)) is not is_weak
    assert rules.is_enough(a_session(method, Role.DESK))
    assert SignInRules().is_enough(a_session(method))


def test_a_recovery_code_is_ten_letters_and_digits() -> None:
    """Without look-alikes of its own alphabet."""
    assert recovery_code(bytes(7)) == "AAAAA-AAAAA"
    assert recovery_code(b"\xff" * 7) == "77777-77777"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("K7QXM-2WPLA", "K7QXM2WPLA"),
        (" k7qxm 2wpla ", "K7QXM2WPLA"),
        ("O0I1B8", "OOIIBB"),
        ("\N{LATIN SMALL LETTER SHARP S}-", "SS"),
        ("", ""),
    ],
)
def test_a_code_is_read_as_people_type(typed: str, kept: str) -> None:
    """Small letters, blanks, a nought for an O."""
    assert typed_recovery_code(typed) == kept


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox, Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        (f"Mozilla/5.0 (iPhone; like Mac OS X) {WEBKIT} Safari/604.1", "Safari, iPhone"),
        (f"Mozilla/5.0 (Linux; Android 15) {WEBKIT} Chrome/140 Safari/537", "Chrome, Android"),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_of_a_browser_its_name_and_system_are_kept(told: str, shown: str) -> None:
    """No version, no device: enough to know one's own again."""
    assert shown_agent(told) == shown
