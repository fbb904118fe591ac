"""Supervisors: staff of the role admin who overrule a refusal at a station; in the service room.

A station cannot sign them in, so they type a name and a PIN there. Five wrong ones at a
station and fifteen for a name in 15 minutes close it: of a million PINs somebody at a
stolen station tries fewer than 1,500 a day.
"""

import re
from datetime import datetime, timedelta

from ticketing.domain.accounts import Right, Staff
from ticketing.domain.ids import StationId
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound, PinRefused
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, retry_after_s, who_is
from ticketing.store import access as rows
from ticketing.store.unit import Unit

PIN_MIN, PIN_MAX = 6, 32
_WINDOW = timedelta(minutes=15)
WRONG_AT_STATION = Limit(kind="pin_station", window=_WINDOW, each=5)
# More than one station may have: nobody locks a supervisor out from a single gate.
WRONG_OF_NAME = Limit(kind="pin_name", window=_WINDOW, each=15)
_PIN = re.compile(f"[0-9]{{{PIN_MIN},{PIN_MAX}}}", re.ASCII)


def set_pin(unit: Unit, house: House, *, name: str, pin: str) -> Staff:
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
    found = rows.find_pin(unit, name)
    if found is None:
        raise NotFound("staff")
    staff, _ = found
    if not staff.may(Right.GATE_OVERRIDE):
        raise Conflict("no_supervisor")
    rows.set_pin(unit, staff.id, hashed)
    thing = Thing("staff", staff.id)
    audit.note(unit, house, action=Action.STAFF_PIN_SET, object=thing)
    unit.commit()
    return staff


def check_pin(unit: Unit, house: House, *, name: str, pin: str, station: StationId) -> Staff:
    """The supervisor of a name and PIN, typed at a station.

    A wrong name costs as much time as a wrong PIN and is answered the same. The PIN is
    compared before the attempts are counted under their lock: of many at once only as
    many learn something as are allowed.

    Raises:
        PinRefused: `wrong_pin`, `throttled`.
    """
    now = house.clock.now()
    asked = (who_is(house, "station:" + station), who_is(house, "pin:" + name.casefold()))
    _check_wait(unit, asked, now)
    staff = _matching(unit, house, name=name, pin=pin)
    unit.begin()
    rows.lock_attempts(unit)
    _check_wait(unit, asked, now)
    if staff is not None:
        unit.rollback()
        return staff
    for limit, who in zip((WRONG_AT_STATION, WRONG_OF_NAME), asked, strict=True):
        rows.add_failure(unit, limit.kind, who=who, at=now)
    unit.commit()
    raise PinRefused("wrong_pin")


def _check_wait(unit: Unit, asked: tuple[bytes, bytes], now: datetime) -> None:
    at_station, of_name = asked
    wait_s = max(
        retry_after_s(unit, WRONG_AT_STATION, who=at_station, now=now),
        retry_after_s(unit, WRONG_OF_NAME, who=of_name, now=now),
    )
    if wait_s:
        raise PinRefused("throttled", retry_after_s=wait_s)


def _matching(unit: Unit, house: House, *, name: str, pin: str) -> Staff | None:
    found = rows.find_pin(unit, name) if len(pin) <= PIN_MAX else None
    staff, hashed = found if found is not None else (None, None)
    if staff is None or hashed is None or not staff.may(Right.GATE_OVERRIDE):
        house.passwords.hash(pin[:PIN_MAX])
        return None
    return staff if house.passwords.matches(pin, hashed) else None
