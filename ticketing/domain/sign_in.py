"""How people of the staff prove who they are: sessions, steps, passkeys, codes (domain: pure)."""

import re
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ticketing.domain.accounts import Role, Staff

SESSION_TIME: Final = timedelta(hours=12)
SEEN_EVERY: Final = timedelta(minutes=1)
FRESH_FOR: Final = timedelta(minutes=15)
"""For so long after a sign-in somebody may change how they sign in."""
STEP_TIME: Final = timedelta(minutes=5)
SETUP_TIME: Final = timedelta(minutes=15)
"""Fetching a phone and setting up an app on it takes longer than typing a code."""
LINK_TIME: Final = timedelta(hours=48)
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 7
_RECOVERY_HALF: Final = 5
_NO_CODE: Final = re.compile(r"[^0-9A-Z]")
_LOOK_ALIKE: Final = str.maketrans("018", "OIB")  # the alphabet has no 0, 1 and 8


class Method(StrEnum):
    """How somebody signed in."""

    PASSWORD = "password"  # noqa: S105  a word
    PASSWORD_CODE = "password_code"  # noqa: S105  and a one-time code
    PASSWORD_RECOVERY = "password_recovery"  # noqa: S105  and a recovery code
    PASSKEY = "passkey"
    LINK = "link"  # a one-time link, by which a password was set

    @property
    def is_strong(self) -> bool:
        """Whether more than a password was needed."""
        return self in {Method.PASSWORD_CODE, Method.PASSWORD_RECOVERY, Method.PASSKEY}


class StepKind(StrEnum):
    """What is between two requests of one ceremony."""

    CODE = "code"  # the password was right, the code is missing
    PASSKEY_ASKED = "passkey_asked"
    PASSKEY_OFFERED = "passkey_offered"
    TOTP_OFFERED = "totp_offered"


class LinkUse(StrEnum):
    """What a one-time link is for."""

    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser in which somebody is signed in; times aware UTC. `id` only names it."""

    id: str
    staff: Staff
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    agent: str
    method: Method
    lang: str

    def is_fresh(self, now: datetime) -> bool:
        """Whether the person proved who they are a short while ago."""
        return now - self.created_at < FRESH_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key in somebody's phone, computer or stick; `public_key` is COSE."""

    id: str
    name: str
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the staff as a list shows them; who has not joined was invited only."""

    staff: Staff
    created_at: datetime
    joined_at: datetime | None
    seen_at: datetime | None = None
    passkeys: int = 0
    has_password: bool = False
    has_codes: bool = False
    has_pin: bool = False  # of a supervisor, for the gate
    link_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRules:
    """What the house demands: of which roles more than a password."""

    strong_roles: frozenset[Role] = frozenset()

    def is_enough(self, session: Session) -> bool:
        """Whether a session may do what its role allows."""
        return session.method.is_strong or session.staff.role not in self.strong_roles


# ------------------------------------------------------------ recovery codes
def recovery_code(drawn: bytes) -> str:
    """Ten letters and digits out of seven random bytes, e.g. `K7QXM-2WPLA`: 50 bits."""
    text = b32encode(drawn).decode()
    return f"{text[:_RECOVERY_HALF]}-{text[_RECOVERY_HALF : 2 * _RECOVERY_HALF]}"


def typed_recovery_code(text: str) -> str:
    """What somebody typed, as the code is kept: capitals without strokes."""
    return _NO_CODE.sub("", text.upper()).translate(_LOOK_ALIKE)


# ------------------------------------------------------------ browsers
_BROWSERS: Final = (
    ("Firefox", "Firefox"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def shown_agent(user_agent: str) -> str:
    """Browser and system out of what a browser says of itself, e.g. `Firefox, Linux`."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)
