"""The end-of-day report, API keys and webhooks on the site."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.factories import with_offer, with_ticket
from tests.fakes import START
from tests.web.conftest import Headers, SignedInBrowser
from ticketing.domain.accounts import Role, Scope
from ticketing.domain.audit import Action, ActorKind, Wanted
from ticketing.domain.conflicts import Conflict, ConflictKind
from ticketing.service import access, audit, tickets, webhooks
from ticketing.service.ports import House
from ticketing.store import conflicts
from ticketing.store.unit import Store

PROGRAMS = "/staff/programs"


@pytest.fixture
def admin(as_role: Callable[[Role], SignedInBrowser]) -> SignedInBrowser:
    """Somebody who may do everything."""
    return as_role(Role.ADMIN)


# ------------------------------------------------------------ report
def test_the_report_says_who_came_and_what_is_in_the_till(
    admin: SignedInBrowser, store: Store, house: House, station: Headers
) -> None:
    """People, refusals with their reasons, money by offer and by person."""
    with_offer(store, house, slug="paid", number=9, price_cents=900, pay_at_desk=True)
    case = with_ticket(store, house)
    for n in (1, 2):
        scan = {
            "scan_id": f"{n:032x}",
            "barcode": case.barcode,
            "scanned_at": "2026-10-04T14:00+02:00",
        }
        admin.client.post("/api/v1/scans", headers=station, json=scan)
    sold = with_ticket(store, house, offer="paid")
    with store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.STAFF_SIGNED_IN)).items[:1]
        own = replace(house, actor=line.actor)
        tickets.pay_ticket(unit, own, ticket_id=sold.ticket.id)
    text = admin.client.get("/staff/report").text
    assert "<dt>Eingelassen</dt><dd>1</dd>" in text
    assert "<dt>Abgewiesen</dt><dd>1</dd>" in text
    assert "<dt>In den Kassen</dt><dd>9,00\N{NO-BREAK SPACE}€</dd>" in text
    assert "So 4. Okt. 2026 · Stand 14:00" in text


def test_what_was_given_back_leaves_nothing_and_not_something_free(
    admin: SignedInBrowser, store: Store, house: House
) -> None:
    """Zero is an amount here."""
    with_offer(store, house, slug="paid", number=9, price_cents=900, pay_at_desk=True)
    sold = with_ticket(store, house, offer="paid").ticket.id
    with store.unit() as unit:
        tickets.pay_ticket(unit, house, ticket_id=sold)
    with store.unit() as unit:
        tickets.revoke_ticket(unit, house, ticket_id=sold, reason="")
    with store.unit() as unit:
        tickets.refund_ticket(unit, house, ticket_id=sold)
    text = admin.client.get("/staff/report").text
    assert '<td class="num nowrap strong">0,00\N{NO-BREAK SPACE}€</td>' in text
    assert "frei</td>" not in text


@pytest.mark.parametrize("day", ["2026-10-03", "x", "9999-12-31", "0001-01-01"])
def test_any_day_can_be_asked_for(admin: SignedInBrowser, day: str) -> None:
    """A day to come or none is the present one; an empty day says so."""
    text = admin.client.get(f"/staff/report?day={day}").text
    assert "Kein Geld bewegt." in text
    assert "Niemand wurde abgewiesen." in text


def test_conflicts_of_the_day_are_counted_by_how_they_stand(
    admin: SignedInBrowser, store: Store
) -> None:
    """Those of other days are not, however many there are."""
    day_before = START - timedelta(days=1)
    with store.unit() as unit:
        unit.begin()
        for n, at in enumerate([START, day_before, day_before]):
            conflicts.add(unit, a_conflict(n, at))
        unit.commit()
    counted = re.compile("<dt>Ticket zweimal benutzt</dt><dd>([0-9]+) ")
    assert counted.findall(admin.client.get("/staff/report").text) == ["1"]
    earlier = admin.client.get(f"/staff/report?day={day_before.date()}").text
    assert counted.findall(earlier) == ["2"]


def a_conflict(n: int, at: datetime) -> Conflict:
    """An open one of its own."""
    return Conflict(
        id=f"cf_{n:016x}",
        kind=ConflictKind.DOUBLE_USE,
        ticket=None,
        counted=None,
        extra=n.to_bytes(16, "big"),
        reason=None,
        people_extra=1,
        found_at=at,
    )


# ------------------------------------------------------------ API keys
def test_a_key_is_made_shown_once_and_ended(admin: SignedInBrowser, store: Store) -> None:
    """It opens what was chosen, until it is ended; the audit knows who made it."""
    answer = admin.post(f"{PROGRAMS}/keys", name="Webshop", scopes=Scope.OFFERS_READ.value)
    assert answer.status_code == 201
    found = re.search(r"ek_[\w-]{43}", answer.text)
    assert found is not None
    assert found[0] not in admin.client.get(PROGRAMS).text
    headers = {"Authorization": f"Bearer {found[0]}"}
    assert admin.client.get("/api/v1/offers", headers=headers).status_code == 200
    assert admin.client.get("/api/v1/stations", headers=headers).status_code == 403
    with store.unit() as unit:
        [key] = access.list_api_keys(unit)
        [line] = audit.page(unit, wanted=Wanted(action=Action.API_KEY_CREATED)).items
    assert line.actor.kind is ActorKind.STAFF
    assert admin.post(f"{PROGRAMS}/keys/{key.id}/revoke").status_code == 303
    assert admin.client.get("/api/v1/offers", headers=headers).status_code == 401
    assert "1 beendete Schlüssel" in admin.client.get(PROGRAMS).text


@pytest.mark.parametrize(
    "fields", [{"name": "", "scopes": "offers:read"}, {"name": "x"}, {"name": "x", "scopes": "all"}]
)
def test_a_key_for_nothing_is_refused(admin: SignedInBrowser, fields: dict[str, str]) -> None:
    """Without a name, or without anything it may do."""
    answer = admin.post(f"{PROGRAMS}/keys", **fields)
    assert answer.status_code == 422
    assert "ek_" not in answer.text


def test_scopes_and_events_are_said_in_words(admin: SignedInBrowser) -> None:
    """In the form and in the list, with the word of the API beside them."""
    wanted = [Scope.GATE_OVERRIDE.value, Scope.STATS_READ.value]
    admin.client.post(
        f"{PROGRAMS}/keys", data={"csrf": admin.csrf, "name": "Webshop", "scopes": wanted}
    )
    text = admin.client.get(PROGRAMS).text
    assert ">Anbindungen</h1>" in text
    assert "Zahlen ansehen<br><code" in text
    assert text.count("Abgewiesene trotzdem einlassen") == 2
    assert 'Zahlen ansehen <code class="soft">stats:read</code>' in text
    assert "Ein Ticket wurde ausgestellt<br><code" in text
    everything = {"csrf": admin.csrf, "name": "Alles", "scopes": [one.value for one in Scope]}
    admin.client.post(f"{PROGRAMS}/keys", data=everything)
    text = admin.client.get(f"{PROGRAMS}?lang=en").text
    assert ">Integrations</h1>" in text
    assert "<p>everything</p>" in text
    assert text.count("Admit people who were refused") == 2


# ------------------------------------------------------------ webhooks
def test_a_webhook_is_made_tested_renewed_and_deleted(admin: SignedInBrowser, store: Store) -> None:
    """Its secret is shown once; what is delivered stands on its page."""
    answer = admin.post(
        f"{PROGRAMS}/webhooks", url="https://example.org/in", events="scan.admitted"
    )
    assert answer.status_code == 201
    assert "whsec_" in answer.text
    with store.unit() as unit:
        [hook] = webhooks.list_webhooks(unit)
    page = f"{PROGRAMS}/webhooks/{hook.id}"
    assert "Noch nichts gemeldet." in admin.client.get(page).text
    assert admin.post(f"{page}/test").status_code == 303
    text = admin.client.get(page).text
    assert "webhook.test" in text
    assert "wartet" in text
    assert admin.post(f"{page}/rotate").status_code == 201
    assert admin.post(f"{page}/enable").status_code == 303
    assert admin.post(f"{page}/nothing").status_code == 303
    assert admin.post(f"{page}/delete").headers["Location"] == PROGRAMS
    assert admin.client.get(page).status_code == 404
    assert "Noch niemandem" in admin.client.get(PROGRAMS).text


@pytest.mark.parametrize("url", ["", "ftp://example.org", "http://127.0.0.1/x", "rubbish"])
def test_an_address_that_will_not_do_is_refused(admin: SignedInBrowser, url: str) -> None:
    """Nothing is stored; what was typed is still there."""
    answer = admin.post(f"{PROGRAMS}/webhooks", url=url)
    assert answer.status_code == 422
    assert "whsec_" not in answer.text


def test_what_is_not_there_cannot_be_acted_upon(admin: SignedInBrowser) -> None:
    """404, as a page."""
    for path in ("keys/key_0/revoke", "webhooks/wh_0/test", "webhooks/wh_0/delete"):
        assert admin.post(f"{PROGRAMS}/{path}").status_code == 404


def test_an_auditor_sees_and_changes_nothing(
    as_role: Callable[[Role], SignedInBrowser],
) -> None:
    """No form is on the page."""
    text = as_role(Role.AUDITOR).client.get(PROGRAMS).text
    assert "<form" not in text.split("<main", 1)[1]
