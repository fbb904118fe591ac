"""The museum on the site: set by admins, read by others, followed by every rule at once."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.factories import with_ticket
from tests.web.conftest import Headers, SignedInBrowser
from tests.web.setting import hidden, hidden_in, now, send
from tests.web.test_api_scans import a_scan
from ticketing.domain.accounts import Role
from ticketing.service.ports import House
from ticketing.service.settings import Part
from ticketing.store.unit import Store
from ticketing.web.parts import Parts

MUSEUM = "/staff/settings/museum"
HOUSE = {
    "name": "Haus am Tor", "lines": "Tor 1\r\n\r\n 00000 Erlenbach ", "contact": "haus@example.org",
    "capacity": "1.200", "knowledge_days": "14",
}  # fmt: skip


def test_it_is_set_and_stands_everywhere(
    staff: SignedInBrowser, parts: Parts, museum: None
) -> None:
    """On the next page already: title, privacy page, chat; and for every rule."""
    del museum
    answer = send(staff, MUSEUM, **HOUSE)
    assert answer.headers["Location"] == MUSEUM
    fresh = parts.house.fresh().museum
    assert (fresh.name, fresh.address) == ("Haus am Tor", ("Tor 1", "00000 Erlenbach"))
    assert (fresh.contact, fresh.capacity, fresh.knowledge_days) == ("haus@example.org", 1200, 14)
    assert "Die Angaben sind gespeichert." in staff.client.get(MUSEUM).text
    for path, words in (
        ("/staff", "0\N{NO-BREAK SPACE}% von 1.200"),
        ("/staff/settings", "Tor 1, 00000 Erlenbach"),
        ("/privacy?lang=de", "Haus am Tor, Tor 1, 00000 Erlenbach. Fragen beantwortet haus@"),
        ("/chat?lang=de", "Haus am Tor"),
    ):
        assert words in staff.client.get(path).text, path


def test_the_house_takes_as_many_as_was_set(
    staff: SignedInBrowser, client: FlaskClient, station: Headers, store: Store, house: House
) -> None:
    """From the next scan on, in the gate's own lane as well."""
    send(staff, MUSEUM, **(HOUSE | {"capacity": "1"}))
    reasons = []
    for case in (with_ticket(store, house), with_ticket(store, house)):
        scanned = client.post("/api/v1/scans", headers=station, json=a_scan(case.barcode)).json
        assert scanned is not None
        reasons.append(scanned["reason"])
    assert reasons == ["ok", "full"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " "}, "Hier fehlt etwas."),
        ({"name": "x" * 101}, "Höchstens 100 Zeichen."),
        ({"lines": "\n".join("abcdefg")}, "Höchstens 6 Zeilen."),
        ({"lines": "x" * 101}, "Fehlt oder ist zu lang."),
        ({"contact": "niemand"}, "Das ist keine E-Mail-Adresse."),
        ({"contact": "x" * 101}, "Höchstens 100 Zeichen."),
        ({"capacity": "-1"}, "Eine ganze Zahl von 0 bis 100.000."),
        ({"knowledge_days": "367"}, "Eine ganze Zahl von 0 bis 366."),
        ({"knowledge_days": "bald"}, "Eine ganze Zahl von 0 bis 366."),
    ],
)
def test_a_wrong_fact_is_told_beside_its_field(
    staff: SignedInBrowser, parts: Parts, fields: dict[str, str], words: str
) -> None:
    """Nothing is stored, nothing typed is lost."""
    answer = send(staff, MUSEUM, **(HOUSE | fields))
    assert answer.status_code == 422
    assert words in answer.text
    assert "1.200" in answer.text or "capacity" in fields
    assert now(parts, Part.MUSEUM).version == 0


def test_the_second_admin_sees_what_the_first_changed(staff: SignedInBrowser) -> None:
    """Field by field; the new version stands in the form."""
    opened = hidden(staff, MUSEUM)
    send(staff, MUSEUM, **(HOUSE | {"contact": "", "capacity": "0"}))
    answer = staff.post(MUSEUM, **(HOUSE | opened | {"name": "Haus am See"}))
    assert answer.status_code == 409
    for words in (
        "Name: Stadtmuseum Erlenbach → Haus am Tor",
        "Adresse: Museumsplatz 1, 00000 Erlenbach → Tor 1, 00000 Erlenbach",
        "E-Mail für Fragen zum Datenschutz: datenschutz@example.org → leer",
        "Tage, die Stationen im Voraus kennen: 7 → 14",
        'value="Haus am See"',
    ):
        assert words in answer.text
    assert "Personen zugleich im Haus: " not in answer.text
    assert staff.post(MUSEUM, **(HOUSE | hidden_in(answer))).status_code == 303


def test_what_was_changed_and_taken_back_is_told_too(staff: SignedInBrowser) -> None:
    """There is nothing to list then, and the next try is kept."""
    opened = hidden(staff, MUSEUM)
    send(staff, MUSEUM, **(HOUSE | {"capacity": "7"}))
    staff.post(f"{MUSEUM}/back", version="1")
    answer = staff.post(MUSEUM, **(HOUSE | opened | {"name": "Haus am See"}))
    assert answer.status_code == 409
    assert "inzwischen geändert" in answer.text
    assert staff.post(MUSEUM, **(HOUSE | hidden_in(answer))).status_code == 303


def test_whose_form_was_made_up_is_told_what_it_says(staff: SignedInBrowser) -> None:
    """A fact that nobody knows is shown by its name, and as text."""
    answer = staff.post(MUSEUM, **HOUSE, version="7", was='{"<b>": "1"}')
    assert answer.status_code == 409
    assert "&lt;b&gt;: 1 → leer" in answer.text


def test_it_is_taken_back(staff: SignedInBrowser, parts: Parts) -> None:
    """To what the settings file says."""
    send(staff, MUSEUM, **HOUSE)
    send(staff, MUSEUM, "/back")
    assert parts.house.fresh().museum == parts.house.museum


def test_an_editor_reads_it(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """Without a form."""
    editor = as_role(Role.EDITOR)
    text = editor.client.get(MUSEUM).text
    assert "Museumsplatz 1, 00000 Erlenbach" in text
    assert "ohne Grenze" in text
    assert 'name="capacity"' not in text
    assert editor.post(MUSEUM, **HOUSE).status_code == 403
