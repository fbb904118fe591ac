"""What the audit log hears of wrong passwords, codes, passkeys and PINs: that a way is closed."""

import pytest

from tests.authenticator import SoftPasskey
from tests.service.signing import Office
from ticketing.domain.accounts import Role
from ticketing.domain.audit import SYSTEM
from ticketing.domain.ids import StationId
from ticketing.service import lockouts, sign_in, supervisors
from ticketing.service.audit import Action, Actor, ActorKind, Thing
from ticketing.service.errors import PinRefused


def lines(office: Office) -> list[tuple[Thing, object]]:
    """What was closed, and how it was tried; the newest first."""
    return [(one.object, one.after) for one in office.log(Action.SIGN_IN_LOCKED)]


def guess(office: Office, name: str, times: int, address: str = "192.0.2.7") -> None:
    """Tell a wrong password so often."""
    for _ in range(times):
        office.by_password(name, "Im Haus der Tiere 8", address)


def test_a_closed_name_is_one_line(office: Office) -> None:
    """Not one a try, in nobody's name, and with neither name nor address."""
    ada = office.person("kowalewski")
    guess(office, "kowalewski", 9)
    assert lines(office) == []
    guess(office, "kowalewski", 20)
    assert lines(office) == [(Thing("staff", ada.id), {"way": "password"})]
    [line] = office.log(Action.SIGN_IN_LOCKED)
    assert line.actor == SYSTEM
    assert "192.0.2.7" not in repr(line)
    assert "kowalewski" not in repr(line).casefold()


def test_it_is_told_once_an_hour(office: Office) -> None:
    """Who goes on guessing does not fill the log."""
    office.person()
    for _ in range(4):
        guess(office, "ada", 11)
        office.clock.tick(minutes=15)
    assert len(lines(office)) == 1
    guess(office, "ada", 11)
    assert len(lines(office)) == 2


def test_names_that_strangers_typed_are_not_kept(office: Office) -> None:
    """All of them together are one line an hour; so are all addresses."""
    for number in range(30):
        guess(office, f"name {number}", 10, f"198.51.100.{number // 10}")
    assert lines(office) == [
        (lockouts.AN_ADDRESS, {"way": "password"}),
        (lockouts.A_STRANGER, {"way": "password"}),
    ]


def test_wrong_codes_and_passkeys_are_told_too(office: Office) -> None:
    """Of codes the person is known, of passkeys only that there were many."""
    ada = office.person()
    opened, passkey = office.opened(), SoftPasskey()
    office.with_passkey(opened, passkey)
    office.with_codes(opened)
    for _ in range(6):
        needed = office.by_password()
        office.by_code(needed, "000000")
    for _ in range(sign_in.WRONG_PASSKEY.each):
        office.by_passkey(passkey, answer="{}")
    assert lines(office) == [
        (lockouts.AN_ADDRESS, {"way": "passkey"}),
        (Thing("staff", ada.id), {"way": "code"}),
    ]


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_wrong_pins_are_told_of_station_and_person(office: Office, name: str) -> None:
    """In the name of the station at which they were typed."""
    ada, gates = office.person(role=Role.ADMIN), [StationId(f"st_{n}") for n in range(3)]
    for gate in gates:
        house = office.of(Actor(ActorKind.STATION, gate))
        for _ in range(5):
            with office.store.unit() as unit, pytest.raises(PinRefused, match="wrong_pin"):
                supervisors.check_pin(unit, house, name=name, pin="000000", station=gate)
    person = Thing("staff", ada.id) if name == "ada" else lockouts.A_STRANGER
    told = [Thing("station", gate) for gate in gates]
    assert [one for one, _ in lines(office)] == [person, *reversed(told)]
    assert {one.actor.id for one in office.log(Action.SIGN_IN_LOCKED)} == set(gates)
    assert "000000" not in repr(office.log(Action.SIGN_IN_LOCKED))
