"""Password hashes, behind `service.ports.Passwords`: scrypt, from the standard library.

32 MiB and about 80 ms a hash (N = 2^15, r = 8, p = 1): slow for a guesser, and
eight sign-ins at once still fit into a small server.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode

from ticketing.edge.chance import SystemChance
from ticketing.service.ports import Chance

_NAME = "scrypt"
_LOG_N, _R, _P = 15, 8, 1
_SALT_BYTES = 16
_HASH_BYTES = 32


class ScryptPasswords:
    """`scrypt$15,8,1$salt$hash`: the parameters stand in the hash, so they may grow."""

    def __init__(self, chance: Chance | None = None, *, log_n: int = _LOG_N) -> None:
        self._chance = chance or SystemChance()
        self._log_n = log_n

    def hash(self, password: str) -> str:
        """A salted hash, with its parameters."""
        salt = self._chance.draw(_SALT_BYTES)
        made = _scrypt(password, salt, (self._log_n, _R, _P))
        return "$".join(
            (_NAME, f"{self._log_n},{_R},{_P}", b64encode(salt).decode(), b64encode(made).decode())
        )

    def matches(self, password: str, hashed: str) -> bool:
        """Whether the password made that hash; a hash of another make matches nothing."""
        try:
            name, parameters, salt, made = hashed.split("$")
            log_n, r, p = (int(part) for part in parameters.split(","))
            if name != _NAME:
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
