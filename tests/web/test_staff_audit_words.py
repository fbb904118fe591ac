"""The audit page and its file speak in words: things, fields and values, in both languages."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from tests.factories import with_gates, with_offer
from tests.web.conftest import Headers, SignedInBrowser
from ticketing.domain.accounts import Role
from ticketing.domain.codes import Effect, EffectKind
from ticketing.service import audit, code_batches
from ticketing.service.audit import Action, Actor, ActorKind, Thing
from ticketing.service.code_batches import NewBatch
from ticketing.service.lockouts import A_STRANGER, AN_ADDRESS
from ticketing.service.ports import House
from ticketing.store.unit import Store

Note = Callable[..., None]
EFFECT = Effect(EffectKind.AMOUNT, 250)
AUTUMN = NewBatch(name="Herbst", prefix="HERBST", count=2, effect=EFFECT, budget_cents=500_000)


@pytest.fixture
def auditor(as_role: Callable[[Role], SignedInBrowser]) -> SignedInBrowser:
    """Somebody who reads everything."""
    return as_role(Role.AUDITOR)


@pytest.fixture
def note(store: Store, house: House) -> Note:
    """Writes a line."""

    def written(
        thing: Thing,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        *,
        action: Action = Action.SETTINGS_CHANGED,
        actor: Actor | None = None,
    ) -> None:
        acting = house if actor is None else replace(house, actor=actor)
        with store.unit() as unit:
            unit.begin()
            audit.note(unit, acting, action=action, object=thing, before=before, after=after)
            unit.commit()

    return written


def plain(text: str) -> str:
    """Text without marks and unusual blanks."""
    text = unescape(re.sub(r"<[^>]+>", " ", text)).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(text.split())


def newest(browser: SignedInBrowser, query: str = "") -> str:
    """The newest line of the page, as it is read."""
    page = browser.client.get(f"/staff/audit{query}").text
    return plain(page.split("<tbody>")[1].split("</tr>")[0])


def exported(browser: SignedInBrowser, **fields: str) -> list[list[str]]:
    """The lines of the file."""
    answer = browser.post("/staff/audit/export", format="csv", **fields)
    return list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))[1:]


@pytest.mark.parametrize(
    ("thing", "before", "after", "german", "english"),
    [
        (Thing("batch", "x"), {"effect": {"kind": "free", "value": 0}},
         {"effect": {"kind": "percent", "value": 20}},
         "Wirkung: freier Eintritt 20 % Rabatt", "effect: free entry 20% off"),
        (Thing("batch", "x"), {"budget_cents": None}, {"budget_cents": 5000},
         "Budget: 50,00 €", "budget: €50.00"),
        (Thing("batch", "x"), {"budget_cents": 0}, None, "Budget: 0,00 €", "budget: €0.00"),
        (Thing("batch", "x"), {"valid_until": datetime(2026, 10, 31, 23, tzinfo=UTC)},
         {"valid_until": None}, "gültig bis: Sa 31. Okt. 2026", "valid until: Sat 31 Oct 2026"),
        (Thing("batch", "x"), {"state": "ready"}, {"state": "stopped"},
         "Zustand: läuft angehalten", "state: running stopped"),
        (Thing("slot", "x"), {"starts_at": datetime(2026, 7, 1, 12, tzinfo=UTC)}, None,
         "Beginn: Mi 1. Juli 2026, 14:00", "start: Wed 1 July 2026, 14:00"),
        (Thing("offer", "day"), {"active": True}, {"active": False},
         "Wird angeboten: ja nein", "Is offered: yes no"),
        (Thing("offer", "day"), {"name": {"de": "Tag", "en": "Day"}},
         {"name": {"de": "Heute", "en": "Today"}}, "Name: Tag Heute", "name: Day Today"),
        (Thing("offer", "day"), {"gates": None}, {"gates": ["sued", "weg"]},
         "Eingänge: Eingang Süd, weg", "Entrances: South entrance, weg"),
        (Thing("scan", "x"), {"verdict": "refuse", "reason": "already_used"}, {"verdict": "admit"},
         "Ergebnis: abgewiesen eingelassen", "verdict: refused let in"),
        (Thing("ticket", "x"), None, {"paying": "taken", "offer": "day", "to": "mail"},
         "Bezahlung: kassiert", "payment: taken"),
        (Thing("signing_key", "1"), None, {"state": "verify"},
         "wird noch angenommen", "still accepted"),
        (Thing("import", "x"), None, {"lines": 3, "state": "begun"},
         "Zustand: begonnen", "state: begun"),
        (Thing("settings", "museum"), {"capacity": 250}, {"capacity": 300},
         ": 250 300", ": 250 300"),
        (Thing("settings", "opening"), {"mon": "closed"}, {"mon": "10:00-18:00"},
         "Montag: geschlossen 10:00", "Monday: closed 10:00"),
        (Thing("audit", "csv"), None, {"action": "offer.created", "day": "2026-10-04"},
         "Tag: So 4. Okt. 2026", "day: Sun 4 Oct 2026"),
        (Thing("api_key", "k"), None, {"scopes": ["offers:read"]},
         "Rechte: Angebote, Zeitfenster und Eing", "rights: See offers, time slots"),
        (AN_ADDRESS, None, {"way": "password"}, "Anmeldung eine Adresse womit: Passwort",
         "Sign-in an address by: password"),
        (A_STRANGER, None, {"way": "pin"}, "unbekannter Name", "unknown name"),
        (Thing("odd", "x"), None, {"odd": {"a": 1}, "when": "2026-99-99"},
         "odd: a: 1 when: 2026-99-99", "odd: a: 1 when: 2026-99-99"),
    ],
)  # fmt: skip
def test_fields_and_values_are_in_words(
    auditor: SignedInBrowser,
    store: Store,
    house: House,
    note: Note,
    thing: Thing,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    german: str,
    english: str,
) -> None:
    """In the language of the page; what has no words is told as it is kept."""
    with_gates(store, house)
    with_offer(store, house)
    note(thing, before, after)
    assert german in newest(auditor)
    assert english in newest(auditor, "?lang=en")


def test_things_are_called_by_their_names(
    auditor: SignedInBrowser, store: Store, house: House, note: Note
) -> None:
    """Batches also when they are gone; the name leads to all lines about it."""
    with store.unit() as unit:
        batch = code_batches.create_batch(unit, house, wanted=AUTUMN)
    page = auditor.client.get("/staff/audit").text
    assert re.search(rf'href="/staff/audit\?object=batch(\+|%20){batch.id}">Herbst</a>', page)
    assert "Wirkung: 2,50 € Nachlass" in newest(auditor)
    with store.unit() as unit:
        code_batches.delete_batch(unit, house, batch=batch.id)
    assert "Serie gelöscht Serie Herbst" in newest(auditor)
    assert batch.id not in newest(auditor)
    [gone, *_, made] = exported(auditor, object=f"batch {batch.id}")
    assert (gone[5], gone[8], made[5], made[8]) == ("Herbst", batch.id, batch.id, batch.id)
    assert "Budget: 5.000,00 €" in plain(made[7])
    note(Thing("settings", "museum"), None, {"name": "Haus"})
    assert "Einstellungen Das Museum" in newest(auditor)


def test_a_station_is_called_by_its_name(
    auditor: SignedInBrowser, store: Store, note: Note, station: Headers
) -> None:
    """Who acts, and what is acted upon."""
    del station
    with store.unit() as unit:
        [key] = [one for one, name in audit.names(unit).items() if name == "Tor"]
    actor = Actor(ActorKind.STATION, key)
    note(Thing("station", key), None, {"gate": "sued"}, actor=actor)
    line = newest(auditor)
    assert key not in line
    assert line.count("Tor") == 2
    assert "Eingang: Eingang Süd" in line
    assert exported(auditor, object=f"station {key}")[0][1:3] == ["Station", "Tor"]
