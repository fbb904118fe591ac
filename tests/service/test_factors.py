"""How people change the way they sign in, and what stops them."""

import pytest
from sqlalchemy import update

from tests.authenticator import PRESENT, SoftPasskey
from tests.service.signing import HERE, PASSWORD, SITE, Office, actor
from ticketing.domain.accounts import Role, Staff
from ticketing.domain.audit import Action
from ticketing.service import factors, passkeys, staff_people, vault
from ticketing.service.access import SignInRefused
from ticketing.service.errors import Conflict, Invalid, NotFound
from ticketing.service.passkeys import Made
from ticketing.service.staff_sessions import Opened, SignedInAs
from ticketing.store import schema
from ticketing.store import staff_people as people_rows

NEW = "Ein ganz anderes 8"


@pytest.fixture
def ada(office: Office) -> Staff:
    """An admin."""
    return office.person()


@pytest.fixture
def opened(office: Office, ada: Staff) -> Opened:
    """Ada's session."""
    del ada
    return office.opened()


def change(
    office: Office, opened: Opened, old: str = PASSWORD, new: str = NEW
) -> SignInRefused | None:
    """What becomes of another password."""
    with office.store.unit() as unit:
        return factors.change_password(
            unit, office.house, session=opened.session, old=old, new=new, address=HERE
        )


# ------------------------------------------------------------ password
def test_the_old_password_is_asked_for(office: Office, opened: Opened) -> None:
    """A browser left open is not enough; the audit says that, and not what."""
    assert change(office, opened, old="wrong") == SignInRefused("wrong")
    assert change(office, opened) is None
    assert isinstance(office.by_password(password=NEW), SignedInAs)
    assert office.by_password() == SignInRefused("wrong")
    [line] = office.log(Action.STAFF_PASSWORD_CHANGED)
    assert (line.before, line.after) == (None, None)


def test_guessing_the_old_password_is_slowed_down(office: Office, opened: Opened) -> None:
    """As at the door."""
    for _ in range(10):
        change(office, opened, old="wrong")
    assert change(office, opened) == SignInRefused("throttled", 900)


@pytest.mark.parametrize("new", ["", "short", "x" * 1001])
def test_a_password_has_a_least_and_a_greatest_length(
    office: Office, opened: Opened, new: str
) -> None:
    """And the old one stays."""
    with pytest.raises(Invalid, match="password"):
        change(office, opened, new=new)
    assert isinstance(office.by_password(), SignedInAs)


def test_who_has_no_password_sets_one_soon_after_signing_in(
    office: Office, opened: Opened, ada: Staff
) -> None:
    """Later they sign in once more."""
    with office.store.unit() as unit:
        unit.begin()
        people_rows.set_password(unit, ada.id, "")
        unit.commit()
    office.clock.tick(minutes=15)
    with pytest.raises(Conflict, match="sign_in_again"):
        change(office, opened, old="")
    office.clock.tick(minutes=-1)
    assert change(office, opened, old="") is None


# ------------------------------------------------------------ one-time codes
def test_codes_hold_once_one_was_told(office: Office, opened: Opened, ada: Staff) -> None:
    """A picture nobody scanned locks nobody out."""
    with office.store.unit() as unit:
        offer = factors.offer_codes(unit, office.house, session=opened.session, key=opened.key)
    assert offer.address.startswith("otpauth://totp/Stadtmuseum%20Erlenbach:ada?secret=")
    assert isinstance(office.by_password(), SignedInAs)
    with office.store.unit() as unit:
        told = {"session": opened.session, "key": opened.key}
        assert factors.offered_codes(unit, office.house, **told) == offer  # type: ignore[arg-type]
        with pytest.raises(Invalid, match="code"):
            factors.take_codes(unit, office.house, **told, code="000000")  # type: ignore[arg-type]
    with office.store.unit() as unit:
        code, house = office.code(offer.secret), office.of(ada)
        codes = factors.take_codes(unit, house, **told, code=code)  # type: ignore[arg-type]
    assert len(set(codes)) == 10
    assert all(len(one) == 11 and one[5] == "-" for one in codes)
    [line] = office.log(Action.STAFF_SECOND_FACTOR_CHANGED)
    assert (line.actor, line.after) == (actor(ada), {"second_factor": "on"})


def test_a_second_offer_is_refused_while_there_is_a_factor(office: Office, opened: Opened) -> None:
    """It would replace the one that somebody has; it is switched off first."""
    office.with_codes(opened)
    told = {"session": opened.session, "key": opened.key}
    with office.store.unit() as unit, pytest.raises(Conflict, match="has_codes"):
        factors.offer_codes(unit, office.house, **told)  # type: ignore[arg-type]
    with office.store.unit() as unit:
        factors.stop_codes(unit, office.house, session=opened.session)
    assert isinstance(office.by_password(), SignedInAs)
    office.with_codes(opened)


def test_what_was_not_offered_cannot_be_taken(office: Office, opened: Opened) -> None:
    """Nor what another session was offered, nor after a quarter of an hour."""
    other = office.opened()
    with office.store.unit() as unit:
        factors.offer_codes(unit, office.house, session=other.session, key=other.key)
    for key in (opened.key, "made up"):
        with office.store.unit() as unit, pytest.raises(Conflict, match="expired"):
            factors.take_codes(unit, office.house, session=opened.session, key=key, code="000000")
    with office.store.unit() as unit:
        told = {"session": opened.session, "key": opened.key}
        assert factors.offered_codes(unit, office.house, **told) is None  # type: ignore[arg-type]


def test_new_recovery_codes_replace_the_old(office: Office, opened: Opened) -> None:
    """Only where there is a second factor."""
    with office.store.unit() as unit, pytest.raises(Conflict, match="no_codes"):
        factors.new_recovery_codes(unit, office.house, session=opened.session)
    _, old = office.with_codes(opened)
    with office.store.unit() as unit:
        new = factors.new_recovery_codes(unit, office.house, session=opened.session)
    assert office.by_code(office.by_password(), old[0]) == SignInRefused("wrong")
    assert isinstance(office.by_code(office.by_password(), new[0]), SignedInAs)


def test_a_browser_left_open_changes_nothing(office: Office, opened: Opened) -> None:
    """A quarter of an hour after the sign-in, whoever wants to must prove it again."""
    office.with_codes(opened)
    office.clock.tick(minutes=15)
    session, key, house = opened.session, opened.key, office.house
    for act in (
        lambda unit: factors.offer_codes(unit, house, session=session, key=key),
        lambda unit: factors.take_codes(unit, house, session=session, key=key, code="000000"),
        lambda unit: factors.stop_codes(unit, house, session=session),
        lambda unit: factors.new_recovery_codes(unit, house, session=session),
        lambda unit: passkeys.offer(unit, house, session=session, key=key, site=SITE),
        lambda unit: passkeys.remove(unit, house, session=session, passkey="pk_1"),
    ):
        with office.store.unit() as unit, pytest.raises(Conflict, match="sign_in_again"):
            act(unit)


def test_a_box_opens_for_its_owner_alone(office: Office) -> None:
    """Moved to another row it is worth nothing; nor is a broken one."""
    box = vault.seal(office.house, b"secret", owner="staff_1")
    assert vault.unseal(office.house, box, owner="staff_1") == b"secret"
    for wrong in (box[:-1], b"", bytes(40)):
        assert vault.unseal(office.house, wrong, owner="staff_1") is None
    assert vault.unseal(office.house, box, owner="staff_2") is None


def test_a_secret_that_was_moved_signs_nobody_in(office: Office, opened: Opened) -> None:
    """Somebody who can write to the database cannot give their own secret to an admin."""
    secret, _ = office.with_codes(opened)
    office.person("bo")
    with office.store.unit() as unit:
        unit.begin()
        box = unit.run(schema.staff.select().where(schema.staff.c.name == "ada")).one().totp_box
        unit.run(update(schema.staff).where(schema.staff.c.name == "bo").values(totp_box=box))
        unit.commit()
    office.clock.tick(minutes=2)
    needed = office.by_password("bo")
    assert office.by_code(needed, office.code(secret)) == SignInRefused("wrong")


# ------------------------------------------------------------ passkeys
def test_a_passkey_has_a_name_and_is_listed(office: Office, opened: Opened, ada: Staff) -> None:
    """Several of one person, the oldest first."""
    office.with_passkey(opened, SoftPasskey(), name="  Laptop ")
    office.clock.tick(seconds=1)
    office.with_passkey(opened, SoftPasskey(credential_id=b"d" * 16), name="Telefon")
    with office.store.unit() as unit:
        listed = passkeys.list_passkeys(unit, staff_id=ada.id)
    assert [passkey.name for passkey in listed] == ["Laptop", "Telefon"]
    assert [line.after for line in office.log(Action.STAFF_PASSKEY_ADDED)] == [
        {"passkey": passkey.id} for passkey in reversed(listed)
    ]


def test_a_passkey_is_somebodys_once(office: Office, opened: Opened) -> None:
    """Nobody else adds the same."""
    office.with_passkey(opened, SoftPasskey())
    office.person("bo")
    with pytest.raises(Conflict, match="passkey_exists"):
        office.with_passkey(office.opened(office.by_password("bo")), SoftPasskey())


@pytest.mark.parametrize(
    "changes", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": PRESENT}]
)
def test_a_passkey_made_elsewhere_is_refused(
    office: Office, opened: Opened, changes: dict[str, object]
) -> None:
    """Or without asking who it is."""
    with pytest.raises(Invalid, match="answer"):
        office.with_passkey(opened, SoftPasskey().but(**changes))


def test_an_id_that_is_too_long_is_refused(office: Office, opened: Opened) -> None:
    """A credential id is no store for others' data."""
    with pytest.raises(Invalid, match="answer"):
        office.with_passkey(opened, SoftPasskey(credential_id=b"x" * 1024))


def test_an_offer_is_for_one_answer(office: Office, opened: Opened) -> None:
    """Right or wrong, it is used up; and it is its session's."""
    told = {"session": opened.session, "key": opened.key, "site": SITE}
    with office.store.unit() as unit:
        options = passkeys.offer(unit, office.house, **told)  # type: ignore[arg-type]
    with office.store.unit() as unit, pytest.raises(Invalid, match="answer"):
        passkeys.add(unit, office.house, **told, made=Made(answer="{}", name="x"))  # type: ignore[arg-type]
    answer = SoftPasskey().made(options)
    with office.store.unit() as unit, pytest.raises(Conflict, match="expired"):
        passkeys.add(unit, office.house, **told, made=Made(answer=answer, name="x"))  # type: ignore[arg-type]


def test_nobody_has_more_than_twenty(office: Office, opened: Opened) -> None:
    """And the browser is told which there are, so that none is made twice."""
    for number in range(20):
        office.with_passkey(opened, SoftPasskey(credential_id=bytes([number]) * 16))
    with pytest.raises(Conflict, match="too_many_passkeys"):
        office.with_passkey(opened, SoftPasskey())


def test_a_passkey_is_removed_by_whose_it_is(office: Office, opened: Opened) -> None:
    """Another's is none."""
    passkey = office.with_passkey(opened, SoftPasskey())
    office.person("bo", Role.DESK)
    bo = office.opened(office.by_password("bo"))
    for session, wrong in ((bo.session, passkey.id), (opened.session, "pk_0")):
        with office.store.unit() as unit, pytest.raises(NotFound, match="passkey"):
            passkeys.remove(unit, office.house, session=session, passkey=wrong)
    with office.store.unit() as unit:
        passkeys.remove(unit, office.house, session=opened.session, passkey=passkey.id)
    assert office.by_passkey(SoftPasskey()) == SignInRefused("wrong")


def test_the_last_way_in_stays(office: Office, opened: Opened, ada: Staff) -> None:
    """Somebody without a password keeps one passkey."""
    first = office.with_passkey(opened, SoftPasskey())
    second = office.with_passkey(opened, SoftPasskey(credential_id=b"d" * 16))
    with office.store.unit() as unit:
        unit.begin()
        people_rows.set_password(unit, ada.id, "")
        unit.commit()
    with office.store.unit() as unit:
        passkeys.remove(unit, office.house, session=opened.session, passkey=first.id)
    with office.store.unit() as unit, pytest.raises(Conflict, match="last_passkey"):
        passkeys.remove(unit, office.house, session=opened.session, passkey=second.id)
    with office.store.unit() as unit:
        person = staff_people.get_person(unit, office.house, staff_id=ada.id)
    assert (person.passkeys, person.has_password) == (1, False)
