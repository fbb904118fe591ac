"""Settings on the site: seen by some, changed by fewer, never overwritten unseen."""

import re
from collections.abc import Callable
from datetime import date, time

import pytest

from tests.fakes import FrozenClock
from tests.web.conftest import Headers, SignedInBrowser
from tests.web.setting import hidden, hidden_in, now, send, text_of
from ticketing.domain.accounts import Role
from ticketing.domain.audit import Action, Wanted
from ticketing.domain.opening import Hours, opening_on
from ticketing.service import audit, settings
from ticketing.service.ports import House
from ticketing.service.settings import Part
from ticketing.store.unit import Store
from ticketing.web.parts import Parts

OPENING = "/staff/settings/opening"
WEEK = {
    f"{day}_{end}": ""
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    for end in ("from", "to")
} | {"last_admission_min": "30"}


@pytest.fixture(name="editor")
def _editor(as_role: Callable[[Role], SignedInBrowser]) -> SignedInBrowser:
    return as_role(Role.EDITOR)


def hours_on(parts: Parts, day: date) -> Hours | None:
    """The hours that hold."""
    return opening_on(parts.house.fresh().museum.hours, day)


def test_the_overview_says_how_it_stands(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """Today's hours and the next days that are not as usual; the auditor only looks."""
    text = text_of(as_role(Role.AUDITOR).client.get("/staff/settings"))
    for words in ("Heute geöffnet: 10:00-18:00, letzter Einlass 17:15", "24.12.", "Ansehen"):
        assert words in text
    assert "Ändern" not in text
    assert as_role(Role.DESK).client.get("/staff/settings").status_code == 403


def test_the_auditor_has_no_button(as_role: Callable[[Role], SignedInBrowser]) -> None:
    """And reads the same hours."""
    text = as_role(Role.AUDITOR).client.get(OPENING).text
    assert "<span>Donnerstag</span><b>10:00\N{EN DASH}20:00</b>" in text
    assert "<span>Montag</span><b>geschlossen</b>" in text
    main = text.split("<main", 1)[1]
    assert "<button" not in main
    assert "<input" not in main


def test_the_week_ahead_is_shown(
    as_role: Callable[[Role], SignedInBrowser], clock: FrozenClock
) -> None:
    """Seven days from today, what is not as usual is marked."""
    clock.tick(days=77)
    text = as_role(Role.EDITOR).client.get(OPENING).text
    assert text.count('<p class="small">anders als sonst</p>') == 2
    assert "Karfreitag" in text
    assert "als Nächstes Fr 26. März 2027" in text


def test_the_week_is_set(editor: SignedInBrowser, parts: Parts) -> None:
    """Days without times are closed; exceptions stay; it holds at once."""
    answer = send(editor, OPENING, **(WEEK | {"tue_from": "09:00", "tue_to": "17:30"}))
    assert answer.headers["Location"] == OPENING
    assert hours_on(parts, date(2026, 10, 6)) == Hours(time(9), time(17, 30))
    assert hours_on(parts, date(2026, 10, 7)) is None
    assert hours_on(parts, date(2026, 12, 26)) == Hours(time(10), time(18))
    assert parts.house.fresh().museum.hours.last_admission_min == 30
    text = editor.client.get(OPENING).text
    assert "Die Öffnungszeiten sind gespeichert." in text
    assert "Zuletzt geändert: 14:00" in text


def test_it_holds_where_visitors_and_stations_look(
    editor: SignedInBrowser, station: Headers
) -> None:
    """On the chat's page, and in the calendar that stations are told."""
    send(editor, OPENING, **(WEEK | {"sun_from": "08:15", "sun_to": "22:45"}))
    assert "08:15 bis 22:45" in editor.client.get("/chat").text
    told = editor.client.get("/api/v1/station/knowledge", headers=station).json
    assert told is not None
    assert told["settings"]["calendar"][0]["opens"] == "08:15"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mon_from": "10:00"}, "Hier fehlt etwas."),
        ({"mon_from": "früh", "mon_to": "18:00"}, "Eine Uhrzeit wie 14:30."),
        ({"mon_from": "18:00", "mon_to": "10:00"}, "Schließt, bevor geöffnet ist."),
        ({"mon_from": "10:00", "mon_to": "10:20"}, "Kürzer geöffnet, als"),
        ({"last_admission_min": "241"}, "Eine ganze Zahl von 0 bis 240."),
        ({"last_admission_min": ""}, "Hier fehlt etwas."),
    ],
)
def test_a_wrong_week_is_told_beside_its_field(
    editor: SignedInBrowser, parts: Parts, fields: dict[str, str], words: str
) -> None:
    """Nothing is stored, nothing typed is lost."""
    answer = send(editor, OPENING, **(WEEK | {"sat_from": "11:11", "sat_to": "12:12"} | fields))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="11:11"' in answer.text
    assert now(parts, Part.OPENING).version == 0


def test_the_first_field_found_wrong_has_the_focus(editor: SignedInBrowser) -> None:
    """It may stand far below the top of the page; no other takes it away."""
    wrong = {"tue_from": "früh", "tue_to": "10:00", "last_admission_min": "241"}
    week = send(editor, OPENING, **(WEEK | wrong)).text
    yearly = send(editor, OPENING, "/exceptions/yearly", day="32", month="13").text
    for text, name in ((week, "tue_from"), (yearly, "day")):
        [field] = re.findall(r"<(?:input|select)[^>]* autofocus[^>]*>", text)
        assert f'name="{name}"' in field


def test_an_exception_that_the_last_admission_breaks_is_its_fault(editor: SignedInBrowser) -> None:
    """Told beside the minutes: the exception is in another form."""
    fields = {"first": "2026-10-10", "dates_from": "10:00", "dates_to": "11:00"}
    send(editor, OPENING, "/exceptions/dates", **fields)
    answer = send(editor, OPENING, **(WEEK | {"last_admission_min": "90"}))
    assert answer.status_code == 422
    assert re.search(r'id="wrong-last_admission_min">Kürzer geöffnet', answer.text)


@pytest.mark.parametrize(
    ("kind", "fields", "day"),
    [
        ("dates", {"first": "2026-10-10"}, date(2026, 10, 10)),
        ("dates", {"first": "2026-10-09", "last": "2026-10-11"}, date(2026, 10, 11)),
        ("yearly", {"day": "10", "month": "10"}, date(2027, 10, 10)),
        ("yearly", {"day": "29", "month": "2"}, date(2028, 2, 29)),
        ("easter", {"after": "0"}, date(2027, 3, 28)),
    ],
)
def test_an_exception_is_entered_and_removed(
    editor: SignedInBrowser, parts: Parts, kind: str, fields: dict[str, str], day: date
) -> None:
    """Open for an hour, or closed without times; entered again it is replaced."""
    usual = hours_on(parts, day)
    times = {f"{kind}_from": "12:00", f"{kind}_to": "13:00"}
    address = f"/exceptions/{kind}"
    assert send(editor, OPENING, address, **fields, **times).status_code == 303
    assert hours_on(parts, day) == Hours(time(12), time(13))
    send(editor, OPENING, address, **fields)
    assert hours_on(parts, day) is None
    facts = now(parts, Part.OPENING).facts
    entered = [fact for fact, hours in facts.items() if hours == "closed" and "." in fact]
    for fact in entered:
        assert send(editor, OPENING, "/remove", fact=fact).status_code == 303
    assert hours_on(parts, day) == usual


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("dates", {"first": ""}, "Hier fehlt etwas."),
        ("dates", {"first": "1999-01-01"}, "Ein Datum wie 04.10.2026."),
        ("dates", {"first": "2026-10-10", "last": "2026-10-09"}, "Nicht vor dem ersten Tag"),
        ("dates", {"first": "2026-10-10", "last": "2026-12-24"}, "höchstens 62 Tage"),
        ("dates", {"first": "2026-10-10", "dates_from": "10:00"}, "Hier fehlt etwas."),
        (
            "dates",
            {"first": "2026-10-10", "dates_from": "10:00", "dates_to": "09:00"},
            "Schließt, bevor geöffnet ist.",
        ),
        ("yearly", {"day": "31", "month": "2"}, "Diesen Tag gibt es in dem Monat nicht."),
        ("yearly", {"day": "32", "month": "1"}, "Eine ganze Zahl von 1 bis 31."),
        ("yearly", {"day": "1", "month": "13"}, "eine Angabe stimmt nicht"),
        ("easter", {"after": "soon"}, "Bitte etwas aus der Liste wählen."),
        ("sometimes", {"first": "2026-10-10"}, "Öffnungszeiten"),
    ],
)
def test_a_wrong_exception_is_told(
    editor: SignedInBrowser, parts: Parts, kind: str, fields: dict[str, str], words: str
) -> None:
    """Beside its field, in its own form."""
    answer = send(editor, OPENING, f"/exceptions/{kind}", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert now(parts, Part.OPENING).version == 0


def test_no_day_of_the_week_can_be_removed(editor: SignedInBrowser, parts: Parts) -> None:
    """Whatever is sent."""
    for fact in ("tue", "last_admission_min", "", "dates.2030-01-01"):
        assert send(editor, OPENING, "/remove", fact=fact).status_code == 303
    assert now(parts, Part.OPENING).version == 0


def test_more_exceptions_than_a_house_can_keep_are_refused(editor: SignedInBrowser) -> None:
    """Sixty-two days at once, six times; the seventh time is too much."""
    days = [{"first": f"{year}-03-01", "last": f"{year}-05-01"} for year in range(2027, 2034)]
    answers = [send(editor, OPENING, "/exceptions/dates", **one) for one in days]
    assert [answer.status_code for answer in answers] == [303] * 6 + [422]
    assert "Das sind zu viele auf einmal." in answers[-1].text


def test_the_second_of_two_sees_what_the_first_changed(
    editor: SignedInBrowser, parts: Parts
) -> None:
    """In words; what was typed stays, and saving once more is a decision."""
    opened = hidden(editor, OPENING)
    send(editor, OPENING, **(WEEK | {"tue_from": "09:00", "tue_to": "17:30"}))
    send(editor, OPENING, "/exceptions/easter", after="60")
    mine = WEEK | {"tue_from": "11:00", "tue_to": "12:00"}
    answer = editor.post(OPENING, **(opened | mine))
    assert answer.status_code == 409
    for words in (
        "Dienstag: 10:00-18:00 → 09:00-17:30",
        "Mittwoch: 10:00-18:00 → geschlossen",
        "Letzter Einlass, Minuten vor Schluss: 45 → 30",
        "Fronleichnam: wie sonst → geschlossen",
        'value="11:00"',
    ):
        assert words in text_of(answer)
    assert hours_on(parts, date(2026, 10, 6)) == Hours(time(9), time(17, 30))
    again = editor.post(OPENING, **(hidden_in(answer) | mine))
    assert again.status_code == 303
    assert hours_on(parts, date(2026, 10, 6)) == Hours(time(11), time(12))


@pytest.mark.parametrize("was", ["", "[]", "{", '{"moon": "1", "dates.x": "y", "easter.": ""}'])
@pytest.mark.parametrize("version", ["", "-1", "x", "9" * 40, "٣"])
def test_a_form_that_somebody_made_up_overwrites_nothing(
    editor: SignedInBrowser, parts: Parts, version: str, was: str
) -> None:
    """No version, no change; the page answers as ever."""
    for path in (OPENING, f"{OPENING}/remove", f"{OPENING}/exceptions/easter"):
        fields = WEEK | {"fact": "easter.1", "after": "60"}
        answer = editor.post(path, **fields, version=version, was=was)
        assert answer.status_code == 409
    assert now(parts, Part.OPENING).version == 0


def test_the_last_change_is_taken_back(editor: SignedInBrowser, parts: Parts) -> None:
    """One button; a second person's change meanwhile is not touched by it."""
    assert "zurücknehmen" not in editor.client.get(OPENING).text
    send(editor, OPENING, **WEEK)
    assert "Letzte Änderung zurücknehmen" in editor.client.get(OPENING).text
    assert send(editor, OPENING, "/back").status_code == 303
    assert "Die letzte Änderung ist zurückgenommen." in editor.client.get(OPENING).text
    assert hours_on(parts, date(2026, 10, 6)) == Hours(time(10), time(18))
    editor.post(f"{OPENING}/back", version="1")
    assert "Inzwischen wurde wieder etwas geändert" in editor.client.get(OPENING).text
    assert now(parts, Part.OPENING).version == 2


def test_the_audit_tells_who_changed_what(
    editor: SignedInBrowser, store: Store, house: House
) -> None:
    """Before and after, of what differs."""
    del house
    send(editor, OPENING, "/exceptions/dates", first="2026-10-10")
    with store.unit() as unit:
        [line] = audit.page(unit, wanted=Wanted(action=Action.SETTINGS_CHANGED)).items
    assert line.object.id == "opening"
    assert line.after == {"dates.2026-10-10": "closed"}
    assert line.before == {"dates.2026-10-10": None}


def test_days_far_from_easter_are_told_by_their_number(
    editor: SignedInBrowser, parts: Parts
) -> None:
    """The settings file may name any; single days that are over stand last."""
    facts = {"easter.5": "closed", "dates.2026-01-02": "closed", "dates.2026-12-01": "closed"}
    with parts.store.unit() as unit:
        settings.change(unit, parts.house, part=Part.OPENING, facts=facts, version=0)
    text = editor.client.get(OPENING).text
    assert text.index("Di 1. Dez. 2026") < text.index("5 Tage nach Ostersonntag")
    assert text.index("5 Tage nach Ostersonntag") < text.index("Fr 2. Jan. 2026")
    assert "vorbei" in text
    assert "Heute geschlossen" in text


def test_english_pages_say_the_same(editor: SignedInBrowser) -> None:
    """A house in its other language."""
    editor.post("/staff/language", lang="en")
    text = text_of(editor.client.get(OPENING))
    for words in (
        "Open today: 10:00-18:00, last admission 17:15",
        "Good Friday",
        "every 24 December",
    ):
        assert words in text
