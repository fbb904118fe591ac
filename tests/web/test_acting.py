"""Whoever acts stands in the audit: people of the site, API keys, stations; never the service."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import STATION_KEY, a_scan_id, with_ticket
from tests.web.conftest import NAME, PASSWORD, Headers, SignedInBrowser
from tests.web.test_api_codes import AUTUMN
from tests.web.test_api_scans import PATH, a_scan
from tests.web.test_staff_batches import NEW as BATCH
from tests.web.test_staff_offers import NEW as OFFER
from ticketing.domain.audit import Action, Actor, ActorKind, Entry
from ticketing.service import access, audit, staff_people
from ticketing.service.gate import scans, stations
from ticketing.service.ports import House
from ticketing.store.unit import Store
from ticketing.wire.codec import to_base64url

pytestmark = pytest.mark.usefixtures("museum")


@dataclass
class Log:
    """The lines that were written since it was looked at last."""

    store: Store
    seen: int = 0

    def news(self) -> list[Entry]:
        """The new lines, the oldest first."""
        with self.store.unit() as unit:
            lines = audit.page(unit, limit=1000).items
        new = [line for line in reversed(lines) if line.number > self.seen]
        self.seen = max((line.number for line in lines), default=0)
        return new

    def told(self) -> list[tuple[Action, Actor]]:
        """What was done, and by whom."""
        return [(line.action, line.actor) for line in self.news()]


@pytest.fixture
def log(store: Store) -> Log:
    """The log of the store."""
    return Log(store)


@pytest.fixture
def ticket(store: Store, house: House) -> str:
    """The id of a ticket."""
    return with_ticket(store, house).ticket.id.hex()


@pytest.mark.parametrize(
    ("path", "fields", "action"),
    [
        ("/staff/offers/new", OFFER, Action.OFFER_CREATED),
        ("/staff/stations/pairing", {"name": "Tor 2", "gate": "nord"},
         Action.STATION_PAIRING_OPENED),
        ("/staff/people", {"name": "Bo", "role": "desk"}, Action.STAFF_INVITED),
        ("/staff/codes/new", BATCH | {"step": "make"}, Action.BATCH_CREATED),
        ("/staff/account/sessions/end-others", {}, Action.STAFF_SESSION_ENDED),
        ("/staff/account/password", {"old": PASSWORD, "new": "ein-neues-geheimnis"},
         Action.STAFF_PASSWORD_CHANGED),
        ("/staff/tickets/{ticket}/block", {}, Action.TICKET_BLOCKED),
        ("/staff/tickets/{ticket}/name", {"holder": "Zoë Müßig"}, Action.TICKET_CHANGED),
        ("/staff/tickets/{ticket}/revoke", {"reason": ""}, Action.TICKET_REVOKED),
    ],
)  # fmt: skip
def test_on_the_site_it_is_the_person(
    staff: SignedInBrowser, store: Store, log: Log, ticket: str,
    path: str, fields: Mapping[str, str], action: Action,
) -> None:  # fmt: skip
    """Every form, whichever service is behind it."""
    with store.unit() as unit:
        own = Actor(ActorKind.STAFF, staff_people.id_of(unit, name=NAME))
    log.news()
    answer = staff.post(path.format(ticket=ticket), **fields)
    assert answer.status_code < 400, answer.text
    assert log.told() == [(action, own)]


@pytest.mark.parametrize(
    ("path", "body", "action"),
    [
        ("/gates", {"slug": "dach", "name": {"de": "Dach", "en": "Roof"}}, Action.GATE_CREATED),
        ("/offers", {"slug": "tour", "name": {"de": "Tour", "en": "Tour"}}, Action.OFFER_CREATED),
        ("/tickets", {"offer": "day", "holder": "Erika"}, Action.TICKET_ISSUED),
        ("/tickets/{ticket}/block", None, Action.TICKET_BLOCKED),
        ("/tickets/{ticket}/reissue", None, Action.TICKET_REISSUED),
        ("/counts", {"gate": "sued", "delta": 3, "reason": "Klasse"}, Action.COUNT_CORRECTED),
        ("/code-batches", AUTUMN, Action.BATCH_CREATED),
    ],
)
def test_over_the_api_it_is_the_key(
    client: FlaskClient, api: Headers, store: Store, log: Log, ticket: str,
    path: str, body: Any, action: Action,
) -> None:  # fmt: skip
    """By its id, never by the secret."""
    with store.unit() as unit:
        [key] = access.list_api_keys(unit)
    log.news()
    address = "/api/v1" + path.format(ticket=ticket)
    answer = client.post(address, headers=api, json=body)
    assert answer.status_code < 400, answer.text
    assert log.told() == [(action, Actor(ActorKind.API_KEY, key.id))]


def test_what_a_key_does_to_scans_is_in_the_audit(
    client: FlaskClient, api: Headers, station: Headers, store: Store, house: House, log: Log
) -> None:
    """It lets somebody in against the rule, it takes an entry back."""
    barcode = with_ticket(store, house).barcode
    came, refused = a_scan(barcode), a_scan(barcode)
    for sent in (came, refused):
        client.post(PATH, headers=station, json=sent)
    log.news()
    for scan, call, body in [
        (refused, "override", {"why": "kennt die Direktorin"}),
        (came, "annul", {"reason": "falsche Person", "override": True}),
    ]:
        answer = client.post(f"{PATH}/{scan['scan_id']}/{call}", headers=api, json=body)
        assert answer.status_code == 200, answer.text
    told = log.told()
    assert [action for action, _ in told] == [Action.SCAN_OVERRIDDEN, Action.SCAN_ANNULLED]
    assert {actor.kind for _, actor in told} == {ActorKind.API_KEY}


def test_a_station_is_named_by_its_pairing_on(
    client: FlaskClient, store: Store, house: House, log: Log
) -> None:
    """The call is open to all; the code says who it is."""
    with store.unit() as unit:
        code = stations.open_pairing(unit, house, name="Tor", gate="sued").code
    log.news()
    sent = {"pairing_code": code, "name": "Tor", "public_key": to_base64url(STATION_KEY)}
    made = client.post("/api/v1/stations/pair", json=sent).json
    assert made is not None
    assert log.told() == [(Action.STATION_PAIRED, Actor(ActorKind.STATION, made["station"]))]


def test_the_house_works_for_the_station_that_asks(
    client: FlaskClient, station: Headers, api: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for the key on the same route; the next request begins anew."""
    seen: list[ActorKind] = []
    get_scan = scans.get_scan

    def watched(unit: Any, house: House, **told: Any) -> Any:
        seen.append(house.actor.kind)
        return get_scan(unit, house, **told)

    monkeypatch.setattr(scans, "get_scan", watched)
    for headers in (station, api, station):
        assert client.get(f"{PATH}/{a_scan_id()}", headers=headers).status_code == 404
    assert seen == [ActorKind.STATION, ActorKind.API_KEY, ActorKind.STATION]


def test_whoever_signs_in_or_joins_is_named_from_there_on(
    staff: SignedInBrowser, store: Store, log: Log
) -> None:
    """These pages are open to all: who it is comes out on the way."""
    text = staff.post("/staff/people", name="Bo", role="desk").text
    [link] = re.findall(r"https://tickets\.example(/staff/join/[\w-]{43})", text)
    with store.unit() as unit:
        bo = Actor(ActorKind.STAFF, staff_people.id_of(unit, name="Bo"))
    log.news()
    other = staff.client.application.test_client()
    typed = {"name": "Bo", "password": "ein-anderes-geheimnis"}
    assert other.post(link, data=typed).status_code == 303
    assert other.post("/staff/sign-in", data=typed | {"lang": "de"}).status_code == 303
    assert log.told() == [
        (Action.STAFF_JOINED, bo), (Action.STAFF_SIGNED_IN, bo), (Action.STAFF_SIGNED_IN, bo),
    ]  # fmt: skip
