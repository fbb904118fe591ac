"""`/scans/batch` and `/conflicts` over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import station_key, with_ticket
from tests.fakes import FrozenClock
from tests.journals import Journal
from tests.web.conftest import Headers, SignedInBrowser
from ticketing.domain.accounts import Scope
from ticketing.service.gate import stations
from ticketing.service.ports import House
from ticketing.service.tickets import TicketCase
from ticketing.store.unit import Store
from ticketing.wire.station_api import PairRequest
from ticketing.wire.sync_api import MOST_ENTRIES, Result, Upload, UploadAnswer

URL = "/api/v1/scans/batch"


def send(client: FlaskClient, station: Headers, sent: Upload) -> UploadAnswer:
    """One upload, as a station reads the answer."""
    answer = client.post(URL, json=sent.to_json(), headers=station)
    assert answer.status_code == 200, answer.text
    return UploadAnswer.from_json(answer.json)


def a_double_use(
    client: FlaskClient, station: Headers, *, case: TicketCase, clock: FrozenClock
) -> Journal:
    """The journal of a station that let a ticket in twice."""
    journal = Journal()
    journal.scan(case, clock.now() - timedelta(minutes=2))
    journal.scan(case, clock.now() - timedelta(minutes=1))
    send(client, station, journal.upload())
    return journal


def refused(answer: TestResponse) -> tuple[int, str]:
    """Status and problem."""
    body: dict[str, Any] = answer.json or {}
    return answer.status_code, str(body["type"]).rsplit(":", 1)[-1]


def test_a_journal_is_uploaded_and_acknowledged(
    client: FlaskClient, station: Headers, store: Store, house: House, clock: FrozenClock
) -> None:
    """A result for each entry, and how far the service has come."""
    journal = Journal()
    journal.boot(clock.now())
    journal.scan(with_ticket(store, house), clock.now())
    answer = send(client, station, journal.upload())
    assert [item.result for item in answer.items] == [Result.ACCEPTED] * 2
    assert (answer.acked, answer.head) == (2, journal.hashes[2])
    again = send(client, station, journal.upload())
    assert [item.result for item in again.items] == [Result.KNOWN] * 2


def test_a_poison_row_is_answered_with_its_reason(client: FlaskClient, station: Headers) -> None:
    """And never with what stood in it."""
    journal = Journal()
    journal.write_text('{"kind":"Jördis"}')
    [item] = send(client, station, journal.upload()).items
    assert (item.result, item.detail) == (Result.REJECTED, "kind: an unknown word")


def test_malformed_uploads_are_refused_whole(client: FlaskClient, station: Headers) -> None:
    """Too many entries, numbers that do not rise, ids that are none."""
    journal = Journal()
    for _ in range(MOST_ENTRIES + 1):
        journal.write_text("{}")
    good = journal.upload(1, 2).to_json()
    entries: Any = good["entries"]
    bad = (
        journal.upload().to_json(),
        good | {"entries": entries[::-1]},
        good | {"entries": [entries[0], entries[0]]},
        good | {"entries": [entries[0] | {"n": 0}]},
        good | {"entries": [entries[0] | {"n": 2**31}]},
        good | {"entries": [entries[0] | {"more": 1}]},
        good | {"journal": "short"},
        good | {"journal": "A" * 21 + "B"},
        good | {"previous": "x"},
    )
    for body in bad:
        answer = client.post(URL, json=body, headers=station)
        assert answer.status_code == 422, body


def test_a_signature_that_is_no_base64_is_kept_all_the_same(
    client: FlaskClient, station: Headers
) -> None:
    """The chain is broken then; the entry is not lost."""
    journal = Journal()
    journal.write_text("{}")
    body = journal.upload().to_json()
    entries: Any = body["entries"]
    entries[0]["sig"] = "?"
    answer = client.post(URL, json=body, headers=station)
    assert UploadAnswer.from_json(answer.json).acked == 1


def test_another_stations_journal_is_refused(
    client: FlaskClient, station: Headers, store: Store, house: House, clock: FrozenClock
) -> None:
    """409, and says why."""
    journal = Journal()
    journal.boot(clock.now())
    send(client, station, journal.upload())
    with store.unit() as unit:
        code = stations.open_pairing(unit, house, name="Zwei", gate="nord").code
    with store.unit() as unit:
        asked = PairRequest(code, "Zwei", station_key("nord", "Zwei"))
        token = stations.pair(unit, house, request=asked, address="192.0.2.1").answer.token
    other = {"Authorization": f"Bearer {token}"}
    answer = client.post(URL, json=journal.upload().to_json(), headers=other)
    assert refused(answer) == (409, "foreign_journal")


def test_conflicts_are_listed_with_both_scans(
    client: FlaskClient,
    station: Headers,
    api: Headers,
    store: Store,
    house: House,
    clock: FrozenClock,
) -> None:
    """Where, when by the station's clock, and what was shown."""
    case = with_ticket(store, house)
    a_double_use(client, station, case=case, clock=clock)
    listed: dict[str, Any] = client.get("/api/v1/conflicts?state=open", headers=api).json or {}
    [one] = listed["items"]
    assert (one["kind"], one["reason"], one["state"]) == ("double_use", "already_used", "open")
    assert (one["ticket"], one["people_extra"]) == (case.ticket.id.hex(), 1)
    assert [scan["scan_id"] for scan in one["scans"]] == [one["counted"], one["extra"]]
    assert {(scan["gate"], scan["shown"], scan["basis"]) for scan in one["scans"]} == {
        ("sued", "admit", "offline")
    }
    assert house.museum.name not in str(one)
    assert case.ticket.holder not in str(one)


def test_conflicts_page_by_cursor(
    client: FlaskClient,
    station: Headers,
    api: Headers,
    store: Store,
    house: House,
    clock: FrozenClock,
) -> None:
    """Each comes once; a cursor that was not given out is refused."""
    journal = Journal()
    for _ in range(5):
        case = with_ticket(store, house)
        journal.scan(case, clock.now())
        journal.scan(case, clock.now())
    send(client, station, journal.upload())
    found, cursor = [], ""
    while True:
        page: dict[str, Any] = (
            client.get(f"/api/v1/conflicts?limit=2{cursor}", headers=api).json or {}
        )
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(found) == len(set(found)) == 5
    bad = client.get("/api/v1/conflicts?cursor=zzz", headers=api)
    assert bad.status_code == 422


def test_the_staff_page_says_what_happened_and_where(
    client: FlaskClient,
    station: Headers,
    staff: SignedInBrowser,
    store: Store,
    house: House,
    clock: FrozenClock,
) -> None:
    """In words, with both times and gates; nothing when there is nothing."""
    assert "Nichts zu klären" in staff.client.get("/staff").text
    a_double_use(client, station, case=with_ticket(store, house), clock=clock)
    page = staff.client.get("/staff").text
    assert "Ticket zweimal benutzt" in page
    assert "13:58, Eingang Süd" in page
    assert "13:59, Eingang Süd" in page


def test_closing_explains_and_changes_no_count(
    client: FlaskClient,
    station: Headers,
    key: Callable[..., Headers],
    store: Store,
    house: House,
    clock: FrozenClock,
) -> None:
    """Once; the same again is the same, another way is refused."""
    case = with_ticket(store, house)
    a_double_use(client, station, case=case, clock=clock)
    read, write = key(Scope.SCANS_READ), key(Scope.SCANS_WRITE)
    listed: dict[str, Any] = client.get("/api/v1/conflicts", headers=read).json or {}
    url = f"/api/v1/conflicts/{listed['items'][0]['id']}/close"
    body = {"state": "explained", "note": "twins"}
    closed = client.post(url, json=body, headers=write)
    assert closed.status_code == 200
    assert closed.json == client.post(url, json=body, headers=write).json
    assert (closed.json or {})["note"] == "twins"
    assert refused(client.post(url, json={"state": "ignored"}, headers=write)) == (
        409,
        "already_closed",
    )
    assert client.post(url, json={"state": "open"}, headers=write).status_code == 422
    nothing = client.post("/api/v1/conflicts/cf_0/close", json=body, headers=write)
    assert nothing.status_code == 404
    assert (client.get("/api/v1/conflicts?state=open", headers=read).json or {})["items"] == []
