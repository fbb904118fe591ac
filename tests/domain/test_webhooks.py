"""Signatures by the letter of Standard Webhooks, pauses between tries, addresses."""

import base64
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import START
from tests.receivers import signature_is_good
from ticketing.domain import DomainError
from ticketing.domain.events import EventName, a_test
from ticketing.domain.webhooks import (
    WAITS,
    BadUrl,
    HookRules,
    Tried,
    Webhook,
    checked_events,
    checked_url,
    headers,
    next_try,
    shown_secret,
)

VECTOR_SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
VECTOR_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
VECTOR_AT = datetime.fromtimestamp(1614265330, UTC)
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_vector_is_met() -> None:
    """Of the reference libraries' own tests."""
    made = headers(VECTOR_ID, VECTOR_BODY, secrets=(VECTOR_SECRET,), sent_at=VECTOR_AT)
    assert made["webhook-signature"] == VECTOR_SIGNATURE
    assert (made["webhook-id"], made["webhook-timestamp"]) == (VECTOR_ID, "1614265330")


@given(st.binary(max_size=200), st.lists(st.binary(min_size=24, max_size=64), min_size=1))
def test_each_secret_in_force_signs(body: bytes, secrets: list[bytes]) -> None:
    """An independent check finds its own among them."""
    made = headers("evt_1", body, secrets=secrets, sent_at=START)
    assert all(signature_is_good(shown_secret(secret), made, body) for secret in secrets)
    assert not signature_is_good(shown_secret(b"another" * 4), made, body)
    assert not signature_is_good(shown_secret(secrets[0]), made, body + b"x")


def test_the_old_secret_ends_at_its_time() -> None:
    """Until then both, from then on the new one."""
    webhook = Webhook(
        id="wh_1", url="", events=(), secret=b"new", created_at=START,
        old_secret=b"old", old_until=START,
    )  # fmt: skip
    assert webhook.secrets(START - timedelta(milliseconds=1)) == (b"new", b"old")
    assert webhook.secrets(START) == (b"new",)


def test_no_secret_and_no_address_is_in_a_repr() -> None:
    """A log line of a receiver shows neither."""
    shown = repr(Webhook(id="wh_1", url="https://x/?k=1", events=(), secret=b"s", created_at=START))
    assert "wh_1" in shown
    assert "https" not in shown
    assert "secret" not in shown


@given(st.integers(1, len(WAITS)), st.integers(0, 255))
def test_each_pause_is_its_own_and_a_little_more(tries: int, chance: int) -> None:
    """At most a fifth."""
    wait = next_try(tries, chance)
    assert wait is not None
    assert WAITS[tries - 1] <= wait <= WAITS[tries - 1] * 1.2


def test_after_the_tenth_try_there_is_none() -> None:
    """Three days have passed by then."""
    assert next_try(len(WAITS) + 1, 0) is None
    assert sum(WAITS, timedelta()) > timedelta(days=3)


@pytest.mark.parametrize(
    ("status", "is_taken"), [(200, True), (204, True), (299, True), (300, False), (199, False)]
)
def test_only_two_hundreds_are_taken(status: int, *, is_taken: bool) -> None:
    """A redirect is not followed, so it is not taken."""
    assert Tried(status=status).is_taken is is_taken
    assert not Tried(status=status).is_gone


@pytest.mark.parametrize(
    ("url", "rules"),
    [
        ("https://receiver.example/a?b=c", HookRules()),
        ("https://receiver.example:8443", HookRules()),
        ("https://93.184.216.34/", HookRules()),
        ("https://[2606:4700:4700::1111]:444/", HookRules()),
        ("https://xn--mnchen-3ya.example/", HookRules()),
        ("http://receiver.example/", HookRules(allow_http=True)),
        ("https://10.0.0.1/", HookRules(allow_private=True)),
        ("http://localhost:9000/", HookRules(allow_http=True, allow_private=True)),
    ],
)
def test_a_good_address_is_taken_as_it_is(url: str, rules: HookRules) -> None:
    """Not one character is changed."""
    assert checked_url(url, rules) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/",
        "HTTPS:///x",
        "https://",
        "https://@receiver.example/",
        "https://receiver.example@127.0.0.1/",
        "https://127.0.0.1#@receiver.example/",
        "https://receiver.example /",
        "https://receiver.example\n/",
        "https://receiver.example/\r\nX: y",
        "https://localhost.:443/",
        "https://LOCALHOST/",
        "https://printer.local/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://１２７.0.0.1/",  # noqa: RUF001  full-width digits are the point
        "https://127.0.0.1:443:443/",
        "https://receiver.example:-1/",
        "https://-x.example/",
        "file:///etc/passwd",
        "gopher://receiver.example/",
        "//receiver.example/",
        "receiver.example",
    ],
)
def test_a_tricky_address_is_refused(url: str) -> None:
    """Already by its text."""
    with pytest.raises(BadUrl):
        checked_url(url, HookRules())


@given(st.text(max_size=80))
def test_whatever_is_given_as_an_address_is_taken_or_refused(text: str) -> None:
    """Nothing else happens."""
    for url in (text, f"https://{text}", f"https://{text}/", f"https://receiver.example/{text}"):
        with suppress(BadUrl):
            assert checked_url(url, HookRules()) == url


def test_an_event_that_there_is_not_is_refused() -> None:
    """Known ones come back once each, in the order of the code."""
    assert checked_events(["scan.refused", "ticket.issued", "scan.refused"]) == (
        "ticket.issued",
        "scan.refused",
    )
    with pytest.raises(DomainError):
        checked_events(["scan.*"])


def test_an_event_id_has_no_full_stop() -> None:
    """It separates the parts that are signed."""
    made = a_test(b"x" * 12, "wh_1", START)
    assert re.fullmatch(r"[a-z0-9_]+", made.id)
    assert made.name is EventName.WEBHOOK_TEST
    assert made.body == (
        '{"type":"webhook.test","timestamp":"2026-10-04T12:00:00.000Z","data":{"webhook":"wh_1"}}'
    )
