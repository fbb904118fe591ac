"""Who is calling: an API key, a station, a member of staff, or anyone."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from flask import Response, g, redirect, request

from ticketing.domain.accounts import ApiKey, Right, Scope, Station
from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.failures import StoreUnavailable
from ticketing.service import access
from ticketing.service.gate import stations
from ticketing.web.access import Audience, Permission
from ticketing.web.errors import lacks_right, refused
from ticketing.web.parts import act_for, the_parts, the_room
from ticketing.web.sessions import SignedIn, find_signed_in

REALM: Final = 'Bearer realm="einlass"'
KEY_PREFIX: Final = "ek_"
STATION_PREFIX: Final = "es_"


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that proved itself; the token keys its stored answers."""

    id: str
    token: str


def admit(permission: Permission) -> Response | None:
    """Let the caller pass to the view, or answer instead of it."""
    match permission.audience:
        case Audience.ANYONE:
            return None
        case Audience.STAFF:
            return _admit_staff(permission.right)
        case Audience.STATION:
            token = _token()
            if permission.scope is not None and token.startswith(KEY_PREFIX):
                _admit_key(token, permission.scope)
            else:
                _admit_station(token)
        case Audience.API:
            _admit_key(_token(), permission.scope)
    return None


def the_caller() -> Caller | None:
    """The program behind this request, None on routes open to all."""
    caller = g.get("caller")
    return caller if isinstance(caller, Caller) else None


def the_station() -> Station:
    """The station behind this request."""
    station: Station = g.station
    return station


def the_station_if_any() -> Station | None:
    """The station behind this request, None if an API key is."""
    station = g.get("station")
    return station if isinstance(station, Station) else None


def demand(scope: Scope) -> None:
    """Let only API keys go on that hold one more scope, and no station."""
    key = g.get("api_key")
    if not isinstance(key, ApiKey):
        raise _forbidden("A station may not do this.")
    if scope not in key.scopes:
        raise _forbidden(f"The key lacks the scope {scope}.", scope)


def the_staff() -> SignedIn:
    """The member of staff behind this request."""
    signed_in: SignedIn = g.staff
    return signed_in


def count(*, is_for_stations_too: bool) -> None:
    """Count a call of an API key, and of a station where a view asks for it."""
    caller, meters = the_caller(), the_room().meters
    if caller is None:
        return
    is_station = the_station_if_any() is not None
    if is_station and not is_for_stations_too:
        return
    meter = meters.searches if is_station else meters.keys
    wait_s = meter.take(caller.id)
    if wait_s:
        raise refused(429, "too_many_requests", Retry_After=str(wait_s))


def _admit_staff(right: Right | None) -> Response | None:
    found = find_signed_in()
    if found is None:
        if "HX-Request" in request.headers:  # a piece of a page: the form does not belong there
            raise refused(401, "sign_in_again")
        return _to("/staff/sign-in")
    g.staff = found
    act_for(Actor(ActorKind.STAFF, found.staff.id))
    if right is None:
        return None
    if not the_parts().house.sign_in_rules.is_enough(found.session):
        return _to("/staff/account")  # where the second factor is set up
    if not found.staff.may(right):
        raise lacks_right(right)
    return None


def _to(path: str) -> Response | None:
    answer = redirect(path, 303)
    return answer if isinstance(answer, Response) else None


def _admit_station(token: str) -> None:
    if token.startswith(KEY_PREFIX) and _find_key(token) is not None:
        raise _forbidden("A station's token is needed.")
    station = _find_station(token)
    if station is None:
        raise _unknown_token()
    g.station = station
    act_for(Actor(ActorKind.STATION, station.id))
    g.caller = Caller(station.id, token)


def _admit_key(token: str, scope: Scope | None) -> None:
    if token.startswith(STATION_PREFIX) and _find_station(token) is not None:
        raise _forbidden("A station may only scan.")
    key = _find_key(token)
    if key is None:
        raise _unknown_token()
    if scope is not None and scope not in key.scopes:
        raise _forbidden(f"The key lacks the scope {scope}.", scope)
    _note_use(key)
    g.api_key = key
    act_for(Actor(ActorKind.API_KEY, key.id))
    g.caller = Caller(key.id, token)


def _token() -> str:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise refused(401, "unauthorized", WWW_Authenticate=REALM)
    return given.token


def _find_key(token: str) -> ApiKey | None:
    with the_parts().store.unit() as unit:
        return access.api_key_by_token(unit, token=token)


def _note_use(key: ApiKey) -> None:
    """Reading goes on while nothing can be written."""
    parts = the_parts()
    with suppress(StoreUnavailable), parts.store.unit() as unit:
        access.note_use(unit, parts.house, key=key)


def _find_station(token: str) -> Station | None:
    with the_parts().store.unit() as unit:
        return stations.station_by_token(unit, token=token)


def _unknown_token() -> Exception:
    challenge = f'{REALM}, error="invalid_token"'
    return refused(401, "unauthorized", "The bearer key is not known.", WWW_Authenticate=challenge)


def _forbidden(detail: str, scope: Scope | None = None) -> Exception:
    challenge = f'{REALM}, error="insufficient_scope"' + (f', scope="{scope}"' if scope else "")
    return refused(403, "forbidden", detail, WWW_Authenticate=challenge)
