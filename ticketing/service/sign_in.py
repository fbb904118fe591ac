"""Signing in: a password and, where there is one, a second factor; or a passkey (service).

Whatever is wrong is answered alike and counted: ten failures of a name at an address, thirty
of a name, a hundred at an address, five wrong codes of a person close the way for up to 15
minutes. Passkeys cannot be guessed and have a limit of their own: wrong passwords do not close
their way.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from ticketing.domain.accounts import Staff
from ticketing.domain.sign_in import STEP_TIME, Method, StepKind
from ticketing.service import access, factors, lockouts
from ticketing.service.access import SignInRefused
from ticketing.service.audit import Thing
from ticketing.service.lockouts import AN_ADDRESS, Tried
from ticketing.service.ports import House, Site
from ticketing.service.staff_sessions import SignedInAs, hash_of, new_key
from ticketing.service.throttle import Limit, who_is
from ticketing.store import access as access_rows
from ticketing.store import factors as factor_rows
from ticketing.store import sessions as rows
from ticketing.store.unit import Unit

WRONG_CODE = Limit(kind="sign_in_code", window=timedelta(minutes=15), each=5)
WRONG_PASSKEY = Limit(kind="sign_in_passkey", window=timedelta(minutes=15), each=100)
CHALLENGE_BYTES = 32
_SIX = re.compile(r"[0-9]{6}", re.ASCII)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right; `token` lets the code be told within five minutes."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasskeyAsked:
    """What the browser needs (JSON), and the token that its answer comes with."""

    options: str
    token: str = field(repr=False)


def with_password(
    unit: Unit, house: House, *, name: str, password: str, address: str
) -> SignedInAs | CodeNeeded | SignInRefused:
    """Name and password, or why not: `wrong`, `throttled`, `passkey_needed`.

    Whose role needs more than a password and who has a passkey must use it: with the
    password alone somebody else could set up a second factor of their own.
    """
    found = access.sign_in(unit, house, name=name, password=password, address=address)
    if isinstance(found, SignInRefused):
        return found
    if factor_rows.totp_box(unit, found.id) is None:
        is_weak = found.role in house.sign_in_rules.strong_roles
        if is_weak and factor_rows.passkeys_of(unit, found.id):
            return SignInRefused("passkey_needed")
        return SignedInAs(staff=found, method=Method.PASSWORD)
    token, now = new_key(house), house.clock.now()
    unit.begin()
    rows.put_step(
        unit,
        StepKind.CODE,
        hash_of(token),
        staff_id=found.id,
        data=b"",
        span=(now, now + STEP_TIME),
    )
    unit.commit()
    return CodeNeeded(token)


def with_code(
    unit: Unit, house: House, *, token: str, code: str, address: str
) -> SignedInAs | SignInRefused:
    """A one-time code or a recovery code, or why not: `wrong`, `throttled`, `expired`.

    A code opens once, whoever comes first.
    """
    now, key_hash = house.clock.now(), hash_of(token)
    step = rows.find_step(unit, StepKind.CODE, key_hash, now=now)
    staff = None if step is None else access.find_staff(unit, staff_id=step[0] or "")
    if staff is None:
        return SignInRefused("expired")
    tried = (
        Tried(WRONG_CODE, who_is(house, "code:" + staff.id), Thing("staff", staff.id)),
        access.wrong_at(house, address),
    )
    typed = _SPACES.sub("", code)
    totp = factors.step_of(unit, house, staff_id=staff.id, code=typed) if _is_six(typed) else None
    unit.begin()
    access_rows.lock_attempts(unit)
    wait_s = lockouts.wait_s(unit, tried, now=now)
    if wait_s:
        return SignInRefused("throttled", wait_s)
    method = _used(unit, house, staff, typed=typed, totp=totp)
    if method is None:
        lockouts.count(unit, house, tried, way="code", now=now)
        unit.commit()
        return SignInRefused("wrong")
    if rows.take_step(unit, StepKind.CODE, key_hash, now=now) is None:
        return SignInRefused("expired")
    unit.commit()
    return SignedInAs(staff=staff, method=method)


def ask_passkey(unit: Unit, house: House, *, site: Site) -> PasskeyAsked:
    """Begin a sign-in with whichever passkey the browser has: no name is asked for."""
    token, now = new_key(house), house.clock.now()
    challenge = house.chance.draw(CHALLENGE_BYTES)
    options = house.passkeys.options_to_sign_in(site, challenge=challenge)
    unit.begin()
    rows.put_step(
        unit,
        StepKind.PASSKEY_ASKED,
        hash_of(token),
        staff_id=None,
        data=challenge,
        span=(now, now + STEP_TIME),
    )
    unit.commit()
    return PasskeyAsked(options, token)


def with_passkey(
    unit: Unit, house: House, *, token: str, answer: str, site: Site, address: str
) -> SignedInAs | SignInRefused:
    """The answer of a passkey, or why not: `wrong`, `throttled`, `expired`.

    A challenge is good for one answer; a sign count that does not grow is a copied key.
    """
    now = house.clock.now()
    tried = (Tried(WRONG_PASSKEY, who_is(house, "passkey:" + address), AN_ADDRESS),)
    wait_s = lockouts.wait_s(unit, tried, now=now)
    if wait_s:
        return SignInRefused("throttled", wait_s)
    unit.begin()
    step = rows.take_step(unit, StepKind.PASSKEY_ASKED, hash_of(token), now=now)
    unit.commit()
    if step is None:
        return SignInRefused("expired")
    staff = _signed(unit, house, site, challenge=step[1], answer=answer)
    if staff is not None:
        return SignedInAs(staff=staff, method=Method.PASSKEY)
    unit.begin()
    lockouts.count(unit, house, tried, way="passkey", now=now)
    unit.commit()
    return SignInRefused("wrong")


def _signed(unit: Unit, house: House, site: Site, *, challenge: bytes, answer: str) -> Staff | None:
    claimed = house.passkeys.claimed(answer)
    found = None if claimed is None else factor_rows.find_passkey(unit, claimed)
    if found is None:
        return None
    staff, passkey = found
    count = house.passkeys.signed(site, challenge=challenge, answer=answer, passkey=passkey)
    if count is None:
        return None
    unit.begin()
    is_first = factor_rows.passkey_used(unit, passkey, sign_count=count, at=house.clock.now())
    unit.commit()
    return staff if is_first else None


def _is_six(typed: str) -> bool:
    return _SIX.fullmatch(typed) is not None


def _used(unit: Unit, house: House, staff: Staff, *, typed: str, totp: int | None) -> Method | None:
    """Use the code up; how somebody has signed in by it, None for a wrong or used one."""
    if _is_six(typed):
        is_good = totp is not None and factor_rows.use_step(unit, staff.id, totp)
        return Method.PASSWORD_CODE if is_good else None
    hashed = factors.recovery_hash(house, staff_id=staff.id, code=typed)
    is_good = factor_rows.use_recovery(unit, staff.id, hashed, at=house.clock.now())
    return Method.PASSWORD_RECOVERY if is_good else None
