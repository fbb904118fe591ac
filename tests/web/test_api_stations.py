"""/stations: pairing and revocation."""

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import STATION_KEY
from tests.fakes import FrozenClock
from tests.web.conftest import Headers
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire.codec import to_base64url
from ticketing.wire.station_api import PairAnswer

pytestmark = pytest.mark.usefixtures("museum")
PATH = "/api/v1/stations/pair"
OTHER_KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"


@pytest.fixture
def asked(store: Store, house: House) -> dict[str, str]:
    """A request with an open code."""
    with store.unit() as unit:
        code = stations.open_pairing(unit, house, name="Tor", gate="sued").code
    return {"pairing_code": code, "name": "Tor", "public_key": to_base64url(STATION_KEY)}


def reason(answer: Any) -> str:
    """The word a problem ends in."""
    return str(answer.json["type"]).rsplit(":", 1)[-1]


def test_a_code_makes_a_station(client: FlaskClient, asked: dict[str, str]) -> None:
    """201 with a token that works at once."""
    answer = client.post(PATH, json=asked)
    assert answer.status_code == 201
    said = PairAnswer.from_json(answer.json)
    assert (said.gate, said.museum, said.zone) == ("sued", "Stadtmuseum Erlenbach", "Europe/Berlin")
    headers = {"Authorization": f"Bearer {said.token}"}
    assert client.get(f"/api/v1/scans/{'0' * 32}", headers=headers).status_code == 404


def test_a_lost_answer_may_be_asked_for_again(client: FlaskClient, asked: dict[str, str]) -> None:
    """200 with a new token; the old one is dead."""
    first = PairAnswer.from_json(client.post(PATH, json=asked).json)
    again = client.post(PATH, json=asked)
    assert again.status_code == 200
    assert PairAnswer.from_json(again.json).token != first.token
    headers = {"Authorization": f"Bearer {first.token}"}
    assert client.get(f"/api/v1/scans/{'0' * 32}", headers=headers).status_code == 401


def test_used_expired_and_unknown_codes_are_three_errors(
    client: FlaskClient, asked: dict[str, str], clock: FrozenClock
) -> None:
    """Each says what to do, none repeats the code."""
    unknown = client.post(PATH, json=asked | {"pairing_code": "00000-00000"})
    assert (unknown.status_code, reason(unknown)) == (404, "unknown_code")
    clock.tick(minutes=16)
    expired = client.post(PATH, json=asked)
    assert (expired.status_code, reason(expired)) == (410, "expired_code")
    assert asked["pairing_code"] not in expired.text


def test_a_used_code_is_no_use_to_another_key(client: FlaskClient, asked: dict[str, str]) -> None:
    """409 `used_code`."""
    client.post(PATH, json=asked)
    used = client.post(PATH, json=asked | {"public_key": OTHER_KEY})
    assert (used.status_code, reason(used)) == (409, "used_code")


def test_guessing_is_slowed_down(client: FlaskClient, asked: dict[str, str]) -> None:
    """After ten wrong codes even the right one has to wait, and is told how long."""
    for _ in range(10):
        client.post(PATH, json=asked | {"pairing_code": "00000-00000"})
    answer = client.post(PATH, json=asked)
    assert (answer.status_code, reason(answer)) == (429, "throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 900


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("public_key", "x"),
        ("public_key", "A" * 43),
        ("public_key", "B" * 43),
        ("public_key", 7),
        ("name", ""),
        ("name", "x" * 101),
        ("pairing_code", ""),
        ("pairing_code", 7),
    ],
)
def test_a_wrong_request_is_refused(
    client: FlaskClient, asked: dict[str, str], field: str, value: Any
) -> None:
    """422: among them a key of low order, under which anybody could sign."""
    assert client.post(PATH, json=asked | {field: value}).status_code == 422


def test_stations_are_listed_without_their_secrets(
    client: FlaskClient, api: Headers, asked: dict[str, str]
) -> None:
    """Name, gate and times; no token, no key."""
    client.post(PATH, json=asked)
    listed = client.get("/api/v1/stations", headers=api).json
    assert listed is not None
    [one] = listed["items"]
    assert (one["name"], one["gate"], one["revoked_at"]) == ("Tor", "sued", None)
    assert (one["state"], one["version"], one["unsent"]) == ("silent", None, None)
    assert (one["clock_diff_ms"], one["knows_newest_keys"]) == (None, False)
    times = {"paired_at", "last_seen_at", "revoked_at"}
    told = {"state", "version", "unsent", "clock_diff_ms", "knows_newest_keys"}
    assert set(one) == {"id", "name", "gate"} | times | told


def test_an_unknown_station_cannot_be_revoked(client: FlaskClient, api: Headers) -> None:
    """404."""
    answer = client.post("/api/v1/stations/st_nothing/revoke", headers=api)
    assert answer.status_code == 404


def test_an_idle_station_is_seen(client: FlaskClient, api: Headers, station: Headers) -> None:
    """Staff read "not connected" of a station that works: its pulse counts now."""
    answer = client.get("/api/v1/station", headers=station)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["gate_name"] == {"de": "Eingang Süd", "en": "South entrance"}
    assert set(answer.json) == {"station", "name", "gate", "gate_name", "server_time", "inside"}
    told = datetime.fromisoformat(answer.json["server_time"])
    assert told.tzinfo is not None
    listed = client.get("/api/v1/stations", headers=api).json
    assert listed is not None
    [one] = [row for row in listed["items"] if row["id"] == answer.json["station"]]
    assert datetime.fromisoformat(one["last_seen_at"]) == told


def test_a_revoked_station_has_no_pulse(
    client: FlaskClient, api: Headers, station: Headers
) -> None:
    """401, so that it learns of it without a visitor; an API key is no station."""
    told = client.get("/api/v1/station", headers=station).json
    assert told is not None
    assert client.get("/api/v1/station", headers=api).status_code in {401, 403}
    client.post(f"/api/v1/stations/{told['station']}/revoke", headers=api)
    assert client.get("/api/v1/station", headers=station).status_code == 401


def test_a_path_below_the_service_is_no_refused_code(
    client: FlaskClient, asked: dict[str, str]
) -> None:
    """A station with a wrong address can tell it from a wrong code."""
    answer = client.post(f"/sub{PATH}", json=asked)
    assert (answer.status_code, reason(answer)) == (404, "not_found")


def own(client: FlaskClient, api: Headers, station: Headers) -> dict[str, Any]:
    """The row of the station with these headers."""
    told = client.get("/api/v1/station", headers=station).json
    assert told is not None
    found = client.get(f"/api/v1/stations/{told['station']}", headers=api).json
    assert isinstance(found, dict)
    return found


def test_a_pulse_tells_how_the_station_is(
    client: FlaskClient, api: Headers, station: Headers, house: House
) -> None:
    """Version, unsent entries and ring: then it is known whether it has the newest keys."""
    ring = house.signer.ring().fingerprint()
    told = f"/api/v1/station?unsent=4&version=1.2.0&ring={ring}&clock_diff_ms=-90"
    assert client.get(told, headers=station).status_code == 200
    one = own(client, api, station)
    assert (one["state"], one["version"], one["unsent"]) == ("connected", "1.2.0", 4)
    assert (one["clock_diff_ms"], one["knows_newest_keys"]) == (-90, True)
    client.get(f"/api/v1/station?ring={'A' * 43}", headers=station)
    assert own(client, api, station)["knows_newest_keys"] is False


@pytest.mark.parametrize(
    "query",
    ["unsent=-1", "unsent=x", "version=", f"version={'x' * 65}", "ring=x", "clock_diff_ms="],
)
def test_a_pulse_of_rubbish_is_refused(
    client: FlaskClient, api: Headers, station: Headers, query: str
) -> None:
    """422, and nothing of it is kept."""
    assert client.get(f"/api/v1/station?{query}", headers=station).status_code == 422
    one = own(client, api, station)
    assert (one["version"], one["unsent"]) == (None, None)


def test_a_station_is_renamed_and_moved(
    client: FlaskClient, api: Headers, station: Headers
) -> None:
    """Its next pulse says where it is now."""
    path = f"/api/v1/stations/{own(client, api, station)['id']}"
    changed = client.patch(path, headers=api, json={"name": "Kasse 2", "gate": "nord"})
    assert changed.status_code == 200
    assert changed.json is not None
    assert (changed.json["name"], changed.json["gate"]) == ("Kasse 2", "nord")
    told = client.get("/api/v1/station", headers=station).json
    assert told is not None
    assert (told["gate"], told["gate_name"]["en"]) == ("nord", "North entrance")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"gate": "dach"}, 404),
        ({"gate": "Dach!"}, 422),
        ({"name": ""}, 422),
        ({"name": 7}, 422),
        ({"token": "es_x"}, 422),
    ],
)
def test_a_wrong_change_is_refused(
    client: FlaskClient, api: Headers, station: Headers, change: dict[str, Any], status: int
) -> None:
    """Nothing changes."""
    before = own(client, api, station)
    answer = client.patch(f"/api/v1/stations/{before['id']}", headers=api, json=change)
    assert answer.status_code == status
    assert own(client, api, station) == before


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_unknown_station_is_404(client: FlaskClient, api: Headers, method: str) -> None:
    """To look at, to change."""
    path = "/api/v1/stations/st_nothing"
    assert client.open(path, method=method, headers=api, json={}).status_code == 404
