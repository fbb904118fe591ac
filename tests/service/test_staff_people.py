"""People of the staff: invited, changed, removed, let in anew."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.authenticator import SoftPasskey
from tests.service.signing import HERE, PASSWORD, SHELL, SITE, Office, actor
from ticketing.domain.accounts import Role, Staff
from ticketing.domain.audit import Action
from ticketing.domain.ids import StationId
from ticketing.domain.sign_in import LinkUse, Method
from ticketing.service import audit, staff_people, supervisors
from ticketing.service.access import SignInRefused
from ticketing.service.errors import Conflict, Gone, Invalid, NotFound, PinRefused
from ticketing.service.staff_people import LinkThrottled, OneTimeLink
from ticketing.service.staff_sessions import SignedInAs


@pytest.fixture
def ada(office: Office) -> Staff:
    """The one admin."""
    return office.person()


def invite(office: Office, name: str = "bo", role: Role = Role.DESK) -> OneTimeLink:
    """A link for somebody new."""
    with office.store.unit() as unit:
        return staff_people.invite(unit, office.of(SHELL), name=name, role=role)


def join(
    office: Office, link: OneTimeLink, name: str = "Bo Li", password: str = PASSWORD
) -> SignedInAs:
    """Take a link up with a password."""
    with office.store.unit() as unit:
        return staff_people.join_with_password(
            unit, office.house, key=link.key, name=name, password=password
        )


def look(office: Office, key: str, address: str = HERE) -> Staff:
    """Whose link it is."""
    with office.store.unit() as unit:
        return staff_people.find_link(unit, office.house, key=key, address=address).staff


def remove(office: Office, staff: Staff, by: Staff) -> None:
    """Take somebody out."""
    with office.store.unit() as unit:
        staff_people.remove(unit, office.of(by), staff_id=staff.id)


def listed(office: Office) -> dict[str, Role]:
    """Names and roles."""
    with office.store.unit() as unit:
        return {p.staff.name: p.staff.role for p in staff_people.list_people(unit, office.house)}


# ------------------------------------------------------------ invitations
def test_an_invitation_is_looked_at_and_taken_up_once(office: Office) -> None:
    """Looking changes nothing, however often a messenger does it."""
    link = invite(office)
    assert [look(office, link.key).name for _ in range(3)] == ["bo"] * 3
    assert join(office, link).method is Method.LINK
    for again in (lambda: look(office, link.key), lambda: join(office, link)):
        with pytest.raises(Gone):
            again()
    assert isinstance(office.by_password("Bo Li"), SignedInAs)
    assert listed(office) == {"Bo Li": Role.DESK}


def test_a_link_is_shown_once_and_leads_to_the_house(office: Office) -> None:
    """Its key is kept as a hash."""
    link = invite(office)
    assert link.address(office.house) == f"https://tickets.example/staff/join/{link.key}"
    assert len(link.key) == 43
    assert link.key not in repr(link)
    assert link.key not in repr(office.log())


def test_a_link_ends_after_48_hours(office: Office) -> None:
    """And cannot be taken up then."""
    link = invite(office)
    office.clock.tick(hours=48)
    for late in (lambda: look(office, link.key), lambda: join(office, link)):
        with pytest.raises(Gone):
            late()


def test_a_link_is_taken_up_with_a_passkey(office: Office) -> None:
    """Then nobody ever chooses a password."""
    link, passkey = invite(office), SoftPasskey()
    with office.store.unit() as unit:
        options = staff_people.offer_passkey(unit, office.house, key=link.key, site=SITE)
    with office.store.unit() as unit:
        answer = passkey.made(options)
        staff_people.join_with_passkey(
            unit, office.house, key=link.key, name="Bo", site=SITE, answer=answer
        )
    assert isinstance(office.by_passkey(passkey.but(count=1)), SignedInAs)
    assert office.by_password("Bo", "") == SignInRefused("wrong")
    with office.store.unit() as unit, pytest.raises(Gone):
        staff_people.offer_passkey(unit, office.house, key=link.key, site=SITE)


def test_a_wrong_passkey_leaves_the_link_good(office: Office) -> None:
    """Somebody tries again, or takes a password."""
    link = invite(office)
    with office.store.unit() as unit:
        staff_people.offer_passkey(unit, office.house, key=link.key, site=SITE)
    with office.store.unit() as unit, pytest.raises(Invalid, match="answer"):
        staff_people.join_with_passkey(
            unit, office.house, key=link.key, name="Bo", site=SITE, answer="{}"
        )
    join(office, link)


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [("", PASSWORD, "name"), ("x" * 101, PASSWORD, "name"), ("Bo", "short", "password")],
)
def test_what_does_not_fit_leaves_the_link_good(
    office: Office, name: str, password: str, why: str
) -> None:
    """The form comes again."""
    link = invite(office)
    with pytest.raises(Invalid, match=why):
        join(office, link, name, password)
    join(office, link)


@pytest.mark.usefixtures("ada")
def test_a_name_is_taken_once(office: Office) -> None:
    """When inviting, and when joining under another name."""
    with pytest.raises(Conflict, match="staff_exists"):
        invite(office, "ada")
    link = invite(office)
    for name in ("ada", "ADA"):
        with pytest.raises(Conflict, match="staff_exists"):
            join(office, link, name)
    join(office, link)


def test_of_two_at_once_one_takes_the_link(office: Office) -> None:
    """The other is told that it is gone."""
    link = invite(office)

    def attempt(name: str) -> bool:
        try:
            join(office, link, name)
        except Gone:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, ["a", "b", "c", "d"])) == 1


def test_guessing_links_is_slowed_down(office: Office) -> None:
    """After twenty of an address the right one waits, too; another address does not."""
    link = invite(office)
    for number in range(20):
        with pytest.raises(Gone):
            look(office, f"guess {number}")
    with pytest.raises(LinkThrottled) as refused:
        look(office, link.key)
    assert refused.value.retry_after_s == 900
    assert look(office, link.key, "192.0.2.8").name == "bo"


def test_an_invitation_is_in_the_audit(office: Office) -> None:
    """Who was invited as what, and that they came."""
    link = invite(office)
    join(office, link)
    joined, invited = office.log()
    assert (invited.action, invited.actor) == (Action.STAFF_INVITED, SHELL)
    assert invited.after == {"name": "bo", "role": "desk"}
    assert (joined.action, joined.actor) == (Action.STAFF_JOINED, actor(link.staff))


# ------------------------------------------------------------ roles and removal
def test_the_last_admin_is_neither_removed_nor_demoted_nor_reset(
    office: Office, ada: Staff
) -> None:
    """An invited one who has not come does not count: nobody could let anybody in."""
    invite(office, "bo", Role.ADMIN)
    office.person("cy", Role.EDITOR)
    house = office.of(ada)
    with office.store.unit() as unit, pytest.raises(Conflict, match="last_admin"):
        staff_people.change_role(unit, house, staff_id=ada.id, role=Role.DESK)
    with office.store.unit() as unit, pytest.raises(Conflict, match="last_admin"):
        staff_people.remove(unit, house, staff_id=ada.id)
    with office.store.unit() as unit, pytest.raises(Conflict, match="last_admin"):
        staff_people.reset(unit, house, staff_id=ada.id)
    assert listed(office)["ada"] is Role.ADMIN


def test_two_admins_cannot_demote_each_other_at_once(office: Office, ada: Staff) -> None:
    """One of them stays."""
    bo = office.person("bo")

    def demote(pair: tuple[Staff, Staff]) -> bool:
        with office.store.unit() as unit:
            try:
                staff_people.change_role(
                    unit, office.of(pair[1]), staff_id=pair[0].id, role=Role.DESK
                )
            except Conflict:
                return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, [(ada, bo), (bo, ada)]))
    assert sorted(done) == [False, True]
    assert list(listed(office).values()).count(Role.ADMIN) == 1


def test_a_removed_person_leaves_their_name_and_their_lines(office: Office, ada: Staff) -> None:
    """The name is free again; the audit still knows who that was."""
    bo = office.person("bo")
    remove(office, bo, ada)
    assert listed(office) == {"ada": Role.ADMIN}
    for address in range(2):
        refused = office.by_password("bo", address=f"198.51.100.{address}")
        assert refused == SignInRefused("wrong")
    new = office.person("bo", Role.DESK)
    with office.store.unit() as unit:
        assert staff_people.id_of(unit, name="bo") == new.id
        names = audit.names(unit)
    assert (names[bo.id], names[new.id]) == ("bo", "bo")


def test_a_removed_supervisor_overrules_nothing(office: Office, ada: Staff) -> None:
    """The PIN went with the account."""
    bo = office.person("bo")
    with office.store.unit() as unit:
        supervisors.set_pin(unit, office.house, staff_id=bo.id, pin="271828")
    remove(office, bo, ada)
    for name in ("bo", bo.id):
        with office.store.unit() as unit, pytest.raises(PinRefused, match="wrong_pin"):
            supervisors.check_pin(
                unit, office.house, name=name, pin="271828", station=StationId("st_1")
            )


def test_nobody_who_is_not_there_is_changed(office: Office, ada: Staff) -> None:
    """A second removal, an id that was made up."""
    bo = office.person("bo")
    remove(office, bo, ada)
    with pytest.raises(NotFound, match="staff"):
        remove(office, bo, ada)
    with office.store.unit() as unit, pytest.raises(NotFound, match="staff"):
        staff_people.reset(unit, office.of(SHELL), staff_id="staff_0")
    with office.store.unit() as unit, pytest.raises(NotFound, match="staff"):
        staff_people.id_of(unit, name="bo")


def test_a_change_of_role_is_in_the_audit(office: Office, ada: Staff) -> None:
    """Before and after; the same role again is no news."""
    bo = office.person("bo", Role.DESK)
    for _ in range(2):
        with office.store.unit() as unit:
            staff_people.change_role(unit, office.of(ada), staff_id=bo.id, role=Role.EDITOR)
    [line] = office.log(Action.STAFF_ROLE_CHANGED)
    assert (line.actor, line.object.id) == (actor(ada), bo.id)
    assert (line.before, line.after) == ({"role": "desk"}, {"role": "editor"})


# ------------------------------------------------------------ in anew
def test_a_reset_takes_everything_and_gives_a_link(office: Office, ada: Staff) -> None:
    """Password, second factor, passkeys and sessions are gone at once."""
    bo, passkey = office.person("bo"), SoftPasskey()
    opened = office.opened(office.by_password("bo"))
    office.with_passkey(opened, passkey)
    office.with_codes(opened)
    with office.store.unit() as unit:
        link = staff_people.reset(unit, office.of(ada), staff_id=bo.id)
    assert link.use is LinkUse.RESET
    assert office.find(opened.key) is None
    assert office.by_password("bo") == SignInRefused("wrong")
    assert office.by_passkey(passkey.but(count=1)) == SignInRefused("wrong")
    join(office, link, "bo", "Etwas Neues 99")
    assert isinstance(office.by_password("bo", "Etwas Neues 99"), SignedInAs)


def test_a_new_link_ends_the_old_one(office: Office) -> None:
    """Of one person one link is good; an invitation that was lost is sent again."""
    old = invite(office)
    with office.store.unit() as unit:
        new = staff_people.reset(unit, office.of(SHELL), staff_id=old.staff.id)
    assert new.use is LinkUse.INVITATION
    with pytest.raises(Gone):
        join(office, old)
    join(office, new)


def test_whoever_has_a_shell_resets_the_last_admin_too(office: Office, ada: Staff) -> None:
    """Somebody who lost phone and codes is let in by whoever runs the machine."""
    with office.store.unit() as unit:
        link = staff_people.reset(unit, office.of(SHELL), staff_id=ada.id)
    join(office, link, "ada", "Etwas Neues 99")
    assert isinstance(office.by_password("ada", "Etwas Neues 99"), SignedInAs)


def test_the_list_says_how_everybody_signs_in(office: Office, ada: Staff) -> None:
    """And who has not come yet."""
    opened = office.opened()
    office.with_passkey(opened, SoftPasskey())
    office.with_codes(opened)
    link = invite(office, "zoe")
    with office.store.unit() as unit:
        first, second = staff_people.list_people(unit, office.house)
    assert (first.staff, first.passkeys, first.has_password, first.has_codes) == (
        ada,
        1,
        True,
        True,
    )
    assert first.seen_at == opened.session.seen_at
    assert (second.joined_at, second.link_ends_at) == (None, link.ends_at)
