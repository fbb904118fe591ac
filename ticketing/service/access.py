"""API keys and staff: who may do what; in the service room."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from ticketing.domain.accounts import ApiKey, Role, Scope, Staff
from ticketing.domain.ids import ApiKeyId, StaffId
from ticketing.domain.museum import local_day
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.ports import House
from ticketing.service.throttle import Limit, retry_after_s, who_is
from ticketing.store import access as rows
from ticketing.store.unit import Unit
from ticketing.wire.codec import to_base64url

KEY_PREFIX = "ek_"
NAME_LIMIT = 100
PASSWORD_MIN = 8
PASSWORD_MAX = 1000  # the hash takes time with length
_WINDOW = timedelta(minutes=15)
WRONG_ADDRESS = Limit(kind="sign_in_address", window=_WINDOW, each=10)
# More than one address may have: nobody locks a colleague out from a single desk.
WRONG_NAME = Limit(kind="sign_in_name", window=_WINDOW, each=30)
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
    checked = _checked_name(name)
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
    rows.revoke_key(unit, key, at=house.clock.now())
    found = rows.find_key_by_id(unit, key)
    if found is None:
        raise NotFound("api_key")
    unit.commit()
    return found


def add_staff(unit: Unit, house: House, *, name: str, password: str, role: Role) -> Staff:
    """Let a person sign in.

    Raises:
        Invalid: `name` of no or of more than 100 characters, `password` of fewer
            than 8 or more than 1000.
        Conflict: `staff_exists` if the name is taken.
    """
    checked = _checked_name(name)
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid(FieldError("password", "length"))
    hashed = house.passwords.hash(password)
    staff = Staff(
        id=StaffId(f"staff_{house.chance.draw(_ID_BYTES).hex()}"), name=checked, role=role
    )
    unit.begin()
    if not rows.add_staff(unit, staff, password_hash=hashed, at=house.clock.now()):
        raise Conflict("staff_exists")
    unit.commit()
    return staff


def sign_in(
    unit: Unit, house: House, *, name: str, password: str, address: str
) -> Staff | SignInRefused:
    """The person of a name and password, or why not.

    A wrong name costs as much time as a wrong password and is answered the same.
    Ten failures of an address, or thirty of a name, close it for up to 15 minutes.
    """
    now = house.clock.now()
    by_address, by_name = who_is(house, address), who_is(house, "name:" + name)
    wait_s = _wait_s(unit, by_address, by_name, now)
    if wait_s:
        return SignInRefused("throttled", wait_s)
    found = rows.find_staff(unit, name) if len(password) <= PASSWORD_MAX else None
    if found is None:
        house.passwords.hash(password[:PASSWORD_MAX])
    elif house.passwords.matches(password, found[1]):
        return found[0]
    unit.begin()
    rows.add_failure(unit, WRONG_ADDRESS.kind, who=by_address, at=now)
    rows.add_failure(unit, WRONG_NAME.kind, who=by_name, at=now)
    unit.commit()
    return SignInRefused("wrong")


def find_staff(unit: Unit, *, staff_id: str) -> Staff | None:
    """The person of an id, as a session keeps it."""
    return rows.find_staff_by_id(unit, staff_id)


def _wait_s(unit: Unit, by_address: bytes, by_name: bytes, now: datetime) -> int:
    return max(
        retry_after_s(unit, WRONG_ADDRESS, who=by_address, now=now),
        retry_after_s(unit, WRONG_NAME, who=by_name, now=now),
    )


def _hash(token: str) -> bytes:
    """Keys are random: one plain SHA-256 keeps them."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > NAME_LIMIT:
        raise Invalid(FieldError("name", "length"))
    return clean
