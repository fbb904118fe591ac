"""What stands around every page of the site: navigation, who is signed in, what was just done."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Response, current_app, flash, get_flashed_messages, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.web import sessions
from ticketing.web.auth import the_staff
from ticketing.web.pages import page
from ticketing.web.staff.speaker import Speaker
from ticketing.web.words import Lang, asked_lang

HOME: Final = "/staff"


class Place(StrEnum):
    """A place of the navigation; its name is `place_…` in the words."""

    TODAY = "today"
    DESK = "desk"
    TICKETS = "tickets"
    VISITORS = "visitors"
    OFFERS = "offers"
    CODES = "codes"
    STATIONS = "stations"
    NUMBERS = "numbers"
    PEOPLE = "people"
    SETTINGS = "settings"
    AUDIT = "audit"
    PROGRAMS = "programs"
    ACCOUNT = "account"
    MORE = "more"


_ADDRESS_MOST: Final = 2000
"""Characters of an address to go back to; none of ours is as long."""


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the navigation; `is_near` ones stand in the bar of a phone."""

    place: Place
    address: str
    icon: str
    right: Right
    is_near: bool = False


NAVIGATION: Final = (
    Link(Place.TODAY, HOME, "i-today", Right.HOUSE_SEE, is_near=True),
    Link(Place.DESK, f"{HOME}/desk", "i-hand", Right.TICKETS_SELL, is_near=True),
    Link(Place.TICKETS, f"{HOME}/tickets", "i-ticket", Right.TICKETS_SEE, is_near=True),
    Link(Place.VISITORS, f"{HOME}/visitors", "i-visitor", Right.VISITORS_SEE),
    Link(Place.OFFERS, f"{HOME}/offers", "i-frame", Right.HOUSE_SEE),
    Link(Place.CODES, f"{HOME}/codes", "i-percent", Right.CODES_SEE),
    Link(Place.STATIONS, f"{HOME}/stations", "i-gate", Right.HOUSE_SEE, is_near=True),
    Link(Place.NUMBERS, f"{HOME}/numbers", "i-plot", Right.REPORTS_SEE),
    Link(Place.PEOPLE, f"{HOME}/people", "i-people", Right.PEOPLE_SEE),
    Link(Place.PROGRAMS, f"{HOME}/programs", "i-plug", Right.KEYS_SEE),
    Link(Place.SETTINGS, f"{HOME}/settings", "i-gear", Right.SETTINGS_SEE),
    Link(Place.AUDIT, f"{HOME}/audit", "i-search", Right.AUDIT_SEE),
)
"""In the order of the day's work. What is not built is not here: no dead ends."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line about what was just done; `is_bad` if it was not."""

    text: str
    is_bad: bool


def the_lang() -> Lang:
    """The language of the person's session."""
    return asked_lang(sessions.remembered_lang())


def the_speaker() -> Speaker:
    """Says things in that language."""
    return Speaker(the_lang())


def show(template: str, *, place: Place | None, status: int = 200, **values: object) -> Response:
    """A page within the frame."""
    answer = part(
        template,
        place=place.value if place else "",
        navigation=[link for link in NAVIGATION if may(link.right)],
        told=the_told(),
        **values,
    )
    answer.status_code = status
    return answer


def part(template: str, **values: object) -> Response:
    """A piece of a page, or a page without the frame: lines to be told wait for the next one."""
    speaker = the_speaker()
    here = request.full_path.removesuffix("?")
    own = {"staff": the_staff(), "speaker": speaker, "here": here}
    return page(template, remembered=speaker.lang, **(own | values))


def may(right: Right) -> bool:
    """Whether the person of this request holds a right: what they may not do is not shown."""
    return the_staff().staff.may(right)


def page_of(address: str) -> str:
    """The page of the site that an address of a browser means, without the language it asks for.

    What a form was sent to has no page of its own: the next one above it is meant. Anything
    that is no page of the site is its beginning, so that no link leads a person elsewhere.
    """
    try:
        asked = urlsplit(address)
    except ValueError:
        return HOME
    if asked.scheme or asked.netloc or not address.isprintable() or len(address) > _ADDRESS_MOST:
        return HOME
    path, query = asked.path, [(k, v) for k, v in parse_qsl(asked.query) if k != "lang"]
    while path.startswith(f"{HOME}/") and not _is_page(path):
        path, query = path.rpartition("/")[0], []
    if path != HOME and not path.startswith(f"{HOME}/"):
        return HOME
    return f"{path}?{urlencode(query)}" if query else path


def _is_page(path: str) -> bool:
    ways = current_app.create_url_adapter(request)
    return ways is not None and ways.test(path, method="GET")


def done(address: str, key: str, **values: str | int) -> AnyResponse:
    """Go on to a page that says what was done; values must not be personal: a cookie has them."""
    flash(json.dumps([key, values]), "done")
    return redirect(address, 303)


def not_done(address: str, key: str, **values: str | int) -> AnyResponse:
    """Go on to a page that says why it was not done."""
    flash(json.dumps([key, values]), "bad")
    return redirect(address, 303)


def checked_form() -> None:
    """Refuse a form that does not carry the session's token; first line of every POST."""
    sessions.check_csrf(the_staff())


def the_told() -> list[Told]:
    """What was just done, in the person's language; each line is told once."""
    speaker, told = the_speaker(), list[Told]()
    lines: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]  # with categories they are pairs
    for category, line in lines:
        key, values = json.loads(line)
        told.append(Told(speaker.say(key, **values), is_bad=category == "bad"))
    return told
