"""Passkeys of the staff: added, named, removed; in the service room. `sign_in.py` asks them."""

from dataclasses import dataclass

from ticketing.domain.accounts import Staff
from ticketing.domain.sign_in import SETUP_TIME, Passkey, Session, StepKind
from ticketing.service import audit
from ticketing.service.access import checked_name
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, FieldError, Invalid, NotFound
from ticketing.service.factors import check_fresh
from ticketing.service.ports import House, NewPasskey, Site
from ticketing.service.staff_sessions import hash_of
from ticketing.store import factors as rows
from ticketing.store import sessions as session_rows
from ticketing.store import staff_people as people
from ticketing.store.unit import Unit

MOST = 20
_CHALLENGE_BYTES = 32
_ID_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a browser says of a passkey it has made (JSON), and the name it shall have."""

    answer: str
    name: str


def list_passkeys(unit: Unit, *, staff_id: str) -> tuple[Passkey, ...]:
    """A person's passkeys, oldest first."""
    return rows.passkeys_of(unit, staff_id)


def offer(unit: Unit, house: House, *, session: Session, key: str, site: Site) -> str:
    """Begin adding a passkey; what the browser needs (JSON). `key` is the session's.

    Raises:
        Conflict: `sign_in_again`; `too_many_passkeys` of one person.
    """
    check_fresh(house, session)
    return offer_to(unit, house, staff=session.staff, key=key, site=site)


def add(unit: Unit, house: House, *, session: Session, key: str, site: Site, made: Made) -> Passkey:
    """Add the passkey that the browser has made.

    Raises:
        Invalid: `name`; `answer` that does not hold.
        Conflict: `sign_in_again`, `expired`, `passkey_exists`.
    """
    check_fresh(house, session)
    name = checked_name(made.name)
    found = made_by(unit, house, key=key, site=site, answer=made.answer)
    passkey = new_passkey(house, found, name=name)
    unit.begin()
    store(unit, passkey, staff=session.staff)
    audit.note(
        unit,
        house,
        action=Action.STAFF_PASSKEY_ADDED,
        object=Thing("staff", session.staff.id),
        after={"passkey": passkey.id},
    )
    unit.commit()
    return passkey


def remove(unit: Unit, house: House, *, session: Session, passkey: str) -> None:
    """Forget one of the person's own passkeys.

    Raises:
        NotFound: `passkey`, another's as well.
        Conflict: `sign_in_again`; `last_passkey` of somebody without a password.
    """
    check_fresh(house, session)
    unit.begin()
    people.lock(unit)
    if not rows.drop_passkey(unit, passkey, staff_id=session.staff.id):
        raise NotFound("passkey")
    person = people.find(unit, session.staff.id, now=house.clock.now())
    if person is not None and not person.has_password and not person.passkeys:
        raise Conflict("last_passkey")
    audit.note(
        unit,
        house,
        action=Action.STAFF_PASSKEY_REMOVED,
        object=Thing("staff", session.staff.id),
        before={"passkey": passkey},
    )
    unit.commit()


# ------------------------------------------------------------ for whoever adds one
def offer_to(unit: Unit, house: House, *, staff: Staff, key: str, site: Site) -> str:
    """Begin adding a passkey to a person, under a key that the answer comes with.

    Raises:
        Conflict: `too_many_passkeys`.
    """
    known = [one.credential_id for one in rows.passkeys_of(unit, staff.id)]
    if len(known) >= MOST:
        raise Conflict("too_many_passkeys")
    now, challenge = house.clock.now(), house.chance.draw(_CHALLENGE_BYTES)
    options = house.passkeys.options_to_add(site, challenge=challenge, staff=staff, known=known)
    unit.begin()
    session_rows.put_step(
        unit,
        StepKind.PASSKEY_OFFERED,
        hash_of(key),
        staff_id=staff.id,
        data=challenge,
        span=(now, now + SETUP_TIME),
    )
    unit.commit()
    return options


def made_by(unit: Unit, house: House, *, key: str, site: Site, answer: str) -> NewPasskey:
    """The passkey of an answer; its challenge is used up, right or wrong.

    Raises:
        Conflict: `expired`.
        Invalid: `answer` that does not hold.
    """
    now = house.clock.now()
    unit.begin()
    step = session_rows.take_step(unit, StepKind.PASSKEY_OFFERED, hash_of(key), now=now)
    unit.commit()
    if step is None:
        raise Conflict("expired")
    made = house.passkeys.added(site, challenge=step[1], answer=answer)
    if made is None:
        raise Invalid(FieldError("answer", "wrong"))
    return made


def new_passkey(house: House, made: NewPasskey, *, name: str) -> Passkey:
    """A passkey with an id and a name; nothing is stored."""
    return Passkey(
        id=f"pk_{house.chance.draw(_ID_BYTES).hex()}",
        name=name,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        created_at=house.clock.now(),
    )


def store(unit: Unit, passkey: Passkey, *, staff: Staff) -> None:
    """Keep a passkey, within the caller's transaction.

    Raises:
        Conflict: `passkey_exists`.
    """
    if not rows.add_passkey(unit, passkey, staff_id=staff.id):
        raise Conflict("passkey_exists")
