"""The PIN of a supervisor, on both engines."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes import FrozenClock
from ticketing.domain.accounts import Role, Staff
from ticketing.domain.ids import StationId
from ticketing.service import access, audit, staff_people, supervisors
from ticketing.service.audit import Action
from ticketing.service.errors import Conflict, Invalid, NotFound, PinRefused
from ticketing.service.ports import House
from ticketing.store import access as access_rows
from ticketing.store.unit import Store

NAME, PIN, PASSWORD = "Ayşe Demirtaş", "271828", "ein-langes-geheimnis"


@pytest.fixture
def admin(store: Store, house: House) -> Staff:
    """Ayşe, an admin with a PIN."""
    with store.unit() as unit:
        made = access.add_staff(unit, house, name=NAME, password=PASSWORD, role=Role.ADMIN)
    with store.unit() as unit:
        return supervisors.set_pin(unit, house, staff_id=made.id, pin=PIN)


def check(store: Store, house: House, *, station: str = "st_1", **given: str) -> Staff:
    """What becomes of a name and PIN typed at a station."""
    said = {"name": NAME, "pin": PIN} | given
    with store.unit() as unit:
        return supervisors.check_pin(unit, house, station=StationId(station), **said)


def test_a_supervisor_is_known_by_name_and_pin(store: Store, house: House, admin: Staff) -> None:
    """The person comes back."""
    assert check(store, house) == admin


def test_a_new_pin_replaces_the_old_one(store: Store, house: House, admin: Staff) -> None:
    """Forgotten is not lost."""
    with store.unit() as unit:
        supervisors.set_pin(unit, house, staff_id=admin.id, pin="31415926")
    with pytest.raises(PinRefused, match="wrong_pin"):
        check(store, house)
    assert check(store, house, pin="31415926").name == NAME


@pytest.mark.parametrize(
    "given", [{"pin": "271829"}, {"pin": "2"}, {"pin": PIN + "0" * 40}, {"name": "Nobody"}]
)
def test_a_wrong_pin_and_a_wrong_name_are_the_same(
    store: Store, house: House, admin: Staff, given: dict[str, str]
) -> None:
    """Nobody learns who is a supervisor."""
    del admin
    with pytest.raises(PinRefused) as caught:
        check(store, house, **given)
    assert (caught.value.reason, caught.value.retry_after_s) == ("wrong_pin", 0)


def test_five_wrong_pins_close_the_station_and_not_the_others(
    store: Store, house: House, admin: Staff, clock: FrozenClock
) -> None:
    """For 15 minutes the right one does not help there either; elsewhere it does."""
    del admin
    for _ in range(5):
        with pytest.raises(PinRefused, match="wrong_pin"):
            check(store, house, pin="000000")
    with pytest.raises(PinRefused) as caught:
        check(store, house)
    assert caught.value.reason == "throttled"
    assert 0 < caught.value.retry_after_s <= 15 * 60
    assert check(store, house, station="st_2").name == NAME
    clock.tick(minutes=15)
    assert check(store, house).name == NAME


def test_fifteen_wrong_pins_of_a_name_close_it_everywhere(
    store: Store, house: House, admin: Staff
) -> None:
    """A thief of several stations gains nothing by going from one to the next."""
    del admin
    for number in range(15):
        with pytest.raises(PinRefused, match="wrong_pin"):
            check(store, house, station=f"st_{number % 3}", pin="000000")
    with pytest.raises(PinRefused, match="throttled"):
        check(store, house, station="st_9")


def test_many_guesses_at_once_are_no_more_than_allowed(
    store: Store, house: House, admin: Staff
) -> None:
    """Of twenty at the same moment five are told that they are wrong, the others nothing."""
    del admin

    def guess(number: int) -> str:
        try:
            check(store, house, pin=f"{number:06d}")
        except PinRefused as refused:
            return refused.reason
        return "right"

    with ThreadPoolExecutor(20) as pool:
        said = sorted(pool.map(guess, range(20)))
    assert said == ["throttled"] * 15 + ["wrong_pin"] * 5


def test_a_pin_is_taken_away(store: Store, house: House, admin: Staff) -> None:
    """It is wrong from then on; once more changes nothing, and the log tells it once."""
    for _ in range(2):
        with store.unit() as unit:
            supervisors.drop_pin(unit, house, staff_id=admin.id)
    with pytest.raises(PinRefused, match="wrong_pin"):
        check(store, house)
    with store.unit() as unit:
        lines = audit.page(unit).items
    told = [one.action for one in lines]
    assert told == [Action.STAFF_PIN_REMOVED, Action.STAFF_PIN_SET, Action.STAFF_ADDED]
    assert PIN not in repr(lines)
    with store.unit() as unit, pytest.raises(NotFound, match="staff"):
        supervisors.drop_pin(unit, house, staff_id="staff_0")


@pytest.mark.parametrize("how", ["demoted", "reset"])
def test_a_pin_ends_with_the_role_and_with_a_reset(
    store: Store, house: House, admin: Staff, how: str
) -> None:
    """Whoever becomes a supervisor again sets a new one."""
    with store.unit() as unit:
        access.add_staff(unit, house, name="Bo", password=PASSWORD, role=Role.ADMIN)
    with store.unit() as unit:
        if how == "reset":
            staff_people.reset(unit, house, staff_id=admin.id)
        else:
            staff_people.change_role(unit, house, staff_id=admin.id, role=Role.DESK)
    if how == "demoted":
        with store.unit() as unit:
            staff_people.change_role(unit, house, staff_id=admin.id, role=Role.ADMIN)
    with store.unit() as unit:
        assert not staff_people.get_person(unit, house, staff_id=admin.id).has_pin
    with pytest.raises(PinRefused, match="wrong_pin"):
        check(store, house)


def test_only_an_admin_gets_a_pin(store: Store, house: House) -> None:
    """The desk may not overrule, and nobody without an account."""
    with store.unit() as unit:
        bo = access.add_staff(unit, house, name="Bo", password=PASSWORD, role=Role.DESK)
    with store.unit() as unit, pytest.raises(Conflict, match="no_supervisor"):
        supervisors.set_pin(unit, house, staff_id=bo.id, pin=PIN)
    with store.unit() as unit, pytest.raises(NotFound, match="staff"):
        supervisors.set_pin(unit, house, staff_id="staff_0", pin=PIN)
    with pytest.raises(PinRefused, match="wrong_pin"):
        check(store, house, name="Bo")


@pytest.mark.parametrize("pin", ["", "12345", "abcdef", "12345x", "\uff11" * 6, "1" * 33])
def test_a_pin_is_six_digits_or_more(store: Store, house: House, admin: Staff, pin: str) -> None:
    """Digits of the keypad, and the old one stays."""
    with store.unit() as unit, pytest.raises(Invalid, match="pin: digits"):
        supervisors.set_pin(unit, house, staff_id=admin.id, pin=pin)
    assert check(store, house).name == NAME


def test_the_pin_is_kept_as_a_slow_hash(store: Store, admin: Staff) -> None:
    """A copied database tells no PIN."""
    del admin
    with store.unit() as unit:
        found = access_rows.find_pin(unit, NAME)
    assert found is not None
    assert found[1] is not None
    assert found[1].startswith("$argon2id$")
    assert PIN not in found[1]
