"""The staff's sign-in in a browser: a cookie that holds a random key and nothing else.

Another cookie, Flask's own, holds the lines that the next page tells ("saved").
Behind TLS its name begins with `__Host-`: no other host and no plain http can set it.
Without TLS (a trial on localhost) it is for /staff alone.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Request, Response, after_this_request, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from ticketing.domain.accounts import Staff
from ticketing.domain.sign_in import SESSION_TIME, STEP_TIME, Session
from ticketing.service import staff_sessions
from ticketing.service.ports import Site
from ticketing.service.staff_sessions import Browser, SignedInAs
from ticketing.web.errors import refused
from ticketing.web.parts import Parts, the_parts
from ticketing.web.words import Lang

_COOKIE: Final = "einlass_staff"
_STEP_COOKIE: Final = "einlass_step"
_STEP_PATH: Final = "/staff/sign-in"
_CSRF_BYTES: Final = 16
_AGENT_LIMIT: Final = 500
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class ToldCookie(SecureCookieSessionInterface):
    """What the next page tells of what was just done, and nothing else: signed, no secret.

    The API has none, and looking for one takes time.
    """

    salt = "einlass-staff-v1"
    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The lines of a cookie."""
        return None if request.path.startswith("/api/") else super().open_session(app, request)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, the token of their forms, and the key that their browser holds."""

    session: Session
    csrf: str
    key: str = field(repr=False)

    @property
    def staff(self) -> Staff:
        """The person."""
        return self.session.staff

    @property
    def name(self) -> str:
        """The name to show."""
        return self.staff.name


def register(app: Flask, parts: Parts) -> None:
    """Set the cookie of told lines up; that of the sign-in is set below."""
    app.session_interface = ToldCookie()
    app.secret_key = parts.session_key
    app.config.update(
        SESSION_COOKIE_NAME="einlass_told",
        SESSION_COOKIE_PATH="/staff",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=parts.secure_cookies,
    )


def sign_in(who: SignedInAs, lang: Lang) -> None:
    """Begin a session under a new key; whatever session the browser had before ends."""
    parts = the_parts()
    browser = Browser(
        agent=request.headers.get("User-Agent", "")[:_AGENT_LIMIT],
        lang=lang,
        old_key=request.cookies.get(_name(_COOKIE), ""),
    )
    with parts.store.unit() as unit:
        opened = staff_sessions.open_session(unit, parts.house, who=who, browser=browser)
    _set(_COOKIE, opened.key, SESSION_TIME)
    drop_step()


def sign_out() -> None:
    """End the session."""
    with the_parts().store.unit() as unit:
        staff_sessions.sign_out(unit, key=request.cookies.get(_name(_COOKIE), ""))
    _set(_COOKIE, "", timedelta(0))


def find_signed_in() -> SignedIn | None:
    """Who is signed in, if anybody still is and still may."""
    parts, key = the_parts(), request.cookies.get(_name(_COOKIE), "")
    if not key:
        return None
    with parts.store.unit() as unit:
        session = staff_sessions.find_session(unit, parts.house, key=key)
    return None if session is None else SignedIn(session, _csrf(key), key)


def remembered_lang() -> str | None:
    """The language of this session."""
    signed_in = g.get("staff")
    return signed_in.session.lang if isinstance(signed_in, SignedIn) else None


def remember_lang(signed_in: SignedIn, lang: Lang) -> None:
    """Keep the language for this session."""
    with the_parts().store.unit() as unit:
        staff_sessions.speak(unit, session=signed_in.session, lang=lang)


def check_csrf(signed_in: SignedIn) -> None:
    """Refuse a form that does not carry the session's token."""
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), signed_in.csrf.encode()):
        raise refused(403, "bad_csrf")


def _csrf(key: str) -> str:
    """The token of a session's forms: another session has another."""
    secret = the_parts().session_key
    return hmac.digest(secret, key.encode(), hashlib.sha256)[:_CSRF_BYTES].hex()


# ------------------------------------------------------------ between two requests
def keep_step(token: str) -> None:
    """Keep the token of a sign-in that goes on with the next request."""
    _set(_STEP_COOKIE, token, STEP_TIME)


def the_step() -> str:
    """The token of the sign-in that is under way, empty without one."""
    return request.cookies.get(_name(_STEP_COOKIE), "")


def drop_step() -> None:
    """Forget it."""
    if the_step():
        _set(_STEP_COOKIE, "", timedelta(0))


# ------------------------------------------------------------ cookies and the site
def _name(name: str) -> str:
    return f"__Host-{name}" if the_parts().secure_cookies else name


def _set(name: str, value: str, time: timedelta) -> None:
    is_secure = the_parts().secure_cookies
    path = "/staff" if name == _COOKIE else _STEP_PATH

    @after_this_request
    def put(answer: Response) -> Response:
        answer.set_cookie(
            _name(name),
            value,
            max_age=time,
            path="/" if is_secure else path,
            secure=is_secure,
            httponly=True,
            samesite="Strict",
        )
        return answer


def the_site() -> Site | None:
    """Where passkeys are for, None where browsers make none.

    That is the service's own address, if it has a name and TLS; or `localhost`, where the
    service is on this machine. Browsers know no passkeys for numbers such as 127.0.0.1.
    """
    museum = the_parts().house.museum
    base, asked = urlsplit(museum.base_url), urlsplit(f"//{request.host}")
    if request.host == base.netloc and base.hostname and _has_passkeys(base.scheme, base.hostname):
        origin = f"{base.scheme}://{base.netloc}"
        return Site(host=base.hostname, origin=origin, house=museum.name)
    if asked.hostname == "localhost" and base.hostname in _LOOPBACK:
        return Site(host="localhost", origin=f"http://{request.host}", house=museum.name)
    return None


def passkey_address() -> str:
    """The same service under a name for which browsers do make passkeys, "" without one."""
    base = urlsplit(the_parts().house.museum.base_url)
    if the_site() is not None or base.hostname not in _LOOPBACK:
        return ""
    port = urlsplit(f"//{request.host}").port
    return f"http://localhost:{port}/staff/account" if port else ""


def _has_passkeys(scheme: str, host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ip_address(host)
    except ValueError:
        return scheme == "https"
    return False
