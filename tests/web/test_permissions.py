"""Every route says whom it is for, and nobody else gets in."""

import re
from collections.abc import Callable, Iterator

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.factories import with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from tests.web.test_api_scans import a_scan
from ticketing.domain.accounts import RIGHTS, ApiKey, Right, Role, Scope
from ticketing.service import access
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.web.access import Audience, Permission, permission_of

OPEN = {
    "/", "/chat", "/chat/events", "/chat/language", "/chat/messages", "/privacy", "/healthz",
    "/readyz", "/.well-known/einlass-keys", "/static/<path:name>", "/static/fonts/<path:name>",
    "/t/<link>", "/t/<link>/card.png", "/staff/sign-in", "/staff/sign-in/code",
    "/staff/sign-in/passkey", "/staff/sign-in/passkey/options", "/staff/join/<link>",
    "/staff/join/<link>/passkey", "/staff/join/<link>/passkey/options", "/api/v1/stations/pair",
    "/api/v1/openapi.json", "/api/v1/docs",
}  # fmt: skip

# What a gate PC needs. A new call for stations has to be written down here.
STATIONS_MAY = {
    "GET /api/v1/station", "GET /api/v1/station/knowledge", "POST /api/v1/scans",
    "POST /api/v1/scans/batch", "GET /api/v1/scans/<scan_id>", "POST /api/v1/scans/<scan_id>/annul",
    "POST /api/v1/scans/<scan_id>/confirm", "POST /api/v1/scans/<scan_id>/decline",
    "POST /api/v1/scans/<scan_id>/override", "POST /api/v1/tickets/search",
}  # fmt: skip


def routes(app: APIFlask) -> Iterator[tuple[str, str, Permission | None]]:
    """Each pattern and method with its permission."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.rule, method, permission_of(app.view_functions[rule.endpoint])


def calls(app: APIFlask, audience: Audience) -> list[tuple[str, str, Scope | None]]:
    """Every route for an audience, with something in place of its variables."""
    return [
        (re.sub(r"[<>]", "", pattern.replace("<", "<a-")), method, permission.scope)
        for pattern, method, permission in routes(app)
        if permission is not None and permission.audience is audience
    ]


def test_every_route_names_its_permission(app: APIFlask) -> None:
    """A forgotten label would be a route that nobody thought about."""
    assert [(p, m) for p, m, permission in routes(app) if permission is None] == []


def test_only_known_routes_are_open_to_all(app: APIFlask) -> None:
    """A new open route has to be written down here."""
    is_open = {p for p, _, found in routes(app) if found and found.audience is Audience.ANYONE}
    assert is_open == OPEN


def test_a_route_without_a_label_is_closed(app: APIFlask) -> None:
    """Forgetting the label shuts a route instead of opening it."""
    app.add_url_rule("/forgotten", view_func=lambda: "secret")
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_the_api_asks_for_a_key(app: APIFlask, client: FlaskClient) -> None:
    """Without a key every call of the API is 401, and says how to do better."""
    for path, method, _ in calls(app, Audience.API) + calls(app, Audience.STATION):
        answer = client.open(path, method=method, json={})
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="einlass"'
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("token", ["ek_unknown", "es_unknown", "x", "Ä", "ek_" + "A" * 5000])
def test_an_unknown_token_is_refused(app: APIFlask, client: FlaskClient, token: str) -> None:
    """Whatever is sent as a token, only a real one opens."""
    for path, method, _ in calls(app, Audience.API) + calls(app, Audience.STATION):
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.open(path, method=method, json={}, headers=headers)
        assert answer.status_code == 401, path
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
        assert token not in answer.text


@pytest.mark.parametrize("value", ["Basic eDp5", "Bearer", "Bearer ", "ek_x", ""])
def test_another_way_to_sign_in_is_refused(client: FlaskClient, value: str) -> None:
    """Only bearer keys are looked at."""
    answer = client.get("/api/v1/offers", headers={"Authorization": value})
    assert answer.status_code == 401


def test_a_key_without_the_scope_is_refused(
    app: APIFlask, client: FlaskClient, key: Callable[..., Headers]
) -> None:
    """Each call needs exactly the scope that it names."""
    for path, method, scope in calls(app, Audience.API):
        headers = key(*(one for one in Scope if one is not scope))
        answer = client.open(path, method=method, json={}, headers=headers)
        assert answer.status_code == 403, path
        assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]


def test_a_key_with_the_scope_passes(
    app: APIFlask, client: FlaskClient, key: Callable[..., Headers]
) -> None:
    """The one scope is enough."""
    for path, method, scope in calls(app, Audience.API):
        assert scope is not None
        answer = client.open(path, method=method, json={}, headers=key(scope))
        assert answer.status_code in {200, 404, 415, 422}, path


def test_a_station_may_only_scan(app: APIFlask, client: FlaskClient, station: Headers) -> None:
    """A stolen gate PC reads no ticket list and revokes nothing."""
    for path, method, _ in calls(app, Audience.API):
        answer = client.open(path, method=method, json={}, headers=station)
        assert answer.status_code == 403, path


def test_a_station_may_call_what_is_listed_and_nothing_else(
    app: APIFlask, client: FlaskClient, station: Headers
) -> None:
    """Every route of the application, walked with a station's token."""
    passed = set()
    for pattern, method, permission in routes(app):
        assert permission is not None
        if permission.audience is Audience.ANYONE:
            continue
        path = re.sub(r"[<>]", "", pattern.replace("<", "<a-"))
        answer = client.open(path, method=method, json={}, headers=station)
        if answer.status_code not in {303, 401, 403}:
            passed.add(f"{method} {pattern}")
    assert passed <= STATIONS_MAY
    assert {"GET /api/v1/station", "POST /api/v1/scans"} <= passed


def test_a_revoked_token_opens_nothing_anywhere(
    app: APIFlask, client: FlaskClient, station: Headers, api: Headers
) -> None:
    """401 on every call that stations have, from the moment of revocation on."""
    told = client.get("/api/v1/station", headers=station).json
    assert told is not None
    client.post(f"/api/v1/stations/{told['station']}/revoke", headers=api)
    for path, method, _ in calls(app, Audience.STATION) + calls(app, Audience.API):
        answer = client.open(path, method=method, json={}, headers=station)
        assert answer.status_code == 401, path


def test_an_api_key_is_no_station(app: APIFlask, client: FlaskClient, api: Headers) -> None:
    """Scans come from paired stations alone; what is open to a scope too says so."""
    for path, method, scope in calls(app, Audience.STATION):
        answer = client.open(path, method=method, json={}, headers=api)
        assert answer.status_code in ({403} if scope is None else {404, 422}), path


def test_a_key_needs_the_scope_of_a_station_call(
    app: APIFlask, client: FlaskClient, key: Callable[..., Headers]
) -> None:
    """Annul and overrule are open to programs, each by its own scope."""
    open_to = {scope for _, _, scope in calls(app, Audience.STATION) if scope}
    assert open_to >= {Scope.SCANS_READ, Scope.SCANS_WRITE, Scope.GATE_OVERRIDE}
    for path, method, scope in calls(app, Audience.STATION):
        if scope is not None:
            headers = key(*(one for one in Scope if one is not scope))
            answer = client.open(path, method=method, json={}, headers=headers)
            assert answer.status_code == 403, path


def test_a_caller_without_the_right_does_not_learn_whether_the_thing_exists(
    app: APIFlask,
    client: FlaskClient,
    store: Store,
    house: House,
    station: Headers,
    key: Callable[..., Headers],
) -> None:
    """What is there and what is not get the same answer, to the letter."""
    there = _things(client, store, house, station, key())
    asked = 0
    for pattern, method, permission in routes(app):
        names = re.findall(r"<(\w+)>", pattern)
        if permission is None or permission.audience not in HELD or not set(names) & set(there):
            continue
        for headers in _without_right(permission, station, key):
            answers = [
                client.open(_filled(pattern, things), method=method, json={}, headers=headers)
                for things in (there, MISSING)
            ]
            first, second = ((a.status_code, a.data, sorted(a.headers)) for a in answers)
            assert first == second, f"{method} {pattern}"
            assert first[0] in {401, 403}, f"{method} {pattern}"
            asked += 1
    assert asked >= 60


HELD = {Audience.API, Audience.STATION}
MISSING = {"ticket": "0" * 30, "slug": "nothing", "station": "st_0", "scan_id": "0" * 32}


def _things(
    client: FlaskClient, store: Store, house: House, station: Headers, api: Headers
) -> dict[str, str]:
    """A ticket, its offer, the station and a scan, each seen by who may see it."""
    told = client.get("/api/v1/station", headers=station).json
    assert told is not None
    case = with_ticket(store, house)
    sent = a_scan(case.barcode)
    client.post("/api/v1/scans", headers=station, json=sent)
    made = {"ticket": case.ticket.id.hex(), "slug": "day", "station": told["station"]}
    made["scan_id"] = sent["scan_id"]
    for path in ("tickets/{ticket}", "scans/{scan_id}", "stations/{station}"):
        address = f"/api/v1/{path}"
        assert client.get(address.format(**made), headers=api).status_code == 200
        assert client.get(address.format(**MISSING), headers=api).status_code == 404
    return made


def _without_right(
    permission: Permission, station: Headers, key: Callable[..., Headers]
) -> Iterator[Headers]:
    """Nobody, an unknown key, a key with every other scope; a station where none may call."""
    yield {}
    yield {"Authorization": "Bearer ek_unknown"}
    yield key(*(one for one in Scope if one is not permission.scope))
    if permission.audience is Audience.API:
        yield station


def _filled(pattern: str, things: dict[str, str]) -> str:
    """The address with these things in it."""
    return re.sub(r"<(\w+)>", lambda name: things.get(name[1], "x"), pattern)


def test_a_revoked_station_is_shut_out_at_once(
    client: FlaskClient, station: Headers, api: Headers
) -> None:
    """Revoking kills the token."""
    listed = client.get("/api/v1/stations", headers=api).json
    assert listed is not None
    [one] = listed["items"]
    revoked = client.post(f"/api/v1/stations/{one['id']}/revoke", headers=api)
    assert revoked.status_code == 200
    assert client.get(f"/api/v1/scans/{'0' * 32}", headers=station).status_code == 401


def test_the_staff_page_asks_to_sign_in(app: APIFlask, client: FlaskClient) -> None:
    """Without a session every staff route leads to the sign-in."""
    for path, method, _ in calls(app, Audience.STAFF):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/sign-in"), path


# What whoever is signed in may do for themself. A new such route has to be written down here.
OWN = {
    "/staff/sign-out", "/staff/language", "/staff/more", "/staff/account",
    "/staff/account/password", "/staff/account/codes", "/staff/account/codes/on",
    "/staff/account/codes/off", "/staff/account/recovery", "/staff/account/passkeys",
    "/staff/account/passkeys/options", "/staff/account/passkeys/<passkey>/remove",
    "/staff/account/sessions/<session>/end", "/staff/account/sessions/end-others",
}  # fmt: skip


def staff_routes(app: APIFlask) -> Iterator[tuple[str, str, Right | None]]:
    """Each route of the staff site with its right."""
    for pattern, method, permission in routes(app):
        if permission is not None and permission.audience is Audience.STAFF:
            yield pattern, method, permission.right


def test_every_staff_route_names_a_right(app: APIFlask) -> None:
    """Whoever is signed in may do nothing by that alone but what concerns themself."""
    assert {pattern for pattern, _, right in staff_routes(app) if right is None} == OWN
    assert all(pattern.startswith("/staff") for pattern, _, _ in staff_routes(app))


def test_every_right_opens_something(app: APIFlask) -> None:
    """No role promises what there is no page for."""
    asked = {right for _, _, right in staff_routes(app) if right is not None}
    assert asked == set(Right)


@pytest.mark.parametrize("role", Role)
def test_a_role_without_the_right_is_refused_on_every_route(
    app: APIFlask, as_role: Callable[[Role], SignedInBrowser], role: Role
) -> None:
    """403, and the page says which right is missing; with the form's own token as well."""
    browser = as_role(role)
    for pattern, method, right in staff_routes(app):
        if right is None or right in RIGHTS[role]:
            continue
        path = re.sub(r"[<>]", "", pattern.replace("<", "<a-"))
        answer = browser.client.open(path, method=method, data={"csrf": browser.csrf})
        assert answer.status_code == 403, path
        assert f">{right}<" in answer.text, path


def test_the_page_says_which_right_is_missing(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """In both languages for people, as a problem for programs."""
    browser = as_role(Role.DESK)
    answer = browser.post("/staff/stations/pairing", name="Tor", gate="sued")
    assert "Stationen und Eingänge ändern" in answer.text
    answer = browser.client.post("/staff/stations/pairing?lang=en", data={"csrf": browser.csrf})
    assert "change stations and gates" in answer.text
    headers = {"Accept": "application/json"}
    told = browser.client.post(
        "/staff/stations/pairing", data={"csrf": browser.csrf}, headers=headers
    ).json
    assert told is not None
    assert told["type"] == "urn:einlass:problem:missing_right"
    assert "stations.change" in told["detail"]


def test_a_revoked_key_opens_nothing(
    app: APIFlask, client: FlaskClient, store: Store, house: House, api: Headers
) -> None:
    """Every route, from the very next call on."""
    [key] = _keys(store)
    with store.unit() as unit:
        access.revoke_api_key(unit, house, key=key.id)
    for path, method, _ in calls(app, Audience.API) + calls(app, Audience.STATION):
        answer = client.open(path, method=method, json={}, headers=api)
        assert answer.status_code == 401, path


def test_a_key_has_a_stations_call_by_its_scope_alone(
    app: APIFlask, client: FlaskClient, key: Callable[..., Headers]
) -> None:
    """Calls that are for stations only take no key at all, whatever its scopes."""
    for path, method, scope in calls(app, Audience.STATION):
        others = key(*(one for one in Scope if one is not scope))
        assert client.open(path, method=method, json={}, headers=others).status_code == 403, path
        if scope is not None:
            answer = client.open(path, method=method, json={}, headers=key(scope))
            assert answer.status_code in {200, 404, 422}, path


def test_the_first_call_of_a_day_is_noted(
    client: FlaskClient, store: Store, api: Headers, clock: FrozenClock
) -> None:
    """By the local day and nothing finer; a refused call counts as a use as well."""
    assert _keys(store)[0].last_used_on is None
    client.get("/api/v1/offers", headers=api)
    assert str(_keys(store)[0].last_used_on) == "2026-10-04"
    clock.tick(hours=10)
    client.get("/api/v1/offers", headers=api)
    assert str(_keys(store)[0].last_used_on) == "2026-10-05"


def _keys(store: Store) -> tuple[ApiKey, ...]:
    with store.unit() as unit:
        return access.list_api_keys(unit)
