"""API keys and the staff's sign-in."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.fakes import FrozenClock
from ticketing.domain.accounts import Role, Scope, Staff
from ticketing.service import access
from ticketing.service.access import SignInRefused
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.ports import House
from ticketing.store.unit import Store

PASSWORD = "Im Haus der Tiere 7"  # noqa: S105  a made-up password


@pytest.fixture
def ada(store: Store, house: House) -> Staff:
    """A person who may sign in."""
    with store.unit() as unit:
        return access.add_staff(unit, house, name="ada", password=PASSWORD, role=Role.ADMIN)


def _sign_in(
    store: Store, house: House, name: str, password: str, address: str = "192.0.2.7"
) -> Staff | SignInRefused:
    with store.unit() as unit:
        return access.sign_in(unit, house, name=name, password=password, address=address)


def test_a_key_opens_what_its_scopes_say(store: Store, house: House) -> None:
    """Shown once, found again by itself, kept as a hash."""
    with store.unit() as unit:
        token, key = access.create_api_key(
            unit, house, name=" Kasse  2 ", scopes={Scope.TICKETS_WRITE, Scope.TICKETS_READ}
        )
    with store.unit() as unit:
        assert access.api_key_by_token(unit, token=token) == key
        kept = repr(unit.run(text("SELECT * FROM api_keys")).all())
    assert (key.name, len(token)) == ("Kasse 2", 46)
    assert token not in kept


@pytest.mark.parametrize("token", ["", "ek_", "ek_" + "0" * 43, "es_" + "0" * 43])
def test_another_token_is_no_key(store: Store, token: str) -> None:
    """Unknown keys and station tokens."""
    with store.unit() as unit:
        assert access.api_key_by_token(unit, token=token) is None


def test_a_key_needs_a_name_and_a_scope(store: Store, house: House) -> None:
    """A key for nothing is a mistake."""
    with store.unit() as unit, pytest.raises(Invalid, match="scopes"):
        access.create_api_key(unit, house, name="x", scopes=())
    with store.unit() as unit, pytest.raises(Invalid, match="name"):
        access.create_api_key(unit, house, name=" ", scopes={Scope.STATS_READ})


def test_a_person_signs_in(store: Store, house: House, ada: Staff) -> None:
    """Name and password make the person; the session finds them by id."""
    assert _sign_in(store, house, "ada", PASSWORD) == ada
    with store.unit() as unit:
        assert access.find_staff(unit, staff_id=ada.id) == ada
        assert access.find_staff(unit, staff_id="staff_0") is None
        assert PASSWORD not in repr(unit.run(text("SELECT * FROM staff")).all())


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong password"), ("bo", PASSWORD), ("adam", PASSWORD), ("ada", "x" * 2000)],
)
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    store: Store, house: House, name: str, password: str
) -> None:
    """Nobody learns which names exist."""
    assert _sign_in(store, house, name, password) == SignInRefused("wrong")


@pytest.mark.usefixtures("ada")
def test_ten_failures_close_a_name_at_an_address(
    store: Store, house: House, clock: FrozenClock
) -> None:
    """Even the right password waits; colleagues there and another desk do not."""
    with store.unit() as unit:
        access.add_staff(unit, house, name="bo", password=PASSWORD, role=Role.DESK)
    for _ in range(10):
        assert _sign_in(store, house, "ada", "wrong password") == SignInRefused("wrong")
    assert isinstance(_sign_in(store, house, "bo", PASSWORD), Staff)
    assert _sign_in(store, house, "ada", PASSWORD) == SignInRefused("throttled", 900)
    assert isinstance(_sign_in(store, house, "ada", PASSWORD, "192.0.2.8"), Staff)
    clock.tick(minutes=15)
    assert isinstance(_sign_in(store, house, "ada", PASSWORD), Staff)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_name_that_is_none_is_closed_like_one(store: Store, house: House, name: str) -> None:
    """After as many tries, for as long: whether it exists is not told."""
    told = [_sign_in(store, house, name, "wrong password") for _ in range(12)]
    assert told == [SignInRefused("wrong")] * 10 + [SignInRefused("throttled", 900)] * 2


@pytest.mark.usefixtures("ada")
def test_a_hundred_failures_close_an_address(store: Store, house: House) -> None:
    """Whoever tries many names from one place; elsewhere nobody waits."""
    for number in range(100):
        told = _sign_in(store, house, f"name {number}", "wrong password")
        assert told == SignInRefused("wrong")
    assert _sign_in(store, house, "ada", PASSWORD) == SignInRefused("throttled", 900)
    assert isinstance(_sign_in(store, house, "ada", PASSWORD, "192.0.2.8"), Staff)


@pytest.mark.usefixtures("ada")
def test_thirty_failures_close_a_name_from_everywhere(store: Store, house: House) -> None:
    """A guesser with many addresses gets no further with one person."""
    for number in range(30):
        _sign_in(store, house, "ada", "wrong password", f"198.51.100.{number}")
    refused = _sign_in(store, house, "ada", PASSWORD, "203.0.113.1")
    assert refused == SignInRefused("throttled", 900)


def test_upper_and_lower_case_are_one_name(store: Store, house: House, ada: Staff) -> None:
    """Who types it otherwise signs in; wrong passwords count for one name as well."""
    assert _sign_in(store, house, "Ada", PASSWORD) == ada
    for number in range(30):
        name = "ADA" if number % 2 else "ada"
        _sign_in(store, house, name, "wrong password", f"198.51.100.{number}")
    assert _sign_in(store, house, "aDa", PASSWORD) == SignInRefused("throttled", 900)


def test_two_names_of_old_are_told_apart(store: Store, house: House, ada: Staff) -> None:
    """A house that has both keeps both; what could be either is neither."""
    with store.unit() as unit:
        other = access.add_staff(unit, house, name="bo", password=PASSWORD, role=Role.DESK)
        unit.begin()
        unit.run(text("UPDATE staff SET name = 'ADA' WHERE name = 'bo'"))
        unit.commit()
    assert _sign_in(store, house, "ada", PASSWORD) == ada
    assert _sign_in(store, house, "ADA", PASSWORD) == replace(other, name="ADA")
    assert _sign_in(store, house, "Ada", PASSWORD) == SignInRefused("wrong")


@pytest.mark.usefixtures("ada")
def test_a_name_is_taken_once(store: Store, house: House) -> None:
    """And passwords have a least length."""
    with store.unit() as unit, pytest.raises(Conflict, match="staff_exists"):
        access.add_staff(unit, house, name="ada", password=PASSWORD, role=Role.DESK)
    with store.unit() as unit, pytest.raises(Conflict, match="staff_exists"):
        access.add_staff(unit, house, name="ADA", password=PASSWORD, role=Role.DESK)
    with store.unit() as unit, pytest.raises(Invalid, match="password"):
        access.add_staff(unit, house, name="bo", password="short", role=Role.DESK)  # noqa: S106  too short on purpose
