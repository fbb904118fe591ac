"""The staff's sign-in: passwords, sessions, forms, the language."""

import logging
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.fakes import FrozenClock
from tests.web.conftest import NAME, PASSWORD, SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.service import access, staff_people
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts

AT = "2026-10-04T14:00+02:00"
WRONG = "Name oder Passwort stimmt nicht."


@pytest.fixture
def ayse(store: Store, house: House) -> None:
    """Somebody who may sign in."""
    with store.unit() as unit:
        access.add_staff(unit, house, name=NAME, password=PASSWORD, role=Role.DESK)


def test_the_right_password_opens(client: FlaskClient, ayse: None) -> None:
    """The cookie is for /staff alone, and no script reads it."""
    del ayse
    answer = client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("einlass_staff=")
    assert {"HttpOnly", "Path=/staff", "SameSite=Strict"} <= set(cookie.split("; "))
    assert client.get("/staff").status_code == 200
    assert client.get("/staff/sign-in").headers["Location"] == "/staff"


def test_behind_tls_the_cookie_is_secure(parts: Parts, ayse: None) -> None:
    """It never travels in the clear."""
    del ayse
    client = create_app(replace(parts, secure_cookies=True)).test_client()
    answer = client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password"), [(NAME, "falsch"), ("Niemand", PASSWORD), ("", ""), (NAME, "x" * 2000)]
)
def test_a_wrong_sign_in_is_refused(
    client: FlaskClient, ayse: None, name: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The same words for a wrong name and a wrong password; neither is logged or shown."""
    del ayse
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/staff/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 403
    assert WRONG in answer.text
    assert 'role="alert"' in answer.text
    assert "Set-Cookie" not in answer.headers
    if name:
        assert name not in answer.text + caplog.text
        assert password not in answer.text + caplog.text


def test_the_form_again_is_in_its_language(client: FlaskClient) -> None:
    """The form says what it was read in."""
    answer = client.post("/staff/sign-in", data={"name": "x", "password": "y", "lang": "en"})
    assert "Name or password is wrong." in answer.text
    assert '<html lang="en">' in answer.text


def test_guessing_passwords_is_slowed_down(client: FlaskClient, ayse: None) -> None:
    """After ten wrong ones the right one waits, too."""
    del ayse
    for _ in range(10):
        client.post("/staff/sign-in", data={"name": NAME, "password": "falsch"})
    answer = client.post("/staff/sign-in", data={"name": NAME, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Zu viele Versuche" in answer.text


def wrong_from(client: FlaskClient, *addresses: str, **told: str) -> list[int]:
    """What a wrong password from each address is answered."""
    data = {"name": NAME, "password": "falsch"}
    return [
        client.post(
            "/staff/sign-in", data=data, environ_base={"REMOTE_ADDR": one}, headers=told
        ).status_code
        for one in addresses
    ]


def test_whoever_has_one_address_of_ipv6_has_all_of_its_network(
    client: FlaskClient, ayse: None
) -> None:
    """Another address for each try does not help; another household is not locked out."""
    del ayse
    own = [f"2001:db8:1:2::{n}" for n in range(1, 12)]
    assert wrong_from(client, *own) == [403] * 10 + [429]
    assert wrong_from(client, "2001:db8:1:3::1") == [403]
    same = ["::ffff:192.0.2.9", "192.0.2.9", "192.0.2.9:4711", "[::ffff:192.0.2.9]:80"]
    assert wrong_from(client, *same * 2, *same) == [403] * 10 + [429] * 2


@pytest.mark.parametrize(("proxies", "last"), [(1, 403), (0, 429), (2, 429)])
def test_a_proxy_tells_who_asks(parts: Parts, ayse: None, proxies: int, last: int) -> None:
    """If it is known to be there: otherwise anybody could tell anything."""
    del ayse
    client = create_app(replace(parts, proxies=proxies)).test_client()
    answers = [
        wrong_from(client, "127.0.0.1", **{"X-Forwarded-For": f"198.51.100.{n}"})[0]
        for n in range(11)
    ]
    assert answers == [403] * 10 + [last]


def test_what_a_stranger_tells_the_proxy_is_not_believed(parts: Parts, ayse: None) -> None:
    """The proxy adds the address that it sees itself; that one counts."""
    del ayse
    client = create_app(replace(parts, proxies=1)).test_client()
    answers = [
        wrong_from(client, "127.0.0.1", **{"X-Forwarded-For": f"10.0.0.{n}, 203.0.113.7"})[0]
        for n in range(11)
    ]
    assert answers == [403] * 10 + [429]


def test_a_session_ends_after_twelve_hours(staff: SignedInBrowser, clock: FrozenClock) -> None:
    """Overnight nobody stays signed in."""
    clock.tick(hours=11, minutes=59)
    assert staff.client.get("/staff").status_code == 200
    clock.tick(minutes=1)
    assert staff.client.get("/staff").status_code == 303


def test_a_forged_cookie_opens_nothing(client: FlaskClient, ayse: None) -> None:
    """Only our own signature counts."""
    del ayse
    client.set_cookie("einlass_staff", "eyJpZCI6InN0YWZmXzEifQ.aaaaaa.bbbbbb", path="/staff")
    assert client.get("/staff").status_code == 303


def test_who_is_gone_is_out_at_once(staff: SignedInBrowser, store: Store, house: House) -> None:
    """A session lives no longer than its account."""
    with store.unit() as unit:
        access.add_staff(unit, house, name="Bo", password=PASSWORD, role=Role.ADMIN)
    with store.unit() as unit:
        gone = staff_people.id_of(unit, name=NAME)
        staff_people.remove(unit, house, staff_id=gone)
    assert staff.client.get("/staff").status_code == 303


def test_signing_out_ends_it(staff: SignedInBrowser) -> None:
    """By a form, not by a link that another page could embed."""
    answer = staff.post("/staff/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/sign-in")
    assert staff.client.get("/staff").status_code == 303
    assert staff.client.get("/staff/sign-out").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/staff/sign-out",
        "/staff/language",
        "/staff/stations/pairing",
        "/staff/stations/st_1/revoke",
    ],
)
@pytest.mark.parametrize("token", ["", "0" * 32, "ä"])
def test_a_form_without_its_token_is_refused(staff: SignedInBrowser, path: str, token: str) -> None:
    """Another page in the same browser cannot act."""
    answer = staff.client.post(path, data={"csrf": token, "lang": "en", "name": "x"})
    assert answer.status_code == 403
    assert staff.client.get("/staff").status_code == 200


def test_the_language_is_remembered(staff: SignedInBrowser) -> None:
    """For this session; a language that is none is refused."""
    assert "Angebote" in staff.client.get("/staff").text
    assert staff.post("/staff/language", lang="en").status_code == 303
    page = staff.client.get("/staff").text
    assert "Offers" in page
    assert '<html lang="en">' in page
    assert staff.post("/staff/language", lang="fr").status_code == 400
