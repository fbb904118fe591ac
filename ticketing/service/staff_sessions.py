"""Who is signed in where: sessions of the staff; in the service room.

The browser holds 32 random bytes, the service their hash. A session ends after twelve
hours, by its person, by an admin, with a new password, and with the account.
"""

import hashlib
from dataclasses import dataclass, field, replace

from ticketing.domain.accounts import Staff
from ticketing.domain.sign_in import SEEN_EVERY, SESSION_TIME, Method, Session, shown_agent
from ticketing.service import audit
from ticketing.service.audit import Action, Actor, ActorKind, Thing
from ticketing.service.errors import NotFound
from ticketing.service.ports import House
from ticketing.store import sessions as rows
from ticketing.store.unit import Unit
from ticketing.wire.codec import to_base64url

_KEY_BYTES = 32
_ID_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInAs:
    """Who has proved to be whom, and how."""

    staff: Staff
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """What a browser says of itself, its language, and the session it had before."""

    agent: str = ""
    lang: str = "de"
    old_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and the key that the browser keeps, given out this once."""

    session: Session
    key: str = field(repr=False)


def new_key(house: House) -> str:
    """43 random characters."""
    return to_base64url(house.chance.draw(_KEY_BYTES))


def hash_of(key: str) -> bytes:
    """What is kept of a key: it is random, one plain SHA-256 keeps it."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def open_session(unit: Unit, house: House, *, who: SignedInAs, browser: Browser) -> Opened:
    """Begin a session, always under a new key; the one the browser had before ends."""
    now, key = house.clock.now(), new_key(house)
    session = Session(
        id=f"ses_{house.chance.draw(_ID_BYTES).hex()}",
        staff=who.staff,
        created_at=now,
        seen_at=now,
        ends_at=now + SESSION_TIME,
        agent=shown_agent(browser.agent),
        method=who.method,
        lang=browser.lang,
    )
    unit.begin()
    if browser.old_key:
        rows.end_key(unit, hash_of(browser.old_key))
    rows.add(unit, session, key_hash=hash_of(key))
    audit.note(
        unit,
        replace(house, actor=Actor(ActorKind.STAFF, who.staff.id)),  # known since this moment
        action=Action.STAFF_SIGNED_IN,
        object=Thing("staff", who.staff.id),
        after={"method": who.method},
    )
    unit.commit()
    return Opened(session, key)


def find_session(unit: Unit, house: House, *, key: str) -> Session | None:
    """The session of a key, if it is not over and its person still there.

    Its last use is noted once a minute.
    """
    now, key_hash = house.clock.now(), hash_of(key)
    session = rows.find(unit, key_hash, now=now)
    if session is not None and now - session.seen_at >= SEEN_EVERY:
        unit.begin()
        rows.seen(unit, key_hash, at=now)
        unit.commit()
    return session


def speak(unit: Unit, *, session: Session, lang: str) -> None:
    """Let a session speak another language from here on."""
    unit.begin()
    rows.speak(unit, session.id, lang)
    unit.commit()


def sign_out(unit: Unit, *, key: str) -> None:
    """End the session of a key."""
    unit.begin()
    rows.end_key(unit, hash_of(key))
    unit.commit()


def sessions_of(unit: Unit, house: House, *, staff_id: str) -> tuple[Session, ...]:
    """A person's open sessions, the newest first."""
    return rows.of_staff(unit, staff_id, now=house.clock.now())


def end_session(unit: Unit, house: House, *, staff_id: str, session: str) -> None:
    """End one of a person's sessions.

    Raises:
        NotFound: `session`, another's as well.
    """
    unit.begin()
    if not rows.end(unit, session, staff_id=staff_id):
        raise NotFound("session")
    thing = Thing("staff", staff_id)
    audit.note(
        unit,
        house,
        action=Action.STAFF_SESSION_ENDED,
        object=thing,
        after={"session": session},
    )
    unit.commit()


def end_others(unit: Unit, house: House, *, session: Session) -> None:
    """End all of a person's sessions but this one."""
    unit.begin()
    rows.end_all(unit, session.staff.id, but=session.id)
    audit.note(
        unit,
        house,
        action=Action.STAFF_SESSION_ENDED,
        object=Thing("staff", session.staff.id),
        after={"session": "others"},
    )
    unit.commit()
