"""The staff's sign-in: a signed cookie for /staff alone, twelve hours at most."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import Flask, Request, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from ticketing.domain.accounts import Staff
from ticketing.service import access
from ticketing.web.errors import refused
from ticketing.web.parts import Parts, the_parts
from ticketing.web.words import Lang, known_lang

SESSION_TIME: Final = timedelta(hours=12)
_CSRF_BYTES: Final = 16


class StaffCookie(SecureCookieSessionInterface):
    """Flask's signed cookie with SHA-256 and a salt of its own."""

    salt = "einlass-staff-v1"
    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a cookie; the API has none, and looking for one takes time."""
        return None if request.path.startswith("/api/") else super().open_session(app, request)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and the token that every form of theirs carries."""

    staff: Staff
    csrf: str

    @property
    def name(self) -> str:
        """The name to show."""
        return self.staff.name


def register(app: Flask, parts: Parts) -> None:
    """Set the cookie up."""
    app.session_interface = StaffCookie()
    app.secret_key = parts.session_key
    app.config.update(
        SESSION_COOKIE_NAME="einlass_staff",
        SESSION_COOKIE_PATH="/staff",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=parts.secure_cookies,
        PERMANENT_SESSION_LIFETIME=SESSION_TIME,
        SESSION_REFRESH_EACH_REQUEST=False,
    )


def sign_in(staff: Staff, lang: Lang) -> None:
    """Begin a session, dropping whatever was there. No name is in the cookie."""
    house = the_parts().house
    session.clear()
    session.permanent = True
    session.update(
        id=staff.id,
        lang=lang,
        until=(house.clock.now() + SESSION_TIME).isoformat(),
        csrf=house.chance.draw(_CSRF_BYTES).hex(),
    )


def sign_out() -> None:
    """End the session."""
    session.clear()


def find_signed_in() -> SignedIn | None:
    """Who is signed in, if anybody still is and still may."""
    parts = the_parts()
    until = session.get("until")
    if until is None or datetime.fromisoformat(until) <= parts.house.clock.now():
        return None
    with parts.store.unit() as unit:
        staff = access.find_staff(unit, staff_id=session["id"])
    return None if staff is None else SignedIn(staff, session["csrf"])


def remembered_lang() -> str | None:
    """The language chosen before on this browser."""
    return known_lang(session.get("lang"))


def remember_lang(lang: Lang) -> None:
    """Keep the language for this session."""
    session["lang"] = lang


def check_csrf(signed_in: SignedIn) -> None:
    """Refuse a form that does not carry the session's token."""
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), signed_in.csrf.encode()):
        raise refused(403, "bad_csrf")
