"""API keys and staff: who may do what; in the service room."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from ticketing.domain.accounts import ApiKey, Role, Scope, Staff
from ticketing.domain.ids import ApiKeyId, StaffId
from ticketing.domain.museum import local_day
from ticketing.service import audit, lockouts
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.lockouts import A_STRANGER, AN_ADDRESS, Tried
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, who_is
from ticketing.store import access as rows
from ticketing.store import staff_people
from ticketing.store.unit import Unit
from ticketing.wire.codec import to_base64url

KEY_PREFIX = "ek_"
NAME_LIMIT = 100
PASSWORD_MIN = 8
PASSWORD_MAX = 1000  # the hash takes time with length
_WINDOW = timedelta(minutes=15)
# A museum has one address: one person's mistakes there lock nobody else out.
WRONG_HERE = Limit(kind="sign_in_here", window=_WINDOW, each=10)
# More than one address may have: nobody locks a colleague out from a single desk.
WRONG_NAME = Limit(kind="sign_in_name", window=_WINDOW, each=30)
WRONG_ADDRESS = Limit(kind="sign_in_address", window=_WINDOW, each=100)
_SECRET_BYTES = 32
_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """No sign-in: `wrong` name or password, or `throttled` for so many seconds."""

    reason: str
    retry_after_s: int = 0


def create_api_key(
    unit: Unit, house: House, *, name: str, scopes: Collection[Scope]
) -> tuple[str, ApiKey]:
    """Make a key for a program.

    Returns:
        The key, `ek_` and 43 characters, shown this once, and what is kept of it.

    Raises:
        Invalid: `name` of no or of more than 100 characters, no `scopes`.
    """
    checked = checked_name(name)
    if not scopes:
        raise Invalid(FieldError("scopes", "empty"))
    token = KEY_PREFIX + to_base64url(house.chance.draw(_SECRET_BYTES))
    key = ApiKey(
        id=ApiKeyId(f"key_{house.chance.draw(_ID_BYTES).hex()}"),
        name=checked,
        scopes=frozenset(scopes),
        created_at=house.clock.now(),
    )
    unit.begin()
    rows.add_key(unit, key, key_hash=_hash(token))
    made = {"name": key.name, "scopes": key.scopes}
    audit.note(
        unit,
        house,
        action=Action.API_KEY_CREATED,
        object=Thing("api_key", key.id),
        after=made,
    )
    unit.commit()
    return token, key


def api_key_by_token(unit: Unit, *, token: str) -> ApiKey | None:
    """The key's record, or None for anything that is no key in force."""
    return rows.find_key(unit, _hash(token)) if token.startswith(KEY_PREFIX) else None


def note_use(unit: Unit, house: House, *, key: ApiKey) -> None:
    """Note that a key is used today; the first use of a local day alone writes."""
    today = local_day(house.clock.now(), house.museum.zone)
    if key.last_used_on == today:
        return
    unit.begin()
    rows.note_use(unit, key.id, on=today)
    unit.commit()


def list_api_keys(unit: Unit) -> tuple[ApiKey, ...]:
    """Every key, oldest first, revoked ones too; none shows its secret."""
    return rows.keys(unit)


def revoke_api_key(unit: Unit, house: House, *, key: ApiKeyId) -> ApiKey:
    """End a key: from now on it opens nothing; once more changes nothing.

    Raises:
        NotFound: `api_key`.
    """
    unit.begin()
    is_first = rows.revoke_key(unit, key, at=house.clock.now())
    found = rows.find_key_by_id(unit, key)
    if found is None:
        raise NotFound("api_key")
    if is_first:
        thing = Thing("api_key", key)
        audit.note(unit, house, action=Action.API_KEY_REVOKED, object=thing)
    unit.commit()
    return found


def add_staff(unit: Unit, house: House, *, name: str, password: str, role: Role) -> Staff:
    """Let a person sign in.

    Raises:
        Invalid: `name` of no or of more than 100 characters, `password` of fewer
            than 8 or more than 1000.
        Conflict: `staff_exists` if the name is taken.
    """
    checked = checked_name(name)
    hashed = house.passwords.hash(checked_password(password))
    staff = new_staff(house, name=checked, role=role)
    unit.begin()
    if not rows.add_staff(unit, staff, password_hash=hashed, at=house.clock.now()):
        raise Conflict("staff_exists")
    audit.note(
        unit,
        house,
        action=Action.STAFF_ADDED,
        object=Thing("staff", staff.id),
        after={"name": staff.name, "role": role},
    )
    unit.commit()
    return staff


def new_staff(house: House, *, name: str, role: Role) -> Staff:
    """A person with an id of their own; nothing is stored."""
    return Staff(id=StaffId(f"staff_{house.chance.draw(_ID_BYTES).hex()}"), name=name, role=role)


def sign_in(
    unit: Unit, house: House, *, name: str, password: str, address: str
) -> Staff | SignInRefused:
    """The person of a name and password, or why not.

    A wrong name costs as much time as a wrong password, is counted and answered the same.
    Ten failures of a name at one address, thirty of a name, or a hundred at an address close
    that for up to 15 minutes. The password is compared before the attempts are counted under
    their lock: of many at once only as many learn something as are allowed.
    """
    now, tried = house.clock.now(), _tried(house, name, address)
    wait_s = lockouts.wait_s(unit, tried, now=now)
    if wait_s:
        return SignInRefused("throttled", wait_s)
    staff, hashed = _matching(unit, house, name=name, password=password)
    unit.begin()
    rows.lock_attempts(unit)
    wait_s = lockouts.wait_s(unit, tried, now=now)
    if wait_s:
        return SignInRefused("throttled", wait_s)
    if staff is not None:
        unit.rollback()
        return _renewed(unit, house, staff, (password, hashed))
    tried = _tried(house, name, address, lockouts.named(unit, name))
    lockouts.count(unit, house, tried, way="password", now=now)
    unit.commit()
    return SignInRefused("wrong")


def _matching(unit: Unit, house: House, *, name: str, password: str) -> tuple[Staff | None, str]:
    """The person whose password it is, and its hash; a hash is made in any case."""
    found = rows.find_staff(unit, name) if len(password) <= PASSWORD_MAX else None
    staff, hashed = found if found is not None else (None, "")
    if staff is None or not hashed:  # nobody, or somebody who signs in otherwise
        house.passwords.hash(password[:PASSWORD_MAX])
        return None, ""
    return (staff if house.passwords.matches(password, hashed) else None), hashed


def _renewed(unit: Unit, house: House, staff: Staff, known: tuple[str, str]) -> Staff:
    """The person; an old hash of the password is replaced by one as they are made now."""
    password, hashed = known
    if house.passwords.is_outdated(hashed):
        better = house.passwords.hash(password)
        unit.begin()
        staff_people.renew_password(unit, staff.id, old=hashed, new=better)
        unit.commit()
    return staff


def find_staff(unit: Unit, *, staff_id: str) -> Staff | None:
    """The person of an id, as a session keeps it."""
    return rows.find_staff_by_id(unit, staff_id)


def _tried(
    house: House, name: str, address: str, whose: Thing = A_STRANGER
) -> tuple[Tried, Tried, Tried]:
    """What an attempt counts for; `whose` name it is matters to the log alone."""
    name = name.casefold()
    return (
        Tried(WRONG_HERE, who_is(house, f"name:{name}\0{address}"), whose),
        Tried(WRONG_NAME, who_is(house, f"name:{name}"), whose),
        wrong_at(house, address),
    )


def wrong_at(house: House, address: str) -> Tried:
    """What a wrong password and a wrong code count for at an address."""
    return Tried(WRONG_ADDRESS, who_is(house, address), AN_ADDRESS)


def _hash(token: str) -> bytes:
    """Keys are random: one plain SHA-256 keeps them."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def checked_name(name: str) -> str:
    """A name without needless spaces.

    Raises:
        Invalid: `name` of no or of more than 100 characters.
    """
    clean = " ".join(name.split())
    if not clean or len(clean) > NAME_LIMIT:
        raise Invalid(FieldError("name", "length"))
    return clean


def checked_password(password: str) -> str:
    """A password that may be chosen.

    Raises:
        Invalid: `password` of fewer than 8 or more than 1000 characters.
    """
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid(FieldError("password", "length"))
    return password
