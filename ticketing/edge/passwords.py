"""Password hashes, behind `service.ports.Passwords`: argon2id (argon2-cffi).

32 MiB and about 60 ms a hash (t = 3, p = 1; OWASP asks for 19 MiB and t = 2): slow for a
guesser. At most three are made at once, 96 MiB, and as many wait as come within two
seconds: a crowd of sign-ins must not take the threads or the memory of the gates.

Hashes of before are scrypt from the standard library; they match and are called outdated.
"""

import hashlib
import hmac
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from argon2 import extract_parameters
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import Type, hash_secret, verify_secret

from ticketing.domain.failures import Busy
from ticketing.edge.chance import SystemChance
from ticketing.service.ports import Chance

_SALT_BYTES = 16
_HASH_BYTES = 32
AT_ONCE: Final = 3
WAIT_S: Final = 2.0
_SCRYPT = "scrypt"
_LOG_N, _R, _P = 15, 8, 1


@dataclass(frozen=True, slots=True)
class Cost:
    """What a hash takes: passes over the memory, and how many KiB it is."""

    passes: int = 3
    memory_kib: int = 32 * 1024


class Argon2Passwords:
    """`$argon2id$v=19$m=…,t=…,p=1$salt$hash`: the parameters stand in the hash."""

    def __init__(self, chance: Chance | None = None, *, cost: Cost | None = None) -> None:
        self._chance = chance or SystemChance()
        self._cost = cost or Cost()
        self._scrypt = ScryptPasswords(self._chance)
        self._seats = threading.BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """A salted hash, with its parameters.

        Raises:
            Busy: Too many are being made at once.
        """
        salt = self._chance.draw(_SALT_BYTES)
        with self._seat():
            made = hash_secret(
                password.encode("utf-8", "replace"),
                salt,
                time_cost=self._cost.passes,
                memory_cost=self._cost.memory_kib,
                parallelism=1,
                hash_len=_HASH_BYTES,
                type=Type.ID,
            )
        return made.decode()

    def matches(self, password: str, hashed: str) -> bool:
        """Whether the password made that hash; a hash of another make matches nothing.

        Raises:
            Busy: Too many are being made at once.
        """
        with self._seat():
            if hashed.startswith(_SCRYPT):
                return self._scrypt.matches(password, hashed)
            try:
                return verify_secret(hashed.encode(), password.encode("utf-8", "replace"), Type.ID)
            except (Argon2Error, InvalidHashError):
                return False

    def is_outdated(self, hashed: str) -> bool:
        """Whether that hash was made in a way that new ones are not."""
        try:
            made = extract_parameters(hashed)
        except InvalidHashError:
            return True
        told = (made.type, made.time_cost, made.memory_cost, made.parallelism, made.hash_len)
        return told != (Type.ID, self._cost.passes, self._cost.memory_kib, 1, _HASH_BYTES)

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(timeout=WAIT_S):
            raise Busy
        try:
            yield
        finally:
            self._seats.release()


class ScryptPasswords:
    """`scrypt$15,8,1$salt$hash`, as hashes were made before: still read, made in tests alone."""

    def __init__(self, chance: Chance | None = None, *, log_n: int = _LOG_N) -> None:
        self._chance = chance or SystemChance()
        self._log_n = log_n

    def hash(self, password: str) -> str:
        """A salted hash, with its parameters."""
        salt = self._chance.draw(_SALT_BYTES)
        made = _scrypt(password, salt, (self._log_n, _R, _P))
        return "$".join(
            (
                _SCRYPT,
                f"{self._log_n},{_R},{_P}",
                b64encode(salt).decode(),
                b64encode(made).decode(),
            )
        )

    def matches(self, password: str, hashed: str) -> bool:
        """Whether the password made that hash; a hash of another make matches nothing."""
        try:
            name, parameters, salt, made = hashed.split("$")
            log_n, r, p = (int(part) for part in parameters.split(","))
            if name != _SCRYPT:
                return False
            again = _scrypt(password, b64decode(salt, validate=True), (log_n, r, p))
            return hmac.compare_digest(again, b64decode(made, validate=True))
        except ValueError:
            return False


def _scrypt(password: str, salt: bytes, parameters: tuple[int, int, int]) -> bytes:
    log_n, r, p = parameters
    needed = 128 * r * ((1 << log_n) + p + 2)
    return hashlib.scrypt(
        password.encode("utf-8", "replace"),
        salt=salt,
        n=1 << log_n,
        r=r,
        p=p,
        maxmem=2 * needed,
        dklen=_HASH_BYTES,
    )
