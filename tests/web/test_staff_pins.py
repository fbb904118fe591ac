"""The PIN of a supervisor on the site: of others on their page, one's own on the account."""

import re
from collections.abc import Callable

import pytest

from tests.fakes import FrozenClock
from tests.web.conftest import NAME, SignedInBrowser
from tests.web.test_staff_people import id_of
from ticketing.domain.accounts import Role
from ticketing.domain.ids import StationId
from ticketing.service import audit, supervisors
from ticketing.service.audit import Action
from ticketing.service.errors import PinRefused
from ticketing.service.ports import House
from ticketing.store.unit import Store

AsRole = Callable[..., SignedInBrowser]
PIN, OTHER_PIN = "271828", "31415926"
BO = f"{NAME} (admin)"


@pytest.fixture
def bo(as_role: AsRole, staff: SignedInBrowser) -> str:
    """The page of another admin."""
    as_role(Role.ADMIN)
    return f"/staff/people/{id_of(staff, BO)}"


def opens(store: Store, house: House, name: str, pin: str) -> bool:
    """Whether a station takes a name and a PIN."""
    with store.unit() as unit:
        try:
            supervisors.check_pin(unit, house, name=name, pin=pin, station=StationId("st_1"))
        except PinRefused:
            return False
    return True


def test_an_admin_sets_changes_and_takes_away_a_pin(
    staff: SignedInBrowser, bo: str, store: Store, house: House
) -> None:
    """The page says how it is used and never shows it; the log tells of each, without it."""
    page = staff.client.get(bo).text
    assert "keine PIN" in page
    assert "F10" in page
    for pin in (PIN, OTHER_PIN):
        assert staff.post(f"{bo}/pin", pin=pin).status_code == 303
        page = staff.client.get(bo).text
        assert "PIN gesetzt" in page
        assert pin not in page
        assert opens(store, house, BO, pin)
    assert not opens(store, house, BO, PIN)
    assert staff.post(f"{bo}/pin/remove").status_code == 303
    assert "keine PIN" in staff.client.get(bo).text
    assert not opens(store, house, BO, OTHER_PIN)
    with store.unit() as unit:
        lines = audit.page(unit, limit=3).items
    assert [one.action for one in lines] == [
        Action.STAFF_PIN_REMOVED, Action.STAFF_PIN_SET, Action.STAFF_PIN_SET
    ]  # fmt: skip
    assert all(one.before is None and one.after is None for one in lines)
    log = staff.client.get("/staff/audit").text
    assert "PIN entfernt" in log
    assert OTHER_PIN not in log


@pytest.mark.parametrize("pin", ["", "12345", "12345a", "1" * 33])
def test_a_pin_that_does_not_fit_is_told(staff: SignedInBrowser, bo: str, pin: str) -> None:
    """Beside its field, on both pages; the role stays chosen."""
    for page in (bo, "/staff/account"):
        answer = staff.post(f"{page}/pin", pin=pin)
        assert answer.status_code == 422
        assert 'id="wrong-pin">Nur Ziffern, mindestens sechs.' in answer.text
        assert "keine PIN" in answer.text
    assert 'value="admin" checked' in staff.post(f"{bo}/pin", pin=pin).text


def test_ones_own_pin_is_on_the_account(
    staff: SignedInBrowser, store: Store, house: House, clock: FrozenClock
) -> None:
    """The own page leads there; a browser left open gives nobody a PIN of their own."""
    own = f"/staff/people/{id_of(staff, NAME)}"
    assert f'action="{own}/pin"' not in staff.client.get(own).text
    assert staff.post(f"{own}/pin", pin=PIN).headers["Location"] == "/staff/account#pin"
    assert not opens(store, house, NAME, PIN)
    assert staff.post("/staff/account/pin", pin=PIN).status_code == 303
    assert "PIN gesetzt" in staff.client.get("/staff/account").text
    assert opens(store, house, NAME, PIN)
    clock.tick(minutes=15)
    answer = staff.post("/staff/account/pin", pin=OTHER_PIN)
    assert answer.headers["Location"] == "/staff/sign-in?again=yes"
    assert opens(store, house, NAME, PIN)
    staff.post("/staff/account/pin/remove")
    assert not opens(store, house, NAME, PIN)


def test_only_an_admin_has_a_pin(staff: SignedInBrowser, as_role: AsRole) -> None:
    """No other page offers one, and no other role may set one."""
    desk, auditor = as_role(Role.DESK), as_role(Role.AUDITOR)
    who = f"/staff/people/{id_of(staff, f'{NAME} (desk)')}"
    assert "F10" not in staff.client.get(who).text
    staff.post(f"{who}/pin", pin=PIN)
    assert "nur, wer die Rolle Leitung hat" in staff.client.get(who).text
    for other in (desk, auditor):
        assert "F10" not in other.client.get("/staff/account").text
        for path in (f"{who}/pin", f"{who}/pin/remove", "/staff/account/pin"):
            assert other.post(path, pin=PIN).status_code == 403
    admin = f"/staff/people/{id_of(staff, NAME)}"
    seen = auditor.client.get(admin).text
    assert "keine PIN" in seen
    assert re.search(r'name="pin"', seen) is None


def test_another_site_sets_no_pin(staff: SignedInBrowser, bo: str) -> None:
    """Without the token of the session nothing is done."""
    for path in (
        f"{bo}/pin",
        f"{bo}/pin/remove",
        "/staff/account/pin",
        "/staff/account/pin/remove",
    ):
        assert staff.client.post(path, data={"pin": PIN}).status_code == 403
