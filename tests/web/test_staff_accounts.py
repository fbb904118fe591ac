"""One's own account, the second factor and passkeys, in a browser without script."""

import re
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.authenticator import SoftPasskey
from tests.fakes import FrozenClock
from tests.web.conftest import NAME, PASSWORD, SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.failures import Busy
from ticketing.domain.sign_in import SignInRules
from ticketing.edge.passwords import Argon2Passwords
from ticketing.web.factory import create_app
from ticketing.web.parts import Parts

HTTPS = "https://tickets.example"
AsRole = Callable[..., SignedInBrowser]


def sign_in(client: FlaskClient, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Send the sign-in form of Ayşe."""
    return client.post("/staff/sign-in", data={"name": NAME, "password": password} | fields)


def cookie(answer: TestResponse, name: str) -> str:
    """The value that an answer gives to a cookie."""
    found = re.search(rf"{name}=([^;]*)", " ".join(answer.headers.getlist("Set-Cookie")))
    return found[1] if found else ""


def with_codes(staff: SignedInBrowser) -> tuple[str, list[str]]:
    """Switch the second factor on; the secret and the recovery codes."""
    staff.post("/staff/account/codes")
    page = staff.client.get("/staff/account/codes").text
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    secret = found[1].replace(" ", "")
    answer = staff.post("/staff/account/codes/on", code=_code(secret))
    assert answer.status_code == 200
    return secret, re.findall(r"<li>([A-Z2-7]{5}-[A-Z2-7]{5})</li>", answer.text)


_NOW = FrozenClock()


def _code(secret: str, minutes: int = 0) -> str:
    return pyotp.TOTP(secret).at(_NOW.at, counter_offset=2 * minutes)


# ------------------------------------------------------------ sessions and their cookie
def test_a_planted_session_does_not_become_somebodys(
    client: FlaskClient, staff: SignedInBrowser
) -> None:
    """Every sign-in has a key of its own, and the one before is dead."""
    found = staff.client.get_cookie("einlass_staff", path="/staff")
    assert found is not None
    client.set_cookie("einlass_staff", found.value, path="/staff")
    fresh = cookie(sign_in(client), "einlass_staff")
    assert fresh
    assert fresh != found.value
    client.set_cookie("einlass_staff", found.value, path="/staff")
    assert client.get("/staff").headers["Location"] == "/staff/sign-in"


def test_a_cookie_after_signing_out_is_worth_nothing(staff: SignedInBrowser) -> None:
    """The session has ended on the server, not only in the browser."""
    found = staff.client.get_cookie("einlass_staff", path="/staff")
    assert found is not None
    staff.post("/staff/sign-out")
    staff.client.set_cookie("einlass_staff", found.value, path="/staff")
    assert staff.client.get("/staff").status_code == 303


def test_the_token_of_another_session_is_refused(staff: SignedInBrowser, as_role: AsRole) -> None:
    """It is bound to the session, not to the house or the person."""
    other = as_role(Role.EDITOR)
    assert other.csrf != staff.csrf
    answer = staff.client.post("/staff/account/codes", data={"csrf": other.csrf})
    assert answer.status_code == 403


def test_behind_tls_the_cookie_is_the_hosts_own(parts: Parts, staff: SignedInBrowser) -> None:
    """`__Host-`: no sister host and no plain http can set it."""
    del staff
    client = create_app(replace(parts, secure_cookies=True)).test_client()
    answer = client.post(
        "/staff/sign-in", data={"name": NAME, "password": PASSWORD}, base_url=HTTPS
    )
    [set_cookie] = answer.headers.getlist("Set-Cookie")
    assert set_cookie.startswith("__Host-einlass_staff=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(set_cookie.split("; "))
    assert "Domain" not in set_cookie
    assert client.get("/staff", base_url=HTTPS).status_code == 200


def test_one_ends_ones_own_sessions(staff: SignedInBrowser, app: APIFlask) -> None:
    """One by one, and all others at once; another's id is none."""
    others = [app.test_client() for _ in range(2)]
    for other in others:
        sign_in(other)
    page = staff.client.get("/staff/account").text
    assert "dieser Browser" in page
    ended = re.findall(r"/staff/account/sessions/(ses_[0-9a-f]{16})/end", page)
    assert len(ended) == 2
    assert staff.post(f"/staff/account/sessions/{ended[0]}/end").status_code == 303
    assert sorted(other.get("/staff").status_code for other in others) == [200, 303]
    assert staff.post("/staff/account/sessions/end-others").status_code == 303
    assert [other.get("/staff").status_code for other in others] == [303, 303]
    assert staff.client.get("/staff").status_code == 200
    assert staff.post("/staff/account/sessions/ses_0/end").status_code == 404


# ------------------------------------------------------------ password
def test_a_password_is_changed_with_the_old_one(staff: SignedInBrowser, app: APIFlask) -> None:
    """Wrong, too short, right; the new one opens then."""
    new = "ein-neues-geheimnis"
    for old, chosen, status in [
        ("falsch", new, 403),
        (PASSWORD, "kurz", 422),
        (PASSWORD, new, 303),
    ]:
        answer = staff.post("/staff/account/password", old=old, new=chosen)
        assert answer.status_code == status
        assert chosen not in answer.text
    assert "Das Passwort ist geändert" in staff.client.get("/staff/account").text
    client = app.test_client()
    assert sign_in(client).status_code == 403
    assert sign_in(client, new).status_code == 303


def test_guessing_the_old_password_is_slowed_down(staff: SignedInBrowser) -> None:
    """Somebody at an open browser gets no further than at the door."""
    for _ in range(10):
        staff.post("/staff/account/password", old="falsch", new="ein-neues-geheimnis")
    answer = staff.post("/staff/account/password", old=PASSWORD, new="ein-neues-geheimnis")
    assert answer.status_code == 429
    assert "Zu viele Versuche" in answer.text


# ------------------------------------------------------------ second factor
def test_a_second_factor_is_set_up_and_asked_for(
    staff: SignedInBrowser, app: APIFlask, clock: FrozenClock
) -> None:
    """Password, then code; half a sign-in opens nothing."""
    secret, recovery = with_codes(staff)
    assert len(recovery) == 10
    clock.tick(minutes=1)
    client = app.test_client()
    answer = sign_in(client, lang="en")
    assert answer.headers["Location"] == "/staff/sign-in/code?lang=en"
    assert client.get("/staff").headers["Location"] == "/staff/sign-in"
    assert "Second factor" in client.get(answer.headers["Location"]).text
    wrong = client.post("/staff/sign-in/code", data={"code": "000000"})
    assert wrong.status_code == 403
    assert "stimmt nicht oder wurde schon benutzt" in wrong.text
    right = client.post("/staff/sign-in/code", data={"code": _code(secret, 1)})
    assert right.headers["Location"] == "/staff"
    assert client.get("/staff").status_code == 200


def test_a_recovery_code_opens_and_is_counted(staff: SignedInBrowser, app: APIFlask) -> None:
    """Nine are left; new ones replace them; none is in any later page."""
    _, recovery = with_codes(staff)
    client = app.test_client()
    sign_in(client)
    assert client.post("/staff/sign-in/code", data={"code": recovery[0]}).status_code == 303
    page = staff.client.get("/staff/account").text
    assert "Noch 9 unbenutzte" in page
    assert recovery[1] not in page
    new = staff.post("/staff/account/recovery").text
    assert recovery[1] not in new
    assert len(re.findall(r"<li>[A-Z2-7]{5}-[A-Z2-7]{5}</li>", new)) == 10


def test_a_wrong_first_code_switches_nothing_on(staff: SignedInBrowser, app: APIFlask) -> None:
    """The form comes again with the same secret."""
    staff.post("/staff/account/codes")
    before = staff.client.get("/staff/account/codes").text
    answer = staff.post("/staff/account/codes/on", code="000000")
    assert answer.status_code == 422
    assert re.findall(r'id="secret">.*<', before) == re.findall(r'id="secret">.*<', answer.text)
    assert sign_in(app.test_client()).headers["Location"] == "/staff"


def test_codes_are_switched_off_again(staff: SignedInBrowser, app: APIFlask) -> None:
    """Then the password alone is enough."""
    with_codes(staff)
    assert "eingeschaltet" in staff.client.get("/staff/account").text
    staff.post("/staff/account/codes/off")
    assert sign_in(app.test_client()).headers["Location"] == "/staff"


def test_the_second_half_alone_opens_nothing(client: FlaskClient, app: APIFlask) -> None:
    """Without the password's step there is no form, and no code is taken."""
    del app
    assert client.get("/staff/sign-in/code").headers["Location"] == "/staff/sign-in"
    answer = client.post("/staff/sign-in/code", data={"code": "000000"})
    assert answer.status_code == 403
    assert "von vorn" in answer.text


def test_after_a_while_one_proves_again_who_one_is(
    staff: SignedInBrowser, clock: FrozenClock
) -> None:
    """A browser left open gives nobody a way in; then one is back in the account."""
    clock.tick(minutes=15)
    answer = staff.post("/staff/account/codes")
    assert answer.headers["Location"] == "/staff/sign-in?again=yes"
    page = staff.client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert 'name="again" value="yes"' in page.text
    again = sign_in(staff.client, again="yes")
    assert again.headers["Location"] == "/staff/account"


def test_the_secrets_page_without_an_offer_leads_back(staff: SignedInBrowser) -> None:
    """Nothing is drawn by looking."""
    assert staff.client.get("/staff/account/codes").headers["Location"] == "/staff/account"


def test_what_cannot_be_done_now_is_said(staff: SignedInBrowser) -> None:
    """Recovery codes without a second factor."""
    answer = staff.post("/staff/account/recovery")
    assert answer.headers["Location"] == "/staff/account"
    assert "nicht eingeschaltet" in staff.client.get("/staff/account").text


# ------------------------------------------------------------ passkeys
def post_secure(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Send a form as if from behind TLS."""
    return client.post(path, data=fields, base_url=HTTPS)


def test_a_passkey_is_added_used_and_removed(parts: Parts, staff: SignedInBrowser) -> None:
    """From the options to the session."""
    del staff
    passkey, client = SoftPasskey(), create_app(parts).test_client()
    post_secure(client, "/staff/sign-in", name=NAME, password=PASSWORD)
    page = client.get("/staff/account", base_url=HTTPS).text
    found = re.search(r'name="csrf" value="([0-9a-f]{32})"', page)
    assert found is not None
    csrf = found[1]
    options = post_secure(client, "/staff/account/passkeys/options", csrf=csrf)
    assert options.content_type == "application/json"
    told = {"csrf": csrf, "answer": passkey.made(options.text), "passkey_name": "Laptop <b>"}
    assert post_secure(client, "/staff/account/passkeys", **told).status_code == 303
    page = client.get("/staff/account", base_url=HTTPS).text
    assert "Laptop &lt;b&gt;" in page
    other = create_app(parts).test_client()
    asked = post_secure(other, "/staff/sign-in/passkey/options")
    signed = passkey.but(count=1).signed(asked.text)
    entered = post_secure(other, "/staff/sign-in/passkey", answer=signed)
    assert entered.headers["Location"] == "/staff"
    assert other.get("/staff", base_url=HTTPS).status_code == 200
    [key] = re.findall(r"/staff/account/passkeys/(pk_[0-9a-f]+)/remove", page)
    post_secure(client, f"/staff/account/passkeys/{key}/remove", csrf=csrf)
    asked = post_secure(other, "/staff/sign-in/passkey/options")
    refused = post_secure(other, "/staff/sign-in/passkey", answer=passkey.signed(asked.text))
    assert refused.status_code == 403
    assert "Dieser Passkey gilt hier nicht." in refused.text


def test_where_browsers_make_no_passkeys_none_is_offered(staff: SignedInBrowser) -> None:
    """Under another host than the service's own; the page says what is missing."""
    page = staff.client.get("/staff/account").text
    assert "data-passkey" not in page
    assert "https, oder localhost" in page
    for path in ("/staff/account/passkeys/options", "/staff/account/passkeys"):
        assert staff.post(path).status_code == 409
    for path in ("/staff/sign-in/passkey/options", "/staff/sign-in/passkey"):
        assert staff.client.post(path).status_code == 409
    assert "data-passkey" not in staff.client.get("/staff/sign-in?again=yes").text


@pytest.mark.parametrize(
    ("base", "host", "is_offered"),
    [
        ("https://tickets.example", "tickets.example", True),
        ("https://tickets.example", "evil.example", False),
        ("http://tickets.example", "tickets.example", False),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", False),
        ("http://127.0.0.1:8080", "localhost:8080", True),
        ("http://localhost:8080", "localhost:8080", True),
        ("https://192.0.2.1", "192.0.2.1", False),
        ("https://tickets.example", "localhost:8080", False),
    ],
)
def test_passkeys_are_for_the_services_own_name(
    parts: Parts, base: str, host: str, *, is_offered: bool
) -> None:
    """A forged Host header makes none for another site."""
    museum = replace(parts.house.museum, base_url=base)
    app = create_app(replace(parts, house=replace(parts.house, museum=museum)))
    answer = app.test_client().post("/staff/sign-in/passkey/options", headers={"Host": host})
    assert answer.status_code == (200 if is_offered else 409)


def test_a_passkey_without_a_name_is_refused(parts: Parts, staff: SignedInBrowser) -> None:
    """Beside its field, as any other form."""
    del staff
    client = create_app(parts).test_client()
    post_secure(client, "/staff/sign-in", name=NAME, password=PASSWORD)
    page = client.get("/staff/account", base_url=HTTPS).text
    found = re.search(r'name="csrf" value="([0-9a-f]{32})"', page)
    assert found is not None
    answer = post_secure(client, "/staff/account/passkeys", csrf=found[1], answer="{}")
    assert answer.status_code == 422
    assert 'id="wrong-passkey_name"' in answer.text


# ------------------------------------------------------------ a house that demands more
def test_where_more_is_demanded_only_the_account_is_open(
    parts: Parts, staff: SignedInBrowser
) -> None:
    """Until there is a second factor; then everything."""
    del staff
    rules = SignInRules(strong_roles=frozenset({Role.ADMIN}))
    app = create_app(replace(parts, house=replace(parts.house, sign_in_rules=rules)))
    client = app.test_client()
    sign_in(client)
    for path in ("/staff", "/staff/people", "/staff/audit", "/staff/tickets"):
        assert client.get(path).headers["Location"] == "/staff/account"
    page = client.get("/staff/account").text
    assert "braucht mehr als ein Passwort" in page
    found = re.search(r'name="csrf" value="([0-9a-f]{32})"', page)
    assert found is not None
    with_codes(SignedInBrowser(client, found[1]))
    assert client.get("/staff").status_code == 200


def test_a_crowd_of_sign_ins_is_asked_to_come_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After: hashing takes no more memory than it may."""

    def crowded(*_: object) -> str:
        raise Busy

    monkeypatch.setattr(Argon2Passwords, "hash", crowded)
    answer = sign_in(client)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


# ------------------------------------------------------------ both languages
@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_page_speaks_both_languages(staff: SignedInBrowser, lang: str) -> None:
    """And has one heading of the first rank."""
    staff.post("/staff/language", lang=lang)
    staff.post("/staff/account/codes")
    paths = ["/staff/account", "/staff/account/codes", "/staff/people", "/staff/audit"]
    for path in paths:
        text = staff.client.get(path).text
        assert f'<html lang="{lang}">' in text
        assert text.count("<h1") == 1
        assert " style=" not in text
