"""Who may call a route: each route names it, one place enforces it, a nameless one is closed.

The label is set by a decorator below the route and read by `enforce` before the
view runs, so that a forgotten label shuts a route instead of opening it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from ticketing.domain.accounts import Right, Scope

View = TypeVar("View", bound=Callable[..., Any])
_LABEL = "einlass_permission"
_METERED = "einlass_metered"


class Audience(StrEnum):
    """Whom a route is for."""

    ANYONE = "anyone"  # also what carries its own proof: a signed link, a chat cookie, a code
    API = "api"  # an API key with the scope
    STATION = "station"  # a station's token
    STAFF = "staff"  # a signed-in member of staff


@dataclass(frozen=True, slots=True)
class Permission:
    """An audience, for API keys the scope, for staff the right.

    A station's route may admit keys too. Without a right a route is for all of the staff.
    """

    audience: Audience
    scope: Scope | None = None
    right: Right | None = None


def _labelled(permission: Permission) -> Callable[[View], View]:
    def label(view: View) -> View:
        setattr(view, _LABEL, permission)
        return view

    return label


def open_to_all(view: View) -> View:
    """A route without a sign-in."""
    return _labelled(Permission(Audience.ANYONE))(view)


def needs(scope: Scope) -> Callable[[View], View]:
    """A route for API keys with this scope."""
    return _labelled(Permission(Audience.API, scope))


def for_stations(view: View) -> View:
    """A route for station tokens only."""
    return _labelled(Permission(Audience.STATION))(view)


def for_stations_or(scope: Scope) -> Callable[[View], View]:
    """A route for station tokens, and for API keys with this scope."""
    return _labelled(Permission(Audience.STATION, scope))


def for_staff(view: View) -> View:
    """A route for whoever is signed in: their own account, language, sign-out."""
    return _labelled(Permission(Audience.STAFF))(view)


def staff_may(right: Right) -> Callable[[View], View]:
    """A route for signed-in staff whose role holds this right."""
    return _labelled(Permission(Audience.STAFF, right=right))


def metered(view: View) -> View:
    """A station's route that people at the door can wait for: its calls are counted."""
    setattr(view, _METERED, True)
    return view


def is_metered(view: object) -> bool:
    """Whether a station may call a view only so often; API keys are counted everywhere."""
    return bool(getattr(view, _METERED, False))


def permission_of(view: object) -> Permission | None:
    """The label of a view, or None: such a route stays closed."""
    found = getattr(view, _LABEL, None)
    return found if isinstance(found, Permission) else None
