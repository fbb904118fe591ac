"""Password hashes: argon2id, old ones read, never too many at once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2.low_level import hash_secret

from ticketing.domain.failures import Busy
from ticketing.edge import passwords as module
from ticketing.edge.passwords import AT_ONCE, Argon2Passwords, Cost, ScryptPasswords

CHEAP = Cost(passes=1, memory_kib=8)


def test_a_password_matches_its_own_hash_only() -> None:
    """Salted: the same password hashes differently each time."""
    passwords = Argon2Passwords()
    hashed = passwords.hash("Im Haus der Tiere")
    assert hashed.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    assert passwords.matches("Im Haus der Tiere", hashed)
    assert not passwords.matches("im haus der tiere", hashed)
    assert passwords.hash("x") != passwords.hash("x")


def test_an_old_hash_matches_and_is_outdated() -> None:
    """So is one of other parameters; a new one is not."""
    passwords, old = Argon2Passwords(cost=CHEAP), ScryptPasswords(log_n=4).hash("Im Haus")
    assert passwords.matches("Im Haus", old)
    assert not passwords.matches("im haus", old)
    assert passwords.is_outdated(old)
    assert passwords.is_outdated(Argon2Passwords(cost=Cost(passes=2, memory_kib=8)).hash("x"))
    assert not passwords.is_outdated(passwords.hash("x"))


@pytest.mark.parametrize(
    "hashed", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$AAAA", "$argon2id$", "scrypt$4,8,1$!$!", "ä"]
)
def test_a_hash_of_another_make_matches_nothing(hashed: str) -> None:
    """Neither an error nor a way in."""
    passwords = Argon2Passwords(cost=CHEAP)
    assert not passwords.matches("x", hashed)
    assert not passwords.matches("", hashed)
    assert passwords.is_outdated(hashed)


def test_few_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a crowd three hash at a time, so memory has a bound."""
    passwords, lock = Argon2Passwords(cost=CHEAP), threading.Lock()
    running, most = 0, 0

    def slow(make: Callable[..., bytes]) -> Callable[..., bytes]:
        def hash_slowly(*arguments: object, **options: object) -> bytes:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.02)
            with lock:
                running -= 1
            return make(*arguments, **options)

        return hash_slowly

    monkeypatch.setattr(module, "hash_secret", slow(hash_secret))
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(passwords.hash, ["x"] * 12))
    assert most == AT_ONCE


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of the gates are not for hashing."""
    monkeypatch.setattr(module, "WAIT_S", 0.01)
    passwords = Argon2Passwords(cost=CHEAP)
    for _ in range(AT_ONCE):
        passwords._seats.acquire()
    with pytest.raises(Busy):
        passwords.hash("x")
    with pytest.raises(Busy):
        passwords.matches("x", "y")
