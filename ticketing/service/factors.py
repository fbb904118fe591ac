"""How somebody signs in, changed by themself: password, one-time codes, recovery codes.

In the service room. Whoever changes it has signed in within the last 15 minutes: a browser
left open gives nobody a way in of their own.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from ticketing.domain.sign_in import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    SETUP_TIME,
    Method,
    Session,
    StepKind,
    recovery_code,
    typed_recovery_code,
)
from ticketing.service import access, audit, vault
from ticketing.service.access import SignInRefused
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid
from ticketing.service.ports import House
from ticketing.service.staff_sessions import hash_of
from ticketing.store import factors as rows
from ticketing.store import sessions as session_rows
from ticketing.store import staff_people as people
from ticketing.store.unit import Unit

_SECRET_BYTES = 20  # RFC 4226 §4: as long as SHA-1's output


@dataclass(frozen=True, slots=True)
class CodesOffer:
    """The secret as somebody types it, and the address that an app reads as a QR code."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


def check_fresh(house: House, session: Session) -> None:
    """Let only those go on who signed in a short while ago.

    Raises:
        Conflict: `sign_in_again`.
    """
    if not session.is_fresh(house.clock.now()):
        raise Conflict("sign_in_again")


# ------------------------------------------------------------ one-time codes
def offer_codes(unit: Unit, house: House, *, session: Session, key: str) -> CodesOffer:
    """Draw a secret; it holds once a code of it was told. `key` is the session's.

    Raises:
        Conflict: `sign_in_again`; `has_codes` while there is a second factor already.
    """
    check_fresh(house, session)
    _check_none(unit, session)
    now, staff = house.clock.now(), session.staff
    secret = house.codes.secret(house.chance.draw(_SECRET_BYTES))
    box = vault.seal(house, secret.encode(), owner=staff.id)
    unit.begin()
    session_rows.put_step(
        unit,
        StepKind.TOTP_OFFERED,
        hash_of(key),
        staff_id=staff.id,
        data=box,
        span=(now, now + SETUP_TIME),
    )
    unit.commit()
    return _offer(house, secret, staff.name)


def offered_codes(unit: Unit, house: House, *, session: Session, key: str) -> CodesOffer | None:
    """What was offered and not yet taken, for showing it again."""
    found = _offered(unit, house, session, key)
    return None if found is None else _offer(house, found[0], session.staff.name)


def take_codes(
    unit: Unit, house: House, *, session: Session, key: str, code: str
) -> tuple[str, ...]:
    """Switch the second factor on by a first code.

    Returns:
        Ten recovery codes, shown this once.

    Raises:
        Conflict: `sign_in_again`, `expired`, `has_codes`.
        Invalid: `code`.
    """
    check_fresh(house, session)
    found = _offered(unit, house, session, key)
    if found is None:
        raise Conflict("expired")
    secret, box = found
    step = house.codes.step_of(secret, "".join(code.split()), at=house.clock.now())
    if step is None:
        raise Invalid(FieldError("code", "wrong"))
    codes = _drawn(house)
    unit.begin()
    people.lock(unit)
    _check_none(unit, session)
    rows.set_totp(unit, session.staff.id, box, step=step)
    rows.replace_recovery(unit, session.staff.id, _hashes(house, session, codes))
    session_rows.strengthen(unit, session.id, Method.PASSWORD_CODE)
    session_rows.end_all(unit, session.staff.id, but=session.id)
    _note_factor(unit, house, session, before="off", after="on")
    unit.commit()
    return codes


def stop_codes(unit: Unit, house: House, *, session: Session) -> None:
    """Switch the second factor off; its recovery codes are gone.

    Raises:
        Conflict: `sign_in_again`.
    """
    check_fresh(house, session)
    unit.begin()
    rows.set_totp(unit, session.staff.id, None, step=None)
    rows.replace_recovery(unit, session.staff.id, ())
    _note_factor(unit, house, session, before="on", after="off")
    unit.commit()


def new_recovery_codes(unit: Unit, house: House, *, session: Session) -> tuple[str, ...]:
    """Ten new recovery codes, shown this once; the old ones are no good any more.

    Raises:
        Conflict: `sign_in_again`; `no_codes` without a second factor.
    """
    check_fresh(house, session)
    codes = _drawn(house)
    unit.begin()
    if rows.totp_box(unit, session.staff.id) is None:
        raise Conflict("no_codes")
    rows.replace_recovery(unit, session.staff.id, _hashes(house, session, codes))
    _note_factor(unit, house, session, before="on", after="new recovery codes")
    unit.commit()
    return codes


def recovery_left(unit: Unit, *, staff_id: str) -> int:
    """How many of a person's recovery codes are unused."""
    return rows.recovery_left(unit, staff_id)


def step_of(unit: Unit, house: House, *, staff_id: str, code: str) -> int | None:
    """The time step of a person's code, None for a wrong one or no second factor."""
    box = rows.totp_box(unit, staff_id)
    secret = None if box is None else vault.unseal(house, box, owner=staff_id)
    if secret is None:
        return None
    return house.codes.step_of(secret.decode(), code, at=house.clock.now())


def recovery_hash(house: House, *, staff_id: str, code: str) -> bytes:
    """What is kept of a recovery code: 50 bits want the house's secret beside them."""
    text = f"recovery:{staff_id}:{typed_recovery_code(code)}"
    return hmac.digest(house.secret, text.encode(), hashlib.sha256)


def _offer(house: House, secret: str, name: str) -> CodesOffer:
    address = house.codes.address(secret, name=name, house=house.museum.name)
    return CodesOffer(secret, address)


def _offered(unit: Unit, house: House, session: Session, key: str) -> tuple[str, bytes] | None:
    now = house.clock.now()
    step = session_rows.find_step(unit, StepKind.TOTP_OFFERED, hash_of(key), now=now)
    secret = None if step is None else vault.unseal(house, step[1], owner=session.staff.id)
    return None if step is None or secret is None else (secret.decode(), step[1])


def _check_none(unit: Unit, session: Session) -> None:
    if rows.totp_box(unit, session.staff.id) is not None:
        raise Conflict("has_codes")


def _drawn(house: House) -> tuple[str, ...]:
    return tuple(recovery_code(house.chance.draw(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))


def _hashes(house: House, session: Session, codes: tuple[str, ...]) -> list[bytes]:
    return [recovery_hash(house, staff_id=session.staff.id, code=code) for code in codes]


def _note_factor(unit: Unit, house: House, session: Session, *, before: str, after: str) -> None:
    audit.note(
        unit,
        house,
        action=Action.STAFF_SECOND_FACTOR_CHANGED,
        object=Thing("staff", session.staff.id),
        before={"second_factor": before},
        after={"second_factor": after},
    )


# ------------------------------------------------------------ password
def change_password(
    unit: Unit, house: House, *, session: Session, old: str, new: str, address: str
) -> SignInRefused | None:
    """Choose another password; every other session of the person ends.

    Who has none yet (a passkey only) sets one without an old one, soon after a sign-in.

    Returns:
        Why not: `wrong`, `throttled`; None when it is changed.

    Raises:
        Invalid: `password` too short or too long.
        Conflict: `sign_in_again`.
    """
    hashed = house.passwords.hash(access.checked_password(new))
    person = people.find(unit, session.staff.id, now=house.clock.now())
    if person is not None and person.has_password:
        name = person.staff.name
        found = access.sign_in(unit, house, name=name, password=old, address=address)
        if isinstance(found, SignInRefused):
            return found
    else:
        check_fresh(house, session)
    unit.begin()
    people.set_password(unit, session.staff.id, hashed)
    session_rows.end_all(unit, session.staff.id, but=session.id)
    audit.note(
        unit,
        house,
        action=Action.STAFF_PASSWORD_CHANGED,
        object=Thing("staff", session.staff.id),
    )
    unit.commit()
    return None
