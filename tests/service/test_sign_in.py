"""Signing in with a password, a code, a passkey; and how each is refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.authenticator import PRESENT, SoftPasskey
from tests.service.signing import PASSWORD, SITE, Office
from ticketing.domain.accounts import Role, Staff
from ticketing.domain.sign_in import Method
from ticketing.edge.passwords import ScryptPasswords
from ticketing.service import factors, sign_in, staff_people
from ticketing.service.access import WRONG_ADDRESS, SignInRefused
from ticketing.service.sign_in import WRONG_PASSKEY, CodeNeeded
from ticketing.service.staff_sessions import SignedInAs
from ticketing.store import staff_people as people_rows

WRONG = SignInRefused("wrong")


@pytest.fixture
def ada(office: Office) -> Staff:
    """An admin with a password."""
    return office.person()


@pytest.fixture
def secret(office: Office, ada: Staff) -> str:
    """Ada's second factor."""
    del ada
    secret, _ = office.with_codes(office.opened())
    office.clock.tick(minutes=1)  # the code of the setup is used up
    return secret


# ------------------------------------------------------------ passwords
def test_a_password_alone_is_enough_until_there_is_more(office: Office, ada: Staff) -> None:
    """As the demo has it."""
    assert office.by_password() == SignedInAs(staff=ada, method=Method.PASSWORD)


def test_an_old_hash_matches_and_is_made_anew(office: Office, ada: Staff) -> None:
    """With the first sign-in after the change; nobody has to choose another password."""
    old = ScryptPasswords(log_n=4).hash(PASSWORD)
    with office.store.unit() as unit:
        unit.begin()
        people_rows.set_password(unit, ada.id, old)
        unit.commit()
    assert office.by_password(password="wrong") == WRONG  # noqa: S106  a wrong one
    assert _hash(office) == old
    assert isinstance(office.by_password(), SignedInAs)
    assert _hash(office).startswith("$argon2id$")
    assert isinstance(office.by_password(), SignedInAs)


def _hash(office: Office) -> str:
    with office.store.unit() as unit:
        return str(unit.run(text("SELECT password_hash FROM staff")).scalar_one())


def test_whoever_has_no_password_is_answered_like_nobody(office: Office) -> None:
    """Invited people, and those who sign in by passkey alone; an empty one does not match."""
    with office.store.unit() as unit:
        staff_people.invite(unit, office.house, name="bo", role=Role.DESK)
    for password in ("", PASSWORD):
        assert office.by_password("bo", password) == WRONG


def test_of_many_guesses_at_once_only_as_many_count_as_are_allowed(
    office: Office, ada: Staff
) -> None:
    """Guessing in parallel learns no more than one after another."""
    del ada
    with ThreadPoolExecutor(16) as pool:
        wrong = list(pool.map(lambda _: office.by_password(password="wrong"), range(24)))  # noqa: S106  a wrong one
    assert wrong.count(WRONG) == 10
    refused = office.by_password()
    assert isinstance(refused, SignInRefused)
    assert refused.reason == "throttled"


# ------------------------------------------------------------ one-time codes
def test_with_a_second_factor_the_password_is_half_the_way(
    office: Office, ada: Staff, secret: str
) -> None:
    """Nobody is named before the code is right."""
    needed = office.by_password()
    assert isinstance(needed, CodeNeeded)
    assert office.find(needed.token) is None
    shown = office.code(secret)
    signed_in = office.by_code(needed, f" {shown[:3]} {shown[3:]} ")
    assert signed_in == SignedInAs(staff=ada, method=Method.PASSWORD_CODE)


def test_a_code_is_good_once(office: Office, secret: str) -> None:
    """Who looks over a shoulder is too late; nor does the one before it open."""
    first, second = office.by_password(), office.by_password()
    assert isinstance(office.by_code(first, office.code(secret)), SignedInAs)
    assert office.by_code(second, office.code(secret)) == WRONG
    assert office.by_code(second, office.code(secret, -1)) == WRONG
    assert isinstance(office.by_code(second, office.code(secret, 1)), SignedInAs)


def test_the_code_of_the_setup_is_used_up(office: Office, ada: Staff) -> None:
    """It was on the screen beside the secret."""
    del ada
    secret, _ = office.with_codes(office.opened())
    assert office.by_code(office.by_password(), office.code(secret)) == WRONG


def test_a_phone_may_be_a_step_off(office: Office, secret: str) -> None:
    """30 seconds slow or fast, not more."""
    assert office.by_code(office.by_password(), office.code(secret, -2)) == WRONG
    assert office.by_code(office.by_password(), office.code(secret, 2)) == WRONG
    assert isinstance(office.by_code(office.by_password(), office.code(secret, -1)), SignedInAs)


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "abcdef", "\N{FULLWIDTH DIGIT ONE}23456", "x" * 999]
)
def test_a_wrong_code_is_refused(office: Office, secret: str, code: str) -> None:
    """Whatever was typed."""
    del secret
    assert office.by_code(office.by_password(), code) == WRONG


def test_five_wrong_codes_close_the_way(office: Office, secret: str) -> None:
    """From other addresses too, with a new password step as well, for 15 minutes."""
    for number in range(5):
        needed = office.by_password(address=f"198.51.100.{number}")
        assert office.by_code(needed, "000000", f"198.51.100.{number}") == WRONG
    needed = office.by_password(address="203.0.113.1")
    refused = office.by_code(needed, office.code(secret), "203.0.113.1")
    assert refused == SignInRefused("throttled", 900)
    office.clock.tick(minutes=16)
    assert isinstance(office.by_code(office.by_password(), office.code(secret)), SignedInAs)


def test_a_step_ends_after_five_minutes_and_with_its_use(office: Office, secret: str) -> None:
    """And a token that was made up is none."""
    needed, late = office.by_password(), office.by_password()
    assert isinstance(office.by_code(needed, office.code(secret)), SignedInAs)
    assert office.by_code(needed, office.code(secret, 1)) == SignInRefused("expired")
    office.clock.tick(minutes=5)
    assert office.by_code(late, office.code(secret)) == SignInRefused("expired")
    assert office.by_code(CodeNeeded("made up"), "000000") == SignInRefused("expired")


def test_of_two_with_the_same_code_one_comes_in(office: Office, secret: str) -> None:
    """At the same moment, too."""
    steps, code = [office.by_password() for _ in range(4)], office.code(secret)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda step: office.by_code(step, code), steps))
    assert sum(isinstance(one, SignedInAs) for one in found) == 1


def test_a_recovery_code_opens_once(office: Office, ada: Staff) -> None:
    """Typed as people type; the other nine stay good."""
    _, codes = office.with_codes(office.opened())
    typed = f" {codes[0].lower().replace('-', ' ')}"
    signed_in = office.by_code(office.by_password(), typed)
    assert signed_in == SignedInAs(staff=ada, method=Method.PASSWORD_RECOVERY)
    assert office.by_code(office.by_password(), codes[0]) == WRONG
    assert isinstance(office.by_code(office.by_password(), codes[1]), SignedInAs)


def test_a_recovery_code_is_its_persons_own(office: Office, ada: Staff) -> None:
    """Bo's code opens nothing of Ada's."""
    del ada
    office.with_codes(office.opened())
    office.person("bo")
    _, codes = office.with_codes(office.opened(office.by_password("bo")))
    assert office.by_code(office.by_password(), codes[0]) == WRONG


def test_a_copied_database_tells_no_code(office: Office, secret: str, ada: Staff) -> None:
    """The secret is sealed for its owner, recovery codes and keys are hashes."""
    opened = office.opened(SignedInAs(staff=ada, method=Method.PASSKEY))
    with office.store.unit() as unit:
        codes = factors.new_recovery_codes(unit, office.house, session=opened.session)
        kept = "".join(
            repr(unit.run(text(f"SELECT * FROM {name}")).all())  # noqa: S608  our own names
            for name in ("staff", "staff_recovery", "staff_sessions", "staff_steps", "audit")
        )
    for told in (secret, opened.key, *codes):
        assert told not in kept
        assert told.replace("-", "") not in kept


# ------------------------------------------------------------ passkeys
def test_a_passkey_alone_signs_in(office: Office, ada: Staff) -> None:
    """Without a name; its sign count is kept and has to grow."""
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    assert office.by_passkey(passkey.but(count=5)) == SignedInAs(staff=ada, method=Method.PASSKEY)
    assert office.by_passkey(passkey.but(count=5)) == WRONG
    assert office.by_passkey(passkey.but(count=4)) == WRONG
    assert isinstance(office.by_passkey(passkey.but(count=6)), SignedInAs)


def test_a_passkey_that_counts_nothing_is_good_too(office: Office, ada: Staff) -> None:
    """Those that are synced between devices always say 0."""
    del ada
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    assert isinstance(office.by_passkey(passkey), SignedInAs)
    assert isinstance(office.by_passkey(passkey), SignedInAs)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://tickets.example"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"credential_id": b"d" * 32},
        {"key": SoftPasskey().key},
    ],
)
def test_a_passkey_of_another_site_person_or_key_is_refused(
    office: Office, ada: Staff, changes: dict[str, object]
) -> None:
    """Also one whose user was not verified: a found stick is no sign-in."""
    del ada
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    assert office.by_passkey(passkey.but(count=1, **changes)) == WRONG


@pytest.mark.parametrize(
    "answer", ["", "{}", "null", "[]", "nonsense", '{"id": "YQ", "rawId": 7}', "\x00"]
)
def test_an_answer_that_is_none_is_refused(office: Office, ada: Staff, answer: str) -> None:
    """Whatever a browser that is none sends."""
    del ada
    office.with_passkey(office.opened(), SoftPasskey())
    assert office.by_passkey(SoftPasskey(), answer=answer) == WRONG


def test_a_challenge_is_good_for_one_answer(office: Office, ada: Staff) -> None:
    """Sent again, the same answer opens nothing; nor does one to another challenge."""
    del ada
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    with office.store.unit() as unit:
        asked = sign_in.ask_passkey(unit, office.house, site=SITE)
    answer = passkey.signed(asked.options)
    told = {"token": asked.token, "answer": answer}
    assert isinstance(office.by_passkey(passkey, **told), SignedInAs)
    assert office.by_passkey(passkey, **told) == SignInRefused("expired")
    assert office.by_passkey(passkey, answer=answer) == WRONG


def test_wrong_passkeys_close_an_address(office: Office, ada: Staff) -> None:
    """For passkeys alone; the right one waits too."""
    del ada
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    for _ in range(WRONG_PASSKEY.each):
        assert office.by_passkey(passkey, answer="{}") == WRONG
    assert office.by_passkey(passkey) == SignInRefused("throttled", 900)
    assert isinstance(office.by_password(), SignedInAs)


def test_wrong_passwords_leave_passkeys_alone(office: Office, ada: Staff) -> None:
    """Whose password is being guessed still comes in."""
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    for number in range(WRONG_ADDRESS.each):
        office.by_password(f"name {number}", "wrong")
    refused = office.by_password()
    assert isinstance(refused, SignInRefused)
    assert refused.reason == "throttled"
    signed_in = office.by_passkey(passkey.but(count=1))
    assert signed_in == SignedInAs(staff=ada, method=Method.PASSKEY)


def test_a_removed_person_has_no_passkey(office: Office, ada: Staff) -> None:
    """It went with the account."""
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    office.person("bo")
    with office.store.unit() as unit:
        staff_people.remove(unit, office.house, staff_id=ada.id)
    assert office.by_passkey(passkey.but(count=1)) == WRONG


# ------------------------------------------------------------ a house that demands more
def test_where_more_is_demanded_a_password_leads_to_setting_it_up(
    office: Office, ada: Staff
) -> None:
    """And then it is enough."""
    del ada
    office.demanding(Role.ADMIN)
    opened = office.opened()
    rules = office.house.sign_in_rules
    assert not rules.is_enough(opened.session)
    office.with_codes(opened)
    session = office.find(opened.key)
    assert session is not None
    assert rules.is_enough(session)


def test_whoever_has_a_passkey_must_use_it_then(office: Office, ada: Staff) -> None:
    """With a stolen password nobody sets up a second factor of their own."""
    del ada
    passkey = SoftPasskey()
    office.with_passkey(office.opened(), passkey)
    office.demanding(Role.ADMIN)
    assert office.by_password() == SignInRefused("passkey_needed")
    assert office.by_password(password="wrong") == WRONG  # noqa: S106  a wrong one
    assert isinstance(office.by_passkey(passkey.but(count=1)), SignedInAs)


def test_the_demand_is_for_the_roles_that_it_names(office: Office) -> None:
    """The desk signs in as before."""
    office.demanding(Role.ADMIN)
    office.person("bo", Role.DESK)
    opened = office.opened(office.by_password("bo"))
    assert office.house.sign_in_rules.is_enough(opened.session)
