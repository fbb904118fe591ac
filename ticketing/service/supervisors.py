"""Supervisors: staff of the role admin who overrule a refusal at a station; in the service room.

A station cannot sign them in, so they type a name and a PIN there. Five wrong ones at a
station and fifteen for a name in 15 minutes close it: of a million PINs somebody at a
stolen station tries fewer than 1,500 a day.
"""

import re
from datetime import datetime, timedelta

from ticketing.domain.accounts import Right, Staff
from ticketing.domain.ids import StationId
from ticketing.domain.sign_in import Session
from ticketing.service import audit, lockouts
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, PinRefused
from ticketing.service.factors import check_fresh
from ticketing.service.lockouts import A_STRANGER, Tried
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, who_is
from ticketing.store import access as rows
from ticketing.store import staff_people
from ticketing.store.unit import Unit

PIN_MIN, PIN_MAX = 6, 32
_WINDOW = timedelta(minutes=15)
WRONG_AT_STATION = Limit(kind="pin_station", window=_WINDOW, each=5)
# More than one station may have: nobody locks a supervisor out from a single gate.
WRONG_OF_NAME = Limit(kind="pin_name", window=_WINDOW, each=15)
_PIN = re.compile(f"[0-9]{{{PIN_MIN},{PIN_MAX}}}", re.ASCII)


def set_pin(unit: Unit, house: House, *, staff_id: str, pin: str) -> Staff:
    """Give a supervisor a PIN, or another one.

    Raises:
        Invalid: `pin` that is not 6 to 32 digits.
        NotFound: `staff`.
        Conflict: `no_supervisor` for a person who is no admin.
    """
    if not _PIN.fullmatch(pin):
        raise Invalid(FieldError("pin", "digits"))
    hashed = house.passwords.hash(pin)
    unit.begin()
    staff_people.lock(unit)  # nobody loses the role meanwhile
    staff = rows.find_staff_by_id(unit, staff_id)
    if staff is None:
        raise NotFound("staff")
    if not staff.may(Right.GATE_OVERRIDE):
        raise Conflict("no_supervisor")
    rows.set_pin(unit, staff.id, hashed)
    thing = Thing("staff", staff.id)
    audit.note(unit, house, action=Action.STAFF_PIN_SET, object=thing)
    unit.commit()
    return staff


def choose_pin(unit: Unit, house: House, *, session: Session, pin: str) -> Staff:
    """Set one's own PIN, soon after a sign-in, as one's other means of signing in are.

    Raises:
        Conflict: `sign_in_again`, `no_supervisor`.
        Invalid: As `set_pin`.
    """
    check_fresh(house, session)
    return set_pin(unit, house, staff_id=session.staff.id, pin=pin)


def drop_pin(unit: Unit, house: House, *, staff_id: str) -> None:
    """Take a person's PIN away; without one nothing changes.

    Raises:
        NotFound: `staff`.
    """
    unit.begin()
    if rows.find_staff_by_id(unit, staff_id) is None:
        raise NotFound("staff")
    if rows.drop_pin(unit, staff_id):
        thing = Thing("staff", staff_id)
        audit.note(unit, house, action=Action.STAFF_PIN_REMOVED, object=thing)
    unit.commit()


def check_pin(unit: Unit, house: House, *, name: str, pin: str, station: StationId) -> Staff:
    """The supervisor of a name and PIN, typed at a station.

    A wrong name costs as much time as a wrong PIN and is answered the same. The PIN is
    compared before the attempts are counted under their lock: of many at once only as
    many learn something as are allowed.

    Raises:
        PinRefused: `wrong_pin`, `throttled`.
    """
    now = house.clock.now()
    tried = _tried(house, station, name)
    _check_wait(unit, tried, now)
    staff = _matching(unit, house, name=name, pin=pin)
    unit.begin()
    rows.lock_attempts(unit)
    _check_wait(unit, tried, now)
    if staff is not None:
        unit.rollback()
        return staff
    tried = _tried(house, station, name, lockouts.named(unit, name))
    lockouts.count(unit, house, tried, way="pin", now=now)
    unit.commit()
    raise PinRefused("wrong_pin")


def _tried(
    house: House, station: StationId, name: str, whose: Thing = A_STRANGER
) -> tuple[Tried, Tried]:
    at_station = who_is(house, "station:" + station)
    return (
        Tried(WRONG_AT_STATION, at_station, Thing("station", station)),
        Tried(WRONG_OF_NAME, who_is(house, "pin:" + name.casefold()), whose),
    )


def _check_wait(unit: Unit, tried: tuple[Tried, Tried], now: datetime) -> None:
    wait_s = lockouts.wait_s(unit, tried, now=now)
    if wait_s:
        raise PinRefused("throttled", retry_after_s=wait_s)


def _matching(unit: Unit, house: House, *, name: str, pin: str) -> Staff | None:
    found = rows.find_pin(unit, name) if len(pin) <= PIN_MAX else None
    staff, hashed = found if found is not None else (None, None)
    if staff is None or hashed is None or not staff.may(Right.GATE_OVERRIDE):
        house.passwords.hash(pin[:PIN_MAX])
        return None
    return staff if house.passwords.matches(pin, hashed) else None
