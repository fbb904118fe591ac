"""Every use case that changes something says so in the audit, in whose name, and no more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import HOLDER, STATION_KEY, with_gates, with_offer, with_station, with_ticket
from tests.fakes import START, SeededChance
from ticketing.domain.accounts import Scope
from ticketing.domain.audit import SYSTEM, Action, Actor, ActorKind, Entry
from ticketing.domain.ids import StationId
from ticketing.edge.keystore import FileKeyStore
from ticketing.edge.signer import create_ring
from ticketing.service import access, audit, bulk, gates, keys, offers, tickets, webhooks
from ticketing.service.gate import counting, stations
from ticketing.service.gate.counting import HeadCount
from ticketing.service.gate.stations import Place
from ticketing.service.offers import OfferChange
from ticketing.service.ports import House
from ticketing.service.tickets import TicketOrder
from ticketing.store.unit import Store, Unit
from ticketing.wire.station_api import PairRequest
from ticketing.wire.texts import Localised

ADA = Actor(ActorKind.STAFF, "staff_1")


@pytest.fixture
def ada(store: Store, house: House) -> House:
    """A house with two gates and an offer, which works for Ada."""
    with_gates(store, house)
    with_offer(store, house)
    return replace(house, actor=ADA)


def lines(store: Store) -> list[Entry]:
    """Every line, the newest first."""
    with store.unit() as unit:
        return list(audit.page(unit, limit=1000).items)


def told(store: Store, act: Callable[[Unit], object]) -> list[tuple[str, object, object]]:
    """The lines that something writes: action, before, after; all in Ada's name."""
    before = {line.number for line in lines(store)}
    with store.unit() as unit:
        act(unit)
    new = [line for line in lines(store) if line.number not in before]
    assert {line.actor for line in new} <= {ADA}
    return [(line.action.value, line.before, line.after) for line in reversed(new)]


def test_what_nobody_did_was_the_service(store: Store, house: House, ada: House) -> None:
    """Schedules and the first start have no name; a change without a change has no line."""
    del ada
    assert {line.actor for line in lines(store)} == {SYSTEM}
    same = OfferChange(active=True)
    with store.unit() as unit:
        count = len(lines(store))
        offers.change_offer(unit, house, slug="day", change=same)
    assert len(lines(store)) == count


def test_an_offer_says_what_it_was(store: Store, ada: House) -> None:
    """Only the price; everything when it is made."""
    change = OfferChange(price_cents=700, active=True)
    assert told(store, lambda unit: offers.change_offer(unit, ada, slug="day", change=change)) == [
        ("offer.changed", {"price_cents": 0}, {"price_cents": 700})
    ]
    made = lines(store)[1]
    assert made.after is not None
    assert (made.action, made.after["slug"], made.after["validity"]) == (
        Action.OFFER_CREATED,
        "day",
        "day",
    )


def test_gates_and_slots_are_told(store: Store, ada: House) -> None:
    """A hundred slots at once are one line."""
    name = Localised("Dach", "Roof")
    assert told(store, lambda unit: gates.add_gate(unit, ada, slug="dach", name=name)) == [
        ("gate.created", None, {"name": {"de": "Dach", "en": "Roof"}})
    ]


def test_a_ticket_is_told_without_its_holder(store: Store, ada: House) -> None:
    """Offer, persons, state; neither name nor code."""
    case = with_ticket(store, ada)
    ticket = case.ticket.id
    assert lines(store)[0].after == {"offer": "day", "party": 1, "state": "valid"}
    for act, action, before, after in [
        (tickets.block_ticket, "ticket.blocked", "valid", "blocked"),
        (tickets.unblock_ticket, "ticket.unblocked", "blocked", "valid"),
    ]:
        found = told(store, lambda unit, act=act: act(unit, ada, ticket_id=ticket))  # type: ignore[misc]
        assert found == [(action, {"state": before}, {"state": after})]
    assert told(store, lambda unit: tickets.reissue_ticket(unit, ada, ticket_id=ticket)) == [
        ("ticket.reissued", {"issue": 0}, {"issue": 1})
    ]

    def revoke(unit: Unit) -> None:
        tickets.revoke_ticket(unit, ada, ticket_id=ticket, reason="lost by Erika")

    assert told(store, revoke) == [("ticket.revoked", {"state": "valid"}, {"state": "revoked"})]
    assert told(store, revoke) == []
    kept = repr(lines(store))
    for private in (HOLDER, "Erika", case.ticket.short_code, case.barcode):
        assert private not in kept


def test_many_tickets_are_one_line(store: Store, ada: House) -> None:
    """As many as there were."""
    wanted = [TicketOrder(offer="day", holder=f"Gast {n}") for n in range(25)]
    assert told(store, lambda unit: bulk.issue_batch(unit, ada, wanted=wanted)) == [
        ("ticket.issued", None, {"count": 25})
    ]


def test_a_station_is_told_from_its_code_to_its_end(store: Store, ada: House) -> None:
    """The pairing is its own; revoked again is no news; the code is in no line."""
    with store.unit() as unit:
        code = stations.open_pairing(unit, ada, name="Tor", gate="sued").code
    with store.unit() as unit:
        asked = PairRequest(code, "Tor", STATION_KEY)
        paired_as = stations.pair(unit, ada, request=asked, address="x").answer.station
    station = StationId(paired_as)
    paired, opened = lines(store)[:2]
    assert (opened.action, opened.actor) == (Action.STATION_PAIRING_OPENED, ADA)
    assert (paired.action, paired.actor) == (
        Action.STATION_PAIRED,
        Actor(ActorKind.STATION, station),
    )
    assert told(
        store,
        lambda unit: stations.change_station(unit, ada, station=station, to=Place(gate="nord")),
    ) == [("station.changed", {"gate": "sued"}, {"gate": "nord"})]
    [(action, before, _)] = told(
        store, lambda unit: stations.revoke_station(unit, ada, station=station)
    )
    assert (action, before) == ("station.revoked", {"revoked_at": None})
    again = told(store, lambda unit: stations.revoke_station(unit, ada, station=station))
    assert again == []
    assert code not in repr(lines(store))


def test_a_count_is_told_without_its_words(store: Store, ada: House) -> None:
    """How many more; why is with the count."""
    count = HeadCount(gate="sued", delta=3, reason="school class of Frau Müller")
    assert told(store, lambda unit: counting.count_people(unit, ada, head_count=count)) == [
        ("count.corrected", None, {"delta": 3})
    ]


def test_a_webhook_is_told_without_its_address_and_secret(store: Store, ada: House) -> None:
    """The host is enough: a path may be a password."""
    with store.unit() as unit:
        url = "https://hooks.example/s3cret"
        made = webhooks.register(unit, ada, url=url, events=("scan.admitted",))
    [line, *_] = lines(store)
    assert line.after == {"host": "hooks.example", "events": ["scan.admitted"]}
    hook = made.webhook.id
    assert told(store, lambda unit: webhooks.rotate_secret(unit, ada, webhook=hook)) == [
        ("webhook.secret_rotated", None, None)
    ]
    assert told(store, lambda unit: webhooks.enable(unit, ada, webhook=hook)) == []
    assert told(store, lambda unit: webhooks.delete(unit, ada, webhook=hook)) == [
        ("webhook.deleted", None, None)
    ]
    assert "s3cret" not in repr(lines(store))


def test_an_api_key_is_told_without_itself(store: Store, ada: House) -> None:
    """What it may do, and its end, once."""
    with store.unit() as unit:
        token, key = access.create_api_key(unit, ada, name="Kasse", scopes={Scope.STATS_READ})
    [line, *_] = lines(store)
    assert line.after == {"name": "Kasse", "scopes": ["stats:read"]}
    for news in ([("api_key.revoked", None, None)], []):
        assert told(store, lambda unit: access.revoke_api_key(unit, ada, key=key.id)) == news
    assert token not in repr(lines(store))


def test_a_signing_key_is_told(store: Store, ada: House, tmp_path: Path) -> None:
    """Published, active, given up."""
    create_ring(tmp_path, SeededChance(), at=START)
    keystore = FileKeyStore(tmp_path, SeededChance("more"))
    week = timedelta(days=7)
    assert told(store, lambda unit: keys.rotate_keys(unit, ada, keystore, publish_for=week)) == [
        ("signing_key.changed", None, {"state": "published"})
    ]
    assert told(store, lambda unit: keys.rotate_keys(unit, ada, keystore, publish_for=week)) == []


def test_a_refused_change_leaves_no_line(store: Store, ada: House) -> None:
    """What did not happen is not in the log."""
    with_station(store, ada)
    count = len(lines(store))
    with store.unit() as unit, pytest.raises(Exception, match="gate_exists"):
        gates.add_gate(unit, ada, slug="sued", name=Localised("x", "x"))
    assert len(lines(store)) == count
