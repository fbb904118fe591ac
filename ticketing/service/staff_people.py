"""People of the staff: invited, changed, removed, let in anew; in the service room.

An invitation is a link that works once within 48 hours. Looking at it changes nothing:
messengers and mail programs fetch links by themselves. The last admin who can sign in is
neither removed nor demoted nor reset, else nobody could let anybody in.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ticketing.domain.accounts import RIGHTS, Right, Role, Staff
from ticketing.domain.audit import Facts
from ticketing.domain.sign_in import LINK_TIME, LinkUse, Method, Person
from ticketing.service import access, audit, passkeys
from ticketing.service.audit import Action, Actor, ActorKind, Thing
from ticketing.service.errors import Conflict, Gone, NotFound
from ticketing.service.ports import House, Site
from ticketing.service.staff_sessions import SignedInAs, hash_of, new_key
from ticketing.service.throttle import Limit, retry_after_s, who_is
from ticketing.store import access as access_rows
from ticketing.store import staff_people as rows
from ticketing.store.unit import Unit

WRONG_LINK = Limit(kind="staff_link", window=timedelta(minutes=15), each=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """A link to hand over, shown this once; `ends_at` aware UTC."""

    staff: Staff
    use: LinkUse
    ends_at: datetime
    key: str = field(repr=False)

    def address(self, house: House) -> str:
        """The whole address."""
        return f"{house.museum.base_url}/staff/join/{self.key}"


@dataclass(frozen=True, slots=True)
class FoundLink:
    """Whose link it is, and what for."""

    staff: Staff
    use: LinkUse


def list_people(unit: Unit, house: House) -> tuple[Person, ...]:
    """Everybody of the staff, by name; invited ones too."""
    return rows.listed(unit, now=house.clock.now())


def get_person(unit: Unit, house: House, *, staff_id: str) -> Person:
    """One of them.

    Raises:
        NotFound: `staff`.
    """
    found = rows.find(unit, staff_id, now=house.clock.now())
    if found is None:
        raise NotFound("staff")
    return found


def id_of(unit: Unit, *, name: str) -> str:
    """The id of a name.

    Raises:
        NotFound: `staff`.
    """
    found = rows.id_of(unit, name)
    if found is None:
        raise NotFound("staff")
    return found


def invite(unit: Unit, house: House, *, name: str, role: Role) -> OneTimeLink:
    """Make a place for somebody, and the link by which they take it.

    Raises:
        Invalid: `name` of no or of more than 100 characters.
        Conflict: `staff_exists` if the name is taken.
    """
    staff = access.new_staff(house, name=access.checked_name(name), role=role)
    link = _new_link(house, staff, LinkUse.INVITATION)
    unit.begin()
    if not access_rows.add_staff(unit, staff, password_hash="", at=house.clock.now()):
        raise Conflict("staff_exists")
    _put(unit, link)
    _note(
        unit,
        house,
        line=(Action.STAFF_INVITED, staff),
        after={"name": staff.name, "role": role},
    )
    unit.commit()
    return link


def reset(unit: Unit, house: House, *, staff_id: str) -> OneTimeLink:
    """Let somebody sign in anew: all they signed in with is gone, a link takes its place.

    Raises:
        NotFound: `staff`.
        Conflict: `last_admin`.
    """
    key = new_key(house)
    unit.begin()
    rows.lock(unit)
    person = get_person(unit, house, staff_id=staff_id)
    if house.actor.kind is not ActorKind.COMMAND:  # whoever has a shell may always let somebody in
        _check_not_last(unit, person.staff)
    use = LinkUse.RESET if person.joined_at else LinkUse.INVITATION
    link = replace(_new_link(house, person.staff, use), key=key)
    rows.forget_factors(unit, staff_id)
    _put(unit, link)
    _note(unit, house, line=(Action.STAFF_RESET, person.staff))
    unit.commit()
    return link


def change_role(unit: Unit, house: House, *, staff_id: str, role: Role) -> Staff:
    """Give somebody another role; it holds with their next click.

    Who is no supervisor any more has no PIN left, should they become one again.

    Raises:
        NotFound: `staff`.
        Conflict: `last_admin`.
    """
    unit.begin()
    rows.lock(unit)
    old = get_person(unit, house, staff_id=staff_id).staff
    if role is not Role.ADMIN:
        _check_not_last(unit, old)
    rows.set_role(unit, staff_id, role)
    if Right.GATE_OVERRIDE not in RIGHTS[role]:
        access_rows.drop_pin(unit, staff_id)
    line = (Action.STAFF_ROLE_CHANGED, old)
    _note(unit, house, line=line, before={"role": old.role}, after={"role": role})
    unit.commit()
    return replace(old, role=role)


def remove(unit: Unit, house: House, *, staff_id: str) -> None:
    """Take somebody out: signed out everywhere at once, and no way in is left.

    Raises:
        NotFound: `staff`.
        Conflict: `last_admin`.
    """
    unit.begin()
    rows.lock(unit)
    old = get_person(unit, house, staff_id=staff_id).staff
    _check_not_last(unit, old)
    rows.remove(unit, staff_id, at=house.clock.now())
    _note(
        unit,
        house,
        line=(Action.STAFF_REMOVED, old),
        before={"name": old.name, "role": old.role},
    )
    unit.commit()


# ------------------------------------------------------------ taking a link up
def find_link(unit: Unit, house: House, *, key: str, address: str) -> FoundLink:
    """Whose link it is; nothing is used up.

    Raises:
        Gone: There is none, or it was used or is over.
        LinkThrottled: After 20 of those of one address.
    """
    now, who = house.clock.now(), who_is(house, address)
    wait_s = retry_after_s(unit, WRONG_LINK, who=who, now=now)
    if wait_s:
        raise LinkThrottled(wait_s)
    found = rows.find_link(unit, hash_of(key), now=now)
    if found is not None:
        return FoundLink(*found)
    unit.begin()
    access_rows.add_failure(unit, WRONG_LINK.kind, who=who, at=now)
    unit.commit()
    raise Gone


class LinkThrottled(Conflict):
    """Too many wrong links; again in so many seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("throttled")
        self.retry_after_s = retry_after_s


def join_with_password(
    unit: Unit, house: House, *, key: str, name: str, password: str
) -> SignedInAs:
    """Take a link up with a name and a password.

    Raises:
        Gone: The link was used or is over.
        Invalid: `name`, `password`.
        Conflict: `staff_exists` if the name is taken.
    """
    checked = access.checked_name(name)
    hashed = house.passwords.hash(access.checked_password(password))
    unit.begin()
    staff = _taken(unit, house, key=key, name=checked)
    rows.set_password(unit, staff.id, hashed)
    _joined(unit, house, staff, Method.PASSWORD)
    unit.commit()
    return SignedInAs(staff=staff, method=Method.LINK)


def offer_passkey(unit: Unit, house: House, *, key: str, site: Site) -> str:
    """Begin taking a link up with a passkey; what the browser needs (JSON).

    Raises:
        Gone: The link was used or is over.
    """
    found = rows.find_link(unit, hash_of(key), now=house.clock.now())
    if found is None:
        raise Gone
    return passkeys.offer_to(unit, house, staff=found[0], key=key, site=site)


def join_with_passkey(
    unit: Unit, house: House, *, key: str, name: str, site: Site, answer: str
) -> SignedInAs:
    """Take a link up with a name and a passkey.

    Raises:
        Gone: The link was used or is over.
        Invalid: `name`, `answer`.
        Conflict: `staff_exists`, `expired`, `passkey_exists`.
    """
    checked = access.checked_name(name)
    made = passkeys.made_by(unit, house, key=key, site=site, answer=answer)
    passkey = passkeys.new_passkey(house, made, name=checked)
    unit.begin()
    staff = _taken(unit, house, key=key, name=checked)
    passkeys.store(unit, passkey, staff=staff)
    _joined(unit, house, staff, Method.PASSKEY)
    unit.commit()
    return SignedInAs(staff=staff, method=Method.PASSKEY)


# ------------------------------------------------------------ parts of the above
def _new_link(house: House, staff: Staff, use: LinkUse) -> OneTimeLink:
    ends_at = house.clock.now() + LINK_TIME
    return OneTimeLink(staff=staff, use=use, ends_at=ends_at, key=new_key(house))


def _put(unit: Unit, link: OneTimeLink) -> None:
    hashed = hash_of(link.key)
    rows.put_link(unit, hashed, staff_id=link.staff.id, use=link.use, ends_at=link.ends_at)


def _check_not_last(unit: Unit, staff: Staff) -> None:
    if staff.role is Role.ADMIN and not rows.other_admins(unit, staff.id):
        raise Conflict("last_admin")


def _taken(unit: Unit, house: House, *, key: str, name: str) -> Staff:
    """Use a link up and give its person a name, within the transaction."""
    now = house.clock.now()
    rows.lock(unit)
    found = rows.find_link(unit, hash_of(key), now=now)
    if found is None or not rows.take_link(unit, hash_of(key), now=now):
        raise Gone
    if not rows.join(unit, found[0].id, name=name, at=now):
        raise Conflict("staff_exists")
    return replace(found[0], name=name)


def _joined(unit: Unit, house: House, staff: Staff, method: Method) -> None:
    own = replace(house, actor=Actor(ActorKind.STAFF, staff.id))  # the link says who it is
    _note(unit, own, line=(Action.STAFF_JOINED, staff), after={"method": method})


def _note(
    unit: Unit,
    house: House,
    *,
    line: tuple[Action, Staff],
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    action, staff = line
    thing = Thing("staff", staff.id)
    audit.note(unit, house, action=action, object=thing, before=before, after=after)
