"""Sessions of the staff: begun, listed, ended."""

import pytest

from tests.service.signing import Office, actor
from ticketing.domain.accounts import Role, Staff
from ticketing.domain.audit import Action
from ticketing.domain.sign_in import Method, Session
from ticketing.service import factors, staff_people, staff_sessions
from ticketing.service.errors import NotFound
from ticketing.service.staff_sessions import Opened

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ada(office: Office) -> Staff:
    """An admin."""
    return office.person()


@pytest.fixture
def opened(office: Office, ada: Staff) -> Opened:
    """Ada's session."""
    del ada
    return office.opened(agent=FIREFOX, lang="en")


def sessions(office: Office, staff: Staff) -> list[str]:
    """The ids of somebody's sessions."""
    with office.store.unit() as unit:
        found = staff_sessions.sessions_of(unit, office.house, staff_id=staff.id)
    return [session.id for session in found]


def test_a_session_is_found_by_its_key_alone(office: Office, opened: Opened) -> None:
    """Neither by its id nor by the hash that is kept."""
    assert office.find(opened.key) == opened.session
    for key in ("", opened.session.id, staff_sessions.hash_of(opened.key).hex(), opened.key[:-1]):
        assert office.find(key) is None


def test_a_session_knows_browser_way_and_language(opened: Opened) -> None:
    """No more of the browser than its name and its system."""
    session = opened.session
    assert (session.agent, session.method, session.lang) == (
        "Firefox, Linux",
        Method.PASSWORD,
        "en",
    )


def test_a_session_ends_after_twelve_hours(office: Office, opened: Opened) -> None:
    """And is gone from the table with the next sign-in."""
    office.clock.tick(hours=11, minutes=59)
    assert office.find(opened.key) is not None
    office.clock.tick(minutes=1)
    assert office.find(opened.key) is None


def test_the_last_use_is_noted_once_a_minute(office: Office, opened: Opened) -> None:
    """Not with each click."""

    def seen_after(seconds: int) -> float:
        office.clock.tick(seconds=seconds)
        office.find(opened.key)
        session = office.find(opened.key)
        assert session is not None
        return (session.seen_at - session.created_at).total_seconds()

    assert [seen_after(59), seen_after(1), seen_after(30), seen_after(30)] == [0, 60, 60, 120]


def test_every_sign_in_has_a_new_key_and_ends_the_old_one(office: Office, opened: Opened) -> None:
    """Whoever planted a session in a browser has nothing of it afterwards."""
    again = office.opened(old_key=opened.key)
    assert again.key != opened.key
    assert office.find(opened.key) is None
    assert office.find(again.key) is not None


def test_a_key_that_was_planted_is_not_taken_over(office: Office, ada: Staff) -> None:
    """A key that the service did not give out never becomes one."""
    del ada
    opened = office.opened(old_key="planted")
    assert opened.key != "planted"
    assert office.find("planted") is None


def test_sessions_are_listed_and_ended(office: Office, opened: Opened, ada: Staff) -> None:
    """The newest first; the ended one is out at once, and the audit says who did it."""
    office.clock.tick(minutes=1)
    second = office.opened()
    assert sessions(office, ada) == [second.session.id, opened.session.id]
    with office.store.unit() as unit:
        staff_sessions.end_session(unit, office.of(ada), staff_id=ada.id, session=opened.session.id)
    assert office.find(opened.key) is None
    assert office.find(second.key) is not None
    [line] = office.log(Action.STAFF_SESSION_ENDED)
    assert (line.actor, line.after) == (actor(ada), {"session": opened.session.id})


def test_nobody_ends_anothers_session_as_their_own(office: Office, opened: Opened) -> None:
    """An id that was read somewhere is not enough."""
    bo = office.person("bo", Role.DESK)
    for session in (opened.session.id, "ses_0"):
        with office.store.unit() as unit, pytest.raises(NotFound, match="session"):
            staff_sessions.end_session(unit, office.of(bo), staff_id=bo.id, session=session)
    assert office.find(opened.key) is not None


def test_all_others_are_ended_at_once(office: Office, opened: Opened, ada: Staff) -> None:
    """This browser stays."""
    other = office.opened()
    with office.store.unit() as unit:
        staff_sessions.end_others(unit, office.house, session=opened.session)
    assert sessions(office, ada) == [opened.session.id]
    assert office.find(other.key) is None


def test_signing_out_ends_it_on_the_server(office: Office, opened: Opened) -> None:
    """A copied cookie is worth nothing afterwards."""
    with office.store.unit() as unit:
        staff_sessions.sign_out(unit, key=opened.key)
    assert office.find(opened.key) is None


def test_a_removed_person_is_out_everywhere(office: Office, opened: Opened, ada: Staff) -> None:
    """With the next click."""
    bo = office.person("bo")
    with office.store.unit() as unit:
        staff_people.remove(unit, office.of(bo), staff_id=ada.id)
    assert office.find(opened.key) is None
    assert sessions(office, ada) == []


def test_another_role_holds_at_once(office: Office, opened: Opened, ada: Staff) -> None:
    """A session has no rights of its own."""
    bo = office.person("bo")
    with office.store.unit() as unit:
        staff_people.change_role(unit, office.of(bo), staff_id=ada.id, role=Role.AUDITOR)
    found: Session | None = office.find(opened.key)
    assert found is not None
    assert found.staff.role is Role.AUDITOR


def test_the_language_is_the_sessions(office: Office, opened: Opened) -> None:
    """Another browser speaks its own."""
    with office.store.unit() as unit:
        staff_sessions.speak(unit, session=opened.session, lang="de")
    found = office.find(opened.key)
    assert found is not None
    assert found.lang == "de"


def test_a_second_factor_ends_the_other_sessions(office: Office, opened: Opened) -> None:
    """What was open with a password alone is not open any more; this one counts as strong."""
    other = office.opened()
    office.with_codes(opened)
    assert office.find(other.key) is None
    found = office.find(opened.key)
    assert found is not None
    assert found.method is Method.PASSWORD_CODE


def test_a_new_password_ends_the_other_sessions(office: Office, opened: Opened) -> None:
    """And steps on the way to one."""
    other = office.opened()
    with office.store.unit() as unit:
        refused = factors.change_password(
            unit,
            office.house,
            session=opened.session,
            old="Im Haus der Tiere 7",
            new="Ein ganz anderes 8",
            address="192.0.2.7",
        )
    assert refused is None
    assert office.find(other.key) is None
    assert office.find(opened.key) is not None


def test_a_sign_in_is_in_the_audit(office: Office, opened: Opened, ada: Staff) -> None:
    """How, not from where."""
    del opened
    [line] = office.log(Action.STAFF_SIGNED_IN)
    assert (line.actor, line.after) == (actor(ada), {"method": "password"})
