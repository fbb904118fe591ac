"""/scans/{id}/annul and /override: what was scanned is put right."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import a_scan_id, station_key, with_offer, with_ticket
from tests.fakes import FrozenClock
from tests.web.conftest import NAME, PASSWORD, Headers
from tests.web.test_api_scans import PATH, a_scan
from ticketing.domain.accounts import Role, Scope
from ticketing.domain.ids import ScanId
from ticketing.service import access, supervisors
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.store import scans
from ticketing.store.unit import Store
from ticketing.wire.codec import to_base64url

PIN = "271828"
WORD = {"why": "kennt die Direktorin", "by": NAME, "pin": PIN}
REASON = {"reason": "falsche Person"}


@pytest.fixture
def barcode(store: Store, house: House, station: Headers) -> str:
    """The barcode of a ticket for the offer `day`."""
    del station
    return with_ticket(store, house).barcode


@pytest.fixture
def admitted(client: FlaskClient, station: Headers, barcode: str) -> str:
    """The id of a scan that let somebody in."""
    sent = a_scan(barcode)
    client.post(PATH, headers=station, json=sent)
    return str(sent["scan_id"])


@pytest.fixture
def refused(client: FlaskClient, station: Headers, barcode: str, admitted: str) -> str:
    """The id of a scan that was refused as used."""
    del admitted
    sent = a_scan(barcode)
    assert said(client.post(PATH, headers=station, json=sent))["reason"] == "already_used"
    return str(sent["scan_id"])


@pytest.fixture
def supervisor(store: Store, house: House) -> str:
    """The id of Ayşe, an admin with a PIN."""
    with store.unit() as unit:
        made = access.add_staff(unit, house, name=NAME, password=PASSWORD, role=Role.ADMIN)
    with store.unit() as unit:
        supervisors.set_pin(unit, house, staff_id=made.id, pin=PIN)
    return made.id


def said(answer: Any) -> dict[str, Any]:
    """The JSON of an answer."""
    assert answer.json is not None
    found: dict[str, Any] = answer.json
    return found


def other_station(client: FlaskClient, store: Store, house: House) -> Headers:
    """The headers of a second station; made by pairing over the API."""
    with store.unit() as unit:
        code = stations.open_pairing(unit, house, name="Zwei", gate="nord").code
    sent = {
        "pairing_code": code,
        "name": "Zwei",
        "public_key": to_base64url(station_key("nord", "Zwei")),
    }
    token = said(client.post("/api/v1/stations/pair", json=sent))["token"]
    return {"Authorization": f"Bearer {token}"}


# ------------------------------------------------------------ annul
def test_a_station_annuls_its_scan(
    client: FlaskClient, station: Headers, barcode: str, admitted: str
) -> None:
    """200, once and again; the ticket opens the door another time."""
    for _ in range(2):
        answer = client.post(f"{PATH}/{admitted}/annul", headers=station, json=REASON)
        assert answer.status_code == 200
        assert (said(answer)["verdict"], said(answer)["reason"]) == ("refuse", "annulled")
        assert said(answer)["inside"] == 0
    again = client.post(PATH, headers=station, json=a_scan(barcode))
    assert said(again)["verdict"] == "admit"


def test_an_unknown_scan_is_annulled_before_it_comes(
    client: FlaskClient, station: Headers, barcode: str
) -> None:
    """201 for the tombstone, 200 afterwards; the late scan is refused."""
    sent = a_scan(barcode)
    path = f"{PATH}/{sent['scan_id']}/annul"
    first, again = (client.post(path, headers=station, json=REASON) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert (said(first)["verdict"], said(first)["reason"]) == ("refuse", "annulled")
    late = client.post(PATH, headers=station, json=sent)
    assert (late.status_code, said(late)["reason"]) == (200, "annulled")


def test_a_key_annuls_the_scans_of_every_station(
    client: FlaskClient, key: Callable[..., Headers], admitted: str
) -> None:
    """With `scans:write`; an unknown id is 404, another scope 403."""
    path = f"{PATH}/{admitted}/annul"
    assert client.post(path, headers=key(Scope.SCANS_READ), json=REASON).status_code == 403
    answer = client.post(path, headers=key(Scope.SCANS_WRITE), json=REASON)
    assert (answer.status_code, said(answer)["reason"]) == (200, "annulled")
    unknown = f"{PATH}/{a_scan_id()}/annul"
    assert client.post(unknown, headers=key(Scope.SCANS_WRITE), json=REASON).status_code == 404


def test_another_station_may_not_annul_overrule_or_settle(
    client: FlaskClient, store: Store, house: House, admitted: str, refused: str, supervisor: str
) -> None:
    """Of its own scans only; to look is allowed to every station."""
    del supervisor
    other = other_station(client, store, house)
    annulled = client.post(f"{PATH}/{admitted}/annul", headers=other, json=REASON)
    assert annulled.status_code == 409
    assert said(annulled)["type"].endswith("other_station")
    for call, body in (("override", WORD), ("confirm", {"checks": []}), ("decline", {})):
        paths = (f"{PATH}/{refused}/{call}", f"{PATH}/{a_scan_id()}/{call}")
        his, unknown = (client.post(path, headers=other, json=body) for path in paths)
        assert his.status_code == 404, call
        assert his.data == unknown.data, call
    assert client.get(f"{PATH}/{refused}", headers=other).status_code == 200


def test_an_annul_after_fifteen_minutes_is_too_late(
    client: FlaskClient,
    station: Headers,
    key: Callable[..., Headers],
    admitted: str,
    clock: FrozenClock,
) -> None:
    """409; a key that may overrule goes on, one that may only write may not, a station never."""
    clock.tick(minutes=16)
    path = f"{PATH}/{admitted}/annul"
    late = client.post(path, headers=station, json=REASON)
    assert (late.status_code, said(late)["type"].rpartition(":")[2]) == (409, "too_late")
    assert said(late)["detail"]
    forced = REASON | {"override": True}
    assert client.post(path, headers=station, json=forced).status_code == 403
    assert client.post(path, headers=key(Scope.SCANS_WRITE), json=forced).status_code == 403
    both = key(Scope.SCANS_WRITE, Scope.GATE_OVERRIDE)
    assert said(client.post(path, headers=both, json=forced))["reason"] == "annulled"


def test_after_a_later_move_it_is_a_conflict(
    client: FlaskClient, store: Store, house: House, station: Headers
) -> None:
    """409 `has_later_moves`."""
    with_offer(store, house, slug="again", number=9, reentry=True)
    sent = a_scan(with_ticket(store, house, offer="again").barcode)
    client.post(PATH, headers=station, json=sent)
    client.post(PATH, headers=station, json=a_scan(sent["barcode"], direction="exit"))
    answer = client.post(f"{PATH}/{sent['scan_id']}/annul", headers=station, json=REASON)
    assert answer.status_code == 409
    assert said(answer)["type"].endswith("has_later_moves")


def test_a_refusal_has_nothing_to_annul(
    client: FlaskClient, station: Headers, refused: str
) -> None:
    """409 `nothing_to_annul`."""
    answer = client.post(f"{PATH}/{refused}/annul", headers=station, json=REASON)
    assert answer.status_code == 409
    assert said(answer)["type"].endswith("nothing_to_annul")


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": 7}, REASON | {"override": "yes"}, REASON | {"x": 1}]
)
def test_a_wrong_annul_is_refused(
    client: FlaskClient, station: Headers, admitted: str, body: dict[str, Any]
) -> None:
    """422, and the scan stands."""
    answer = client.post(f"{PATH}/{admitted}/annul", headers=station, json=body)
    assert answer.status_code == 422
    assert said(client.get(f"{PATH}/{admitted}", headers=station))["verdict"] == "admit"


# ------------------------------------------------------------ override
def test_a_supervisor_lets_in_at_a_station(
    client: FlaskClient, station: Headers, refused: str, supervisor: str, store: Store
) -> None:
    """200 `ok_override`, once and again, with one more person inside."""
    for _ in range(2):
        answer = client.post(f"{PATH}/{refused}/override", headers=station, json=WORD)
        assert answer.status_code == 200
        assert (said(answer)["verdict"], said(answer)["reason"]) == ("admit", "ok_override")
        assert said(answer)["inside"] == 2
    with store.unit() as unit:
        row = scans.find(unit, ScanId(bytes.fromhex(refused)))
    assert row is not None
    assert (row.by, row.why) == (supervisor, WORD["why"])


def test_a_wrong_pin_is_403_and_then_429(
    client: FlaskClient, station: Headers, refused: str, supervisor: str
) -> None:
    """Five times, then the station has to wait; the scan stays refused."""
    del supervisor
    path = f"{PATH}/{refused}/override"
    for pin in ("000000", "271829", "999999", "000001", "abcdef"):
        wrong = client.post(path, headers=station, json=WORD | {"pin": pin})
        assert (wrong.status_code, said(wrong)["type"].rpartition(":")[2]) == (403, "wrong_pin")
        assert pin not in wrong.text
        assert NAME not in wrong.text
    blocked = client.post(path, headers=station, json=WORD)
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["Retry-After"]) <= 900
    assert said(client.get(f"{PATH}/{refused}", headers=station))["reason"] == "already_used"


@pytest.mark.parametrize("missing", ["why", "by", "pin"])
def test_at_a_station_name_pin_and_reason_are_needed(
    client: FlaskClient, station: Headers, refused: str, supervisor: str, missing: str
) -> None:
    """422 that names what is missing."""
    del supervisor
    body = {name: value for name, value in WORD.items() if name != missing}
    answer = client.post(f"{PATH}/{refused}/override", headers=station, json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in said(answer)["errors"]] == [missing]


def test_a_key_overrules_by_its_scope_and_without_a_pin(
    client: FlaskClient, key: Callable[..., Headers], refused: str
) -> None:
    """Another scope may not."""
    path, body = f"{PATH}/{refused}/override", {"why": "Gruppe der Stadt"}
    assert client.post(path, headers=key(Scope.SCANS_WRITE), json=body).status_code == 403
    answer = client.post(path, headers=key(Scope.GATE_OVERRIDE), json=body)
    assert (answer.status_code, said(answer)["reason"]) == (200, "ok_override")


def test_what_nobody_may_overrule_is_a_conflict(
    client: FlaskClient, station: Headers, admitted: str, supervisor: str
) -> None:
    """409 `not_overridable` for an admit and for a code that is unknown."""
    del supervisor
    unknown = a_scan("K7Q2M9XN")
    client.post(PATH, headers=station, json=unknown)
    for scan_id in (admitted, unknown["scan_id"]):
        answer = client.post(f"{PATH}/{scan_id}/override", headers=station, json=WORD)
        assert answer.status_code == 409
        assert said(answer)["type"].endswith("not_overridable")


@pytest.mark.parametrize("scan_id", ["x", "0" * 32, "A" * 32, "ä" * 32])
def test_an_unknown_scan_cannot_be_overruled(
    client: FlaskClient, station: Headers, supervisor: str, scan_id: str
) -> None:
    """404; and what is no id at all cannot be annulled either."""
    del supervisor
    answer = client.post(f"{PATH}/{scan_id}/override", headers=station, json=WORD)
    assert answer.status_code == 404
    if scan_id != "0" * 32:
        annulled = client.post(f"{PATH}/{scan_id}/annul", headers=station, json=REASON)
        assert annulled.status_code == 404
