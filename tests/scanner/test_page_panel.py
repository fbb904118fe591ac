"""The panel in words: what staff read for each outcome, in both languages."""

import json
import string
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scanner.events import LinkState
from scanner.panel import Panel, Place, offer_name, panel_of
from scanner.presentation import Eye, Facts, House, camera_name, page_state
from scanner.screen import Alert, Face, Result, Screen
from scanner.wording import NARROW, both, words_in
from tests.scanner.station_kit import BERLIN, NOON, a_view
from ticketing.templates_path import templates_dir
from ticketing.wire.facts import Evidence
from ticketing.wire.keys import KeyId
from ticketing.wire.station_api import CodeOffer, CodeView, FirstUse
from ticketing.wire.texts import Localised
from ticketing.wire.token import Claims, Flag, TicketId
from ticketing.wire.verdict import Basis, Direction, Reason, Verdict

SOUTH = Localised("Eingang Süd", "South entrance")
NORTH = Localised("Eingang Nord", "North entrance")
PLACE = Place(
    gate="sued",
    gate_name=SOUTH,
    zone=BERLIN,
    now=NOON,
    offers={7: Localised("Tageskarte", "Day ticket")},
    unsent=7,
    known_at=NOON - timedelta(minutes=11),
    inside=142,
)
HOUSE = House("Stadtmuseum Erlenbach", "sued", SOUTH, BERLIN)


def claims(**changes: Any) -> Claims:
    """What a plain barcode says."""
    plain: dict[str, Any] = {
        "key_id": KeyId(1),
        "ticket_id": TicketId(bytes(15)),
        "issue": 0,
        "offer": 7,
        "not_before": NOON.replace(hour=0),
        "not_after": NOON.replace(hour=16, minute=0),
        "entries": 1,
        "party": 1,
        "flags": Flag(0),
    }
    return Claims(**(plain | changes))


def shown(
    verdict: Verdict = Verdict.ADMIT,
    reason: Reason = Reason.OK,
    *,
    screen: dict[str, Any] | None = None,
    **result: Any,
) -> Screen:
    """A verdict on the screen; with a ticket unless said otherwise."""
    plain: dict[str, Any] = {"basis": Basis.ONLINE, "ticket": a_view(), "people": 1}
    made = Result(verdict=verdict, reason=reason, **(plain | {"remaining_uses": 0} | result))
    return Screen(face=Face.VERDICT, at=NOON, result=made, **(screen or {}))


def panel(screen: Screen, lang: str = "de", place: Place = PLACE) -> Panel:
    """Its panel."""
    return panel_of(screen, place, words_in(lang))


def facts_of(made: Panel) -> dict[str, str]:
    """Names to values."""
    return {fact.name: fact.value for fact in made.facts}


def test_an_admit_shows_who_and_what_and_no_reason() -> None:
    """The plain case."""
    made = panel(shown())
    assert (made.word, made.reason, made.who) == ("Einlass", "", "Jördis Kowalewski")
    assert made.what == "Tageskarte · 1 Person"
    assert facts_of(made) == {"Noch offen": "keine", "Gültig": "heute", "Code": "E7K4-QXC3"}
    assert made.role == "alert"


@pytest.mark.parametrize(
    ("left", "de", "en"),
    [(None, "beliebig oft", "any number"), (1, "1 Eintritt", "1"), (3, "3 Eintritte", "3")],
)
def test_entries_left_are_told(left: int | None, de: str, en: str) -> None:
    """None is without a limit."""
    assert facts_of(panel(shown(remaining_uses=left)))["Noch offen"] == de
    assert facts_of(panel(shown(remaining_uses=left), "en"))["Entries left"] == en


@pytest.mark.parametrize(
    ("hours", "de", "en"),
    [
        (2, "heute bis 16:42", "today until 16:42"),
        (24 * 178, "bis Mi 31. März 2027", "until Wed 31 Mar 2027"),
    ],
)
def test_validity_is_told_in_local_time(hours: int, de: str, en: str) -> None:
    """Today with the hour, later with the date."""
    screen = shown(ticket=a_view(valid_until=NOON + timedelta(hours=hours)))
    assert facts_of(panel(screen))["Gültig"] == de
    assert facts_of(panel(screen, "en"))["Valid"] == en


def test_a_group_is_counted_in_figures() -> None:
    """Three of five are in, two may still come."""
    made = panel(shown(people=3, remaining_people=2, ticket=a_view(party=5)))
    assert (made.reason, made.figures) == ("3 von 5 Personen", (3, 5))
    assert made.what == "Tageskarte · 2 dürfen noch kommen"
    last = panel(shown(people=1, remaining_people=1, ticket=a_view(party=5)), "en")
    assert last.reason == "1 person more: 4 of 5"
    assert last.what == "Day ticket · 1 may still come"
    crowd = panel(shown(people=40, ticket=a_view(party=40)))
    assert (crowd.reason, crowd.figures) == ("40 von 40 Personen", None)


def test_a_refusal_says_what_when_where_and_what_to_do() -> None:
    """The other gate's name comes with the answer."""
    screen = shown(
        Verdict.REFUSE,
        Reason.ALREADY_USED,
        evidence=Evidence(at=NOON.replace(hour=8, minute=31), gate="nord"),
        first_use=FirstUse(NOON.replace(hour=8, minute=31), "nord", NORTH),
        people=0,
    )
    made = panel(screen)
    assert made.reason == "Um 10:31 an Eingang Nord benutzt"
    assert "North entrance" in panel(screen, "en").reason
    assert facts_of(made)["Eintritte"] == "1 von 1 verbraucht"
    assert made.next


def test_offline_the_own_gate_has_a_name_and_others_none() -> None:
    """A station knows one gate."""
    here = Evidence(at=NOON, gate="sued")
    there = Evidence(at=NOON, gate="ost")
    refused = (Verdict.REFUSE, Reason.ALREADY_USED)
    offline: dict[str, Any] = {"basis": Basis.OFFLINE, "ticket": None}
    own = shown(*refused, evidence=here, screen={"claims": claims()}, **offline)
    other = shown(*refused, evidence=there, screen={"claims": claims()}, **offline)
    assert panel(own).reason == "Um 14:42 an Eingang Süd benutzt"
    assert "Eingang" not in panel(other).reason


def test_a_code_without_claims_or_ticket_has_no_facts() -> None:
    """An unknown code: nothing is known of it."""
    made = panel(shown(Verdict.REFUSE, Reason.UNKNOWN_CODE, ticket=None, people=0))
    assert (made.what, made.facts) == ("", ())


def test_an_offline_admit_says_how_it_was_checked() -> None:
    """Offer from pairing, no name, and what is unsent."""
    screen = shown(basis=Basis.OFFLINE, ticket=None, screen={"claims": claims()})
    made = panel(screen)
    assert (made.who, made.what) == ("", "Tageskarte · 1 Person")
    assert made.next.startswith("Offline an der Signatur geprüft")
    assert facts_of(made) == {
        "Ungesendet": "7 Scans",
        "Zuletzt verbunden": "14:31",
        "Noch offen": "keine",
        "Gültig": "heute bis 18:00",
    }
    never = panel(screen, "en", Place(gate="sued", gate_name=SOUTH, zone=BERLIN, now=NOON))
    assert facts_of(never)["Last online"] == "never"
    assert never.what == "Ticket · 1 person"


def test_a_forged_ticket_shows_nothing_it_pretends() -> None:
    """Neither offer nor validity."""
    screen = shown(Verdict.REFUSE, Reason.FORGED, ticket=None, screen={"claims": claims()})
    made = panel(screen)
    assert (made.what, made.facts) == ("", ())


def test_a_check_has_keys_instead_of_facts() -> None:
    """What they do stands below them."""
    screen = shown(Verdict.ATTENTION, Reason.CHECK_PROOF, people=2, screen={"may_settle": True})
    made = panel(screen)
    assert made.facts == ()
    assert [(act.key, act.label, act.note) for act in made.acts] == [
        ("F2", "Bestätigen", "Einlass für 2 Personen"),
        ("F4", "Ablehnen", "Das Ticket bleibt unbenutzt"),
    ]


def test_a_lapsed_check_says_so() -> None:
    """No keys, one sentence."""
    screen = shown(Verdict.ATTENTION, Reason.CHECK_PROOF, screen={"has_lapsed": True})
    made = panel(screen, "en")
    assert (made.next, made.acts) == ("Five minutes are over. Scan again.", ())


@pytest.mark.parametrize(
    ("kind", "value", "de", "en"),
    [
        ("percent", 20, "20\N{NO-BREAK SPACE}% günstiger", "20% off"),
        ("amount", 250, f"2,50{NARROW}€ weniger", "€2.50 off"),
        ("price", 500, f"Preis 5,00{NARROW}€", "Price €5.00"),
        ("free", 0, "Eintritt frei", "Free entry"),
    ],
)
def test_a_discount_says_what_it_takes_off(kind: str, value: int, de: str, en: str) -> None:
    """Which code it was is not shown."""
    offer = CodeOffer("day", Localised("Tageskarte", "Day ticket"), 900, 720, "EUR")
    screen = shown(
        Verdict.DISCOUNT,
        Reason.OK_CODE,
        ticket=None,
        code=CodeView("HERBST", kind, value, (offer,)),
        screen={"may_settle": True},
    )
    made = panel(screen)
    assert (made.who, panel(screen, "en").who) == (de, en)
    assert made.next == f"Tageskarte: 7,20{NARROW}€ statt 9,00{NARROW}€."
    assert [act.label for act in made.acts] == ["Einlösen", "Nicht einlösen"]
    assert made.what == "Rabattcode"


@pytest.mark.parametrize("code", [CodeView("HERBST", "percent", 20), None])
def test_a_redeemed_discount_says_so(code: CodeView | None) -> None:
    """Also when the station settled it alone; one that lapsed was not redeemed."""
    outcome: dict[str, Any] = {"ticket": None, "code": code}
    settled = shown(Verdict.DISCOUNT, Reason.OK_CODE, **outcome)
    assert (panel(settled).what, panel(settled, "en").what) == (
        "Rabattcode · eingelöst",
        "Discount code · redeemed",
    )
    lapsed = shown(Verdict.DISCOUNT, Reason.OK_CODE, **outcome, screen={"has_lapsed": True})
    assert panel(lapsed).what == "Rabattcode"


def test_a_discount_without_offers_and_another_currency() -> None:
    """Francs keep their letters."""
    assert words_in("en").money(720, "CHF") == "CHF7.20"
    code = CodeView("HERBST", "amount", 100)
    assert panel(shown(Verdict.DISCOUNT, Reason.OK_CODE, ticket=None, code=code)).next == ""


def test_an_exit_shows_who_leaves_and_how_many_stay() -> None:
    """No reason; the number of people inside, if it is known."""
    made = panel(shown(Verdict.EXIT, Reason.OK_EXIT))
    assert (made.word, made.size, made.reason) == ("Ausgang", "wide", "")
    assert facts_of(made) == {"Im Haus": "142"}
    unknown = Place(gate="sued", gate_name=SOUTH, zone=BERLIN, now=NOON)
    assert panel(shown(Verdict.EXIT, Reason.OK_EXIT), place=unknown).facts == ()


@pytest.mark.parametrize(
    ("reason", "word"),
    [(Reason.OK_REENTRY, "Wiedereintritt"), (Reason.OK_OVERRIDE, "mit Freigabe")],
)
def test_a_special_admit_is_named_beside_the_offer(reason: Reason, word: str) -> None:
    """An admit shows no reason, but staff see what kind it is."""
    assert panel(shown(reason=reason)).what == f"Tageskarte · 1 Person · {word}"


@pytest.mark.parametrize(
    ("hint", "de"),
    [("web", "Dieser Code ist eine Web-Adresse"), ("", "Dieser Text ist kein Ticket")],
)
def test_a_foreign_text_gets_a_calm_hint(hint: str, de: str) -> None:
    """Status, not alert; no verdict colour."""
    made = panel(Screen(face=Face.FOREIGN, hint=hint))
    assert (made.reason, made.role, made.verdict) == (de, "status", "")


def test_waiting_says_what_for() -> None:
    """Two seconds at most."""
    assert panel(Screen(face=Face.WAITING)).reason == "Der Dienst wird gefragt"


def test_the_amber_line_says_when_and_why() -> None:
    """A late refusal behind an admit."""
    made = panel(shown(screen={"alert": Alert(Reason.REVOKED, NOON)}), "en")
    assert made.alert.startswith("Admitted at 14:42; the service reports afterwards: ")


def test_a_group_shows_the_keys_that_change_its_number() -> None:
    """As long as nothing else is on the screen; other admits have none."""
    made = panel(shown(ticket=a_view(party=5), people=3, screen={"may_change": True}))
    keys = [fact.keys for fact in made.facts if fact.name == "Anzahl ändern"]
    assert keys == [("↑", "↓")]
    assert "Anzahl ändern" not in facts_of(panel(shown()))


def test_an_offline_group_fits_into_one_row() -> None:
    """What the bar says too gives way to the keys."""
    screen = shown(basis=Basis.OFFLINE, people=3, screen={"may_change": True})
    assert "Zuletzt verbunden" not in facts_of(panel(screen))


@pytest.mark.parametrize(
    ("verdict", "reason", "de", "en"),
    [
        (
            *(Verdict.ADMIT, Reason.OK),
            "Der Einlass von 14:42 ist aufgehoben",
            "The admission at 14:42 is annulled",
        ),
        (
            *(Verdict.EXIT, Reason.OK_EXIT),
            "Der Ausgang von 14:42 ist aufgehoben",
            "The exit at 14:42 is annulled",
        ),
    ],
)
def test_an_annul_is_said_plainly(verdict: Verdict, reason: Reason, de: str, en: str) -> None:
    """What, and of when; no name, no keys, no facts."""
    screen = replace(shown(verdict, reason, people=2), face=Face.ANNULLED)
    made = panel(screen)
    assert (made.word, made.reason, made.what) == ("Aufgehoben", de, "Tageskarte · 2 Personen")
    assert (made.who, made.acts, made.facts, made.verdict) == ("", (), (), "")
    assert panel(screen, "en").reason == en


@pytest.mark.parametrize(
    ("hint", "en", "who"),
    [
        ("none", "There is nothing to annul at this station", ""),
        ("old", "The last admission is more than 15 minutes ago", "office"),
        ("later", "The ticket has been used again since", "office"),
        ("refused", "The service does not annul this scan", ""),
    ],
)
def test_why_nothing_is_annulled_is_told(hint: str, en: str, who: str) -> None:
    """And who can still do it, if anybody can."""
    made = panel(Screen(face=Face.NOTICE, hint=hint), "en")
    assert (made.word, made.reason) == ("Nothing annulled", en)
    assert who in made.next
    assert bool(made.next) is bool(who)


def test_without_a_result_there_is_no_offer() -> None:
    """A ready screen names nothing."""
    assert offer_name(Screen(), PLACE, words_in("de")) == ""


# ---------------------------------------------------------------- the page's state


def state(facts: Facts) -> dict[str, Any]:
    """As the page gets it."""
    made: dict[str, Any] = json.loads(json.dumps(page_state(facts, HOUSE, NOON)))
    return made


@pytest.mark.parametrize(
    ("facts", "de", "kind"),
    [
        (Facts(), "Verbindung wird geprüft", "idle"),
        (Facts(link=LinkState.UP), "Verbunden · nichts offen", "up"),
        (Facts(link=LinkState.UP, unsent=2), "Verbunden · 2 ungesendet", "up"),
        (Facts(link=LinkState.DOWN, offline_at=NOON), "Offline seit 14:42 · 0 ungesendet", "down"),
        (Facts(link=LinkState.REVOKED), "Station abgemeldet: neu koppeln", "down"),
    ],
)
def test_the_line_is_told_in_words(facts: Facts, de: str, kind: str) -> None:
    """Offline is a state of the line, not a verdict."""
    made = state(facts)
    assert (made["words"]["de"]["link"], made["link"]) == (de, kind)


@pytest.mark.parametrize(
    ("old", "de", "en", "kind"),
    [
        (timedelta(0), "Stand 14:42", "Data as of 14:42", ""),
        (timedelta(minutes=10), "Stand 14:32", "Data as of 14:32", ""),
        (timedelta(minutes=11), "Stand 11 min alt", "Data 11 min old", "old"),
        (timedelta(hours=3), "Stand 3 Std. alt", "Data 3 h old", "old"),
        (timedelta(hours=25), "Stand 25 Std. alt", "Data 25 h old", "stale"),
        (timedelta(days=4), "Stand 4 Tage alt", "Data 4 days old", "stale"),
    ],
)
def test_the_age_of_what_is_known_is_on_the_page(
    old: timedelta, de: str, en: str, kind: str
) -> None:
    """Amber above ten minutes, red above a day."""
    words = state(Facts(link=LinkState.DOWN, synced_at=NOON - old))["words"]
    assert (words["de"]["knowledge"], words["en"]["knowledge"]) == (de, en)
    assert words["de"]["knowledge_age"] == kind


def test_a_station_that_never_learned_anything_says_so() -> None:
    """As soon as it knows whether there is a line."""
    said = state(Facts(link=LinkState.UP))["words"]["en"]
    assert (said["knowledge"], said["knowledge_age"]) == ("No data yet", "old")
    before = state(Facts())["words"]["en"]
    assert (before["knowledge"], before["knowledge_age"]) == ("", "")


def test_people_counted_by_hand_are_beside_those_inside() -> None:
    """More and fewer; nothing where nobody was counted."""
    assert state(Facts(counted=3))["words"]["de"]["counted"] == "+3 von Hand"
    assert state(Facts(counted=-2))["words"]["en"]["counted"] == "\N{MINUS SIGN}2 by hand"
    assert state(Facts())["words"]["de"]["counted"] == ""


def test_entries_the_service_would_not_have_raise_an_alarm() -> None:
    """Somebody has to look; one and several."""
    said = [state(Facts(alarms=n))["words"]["de"]["alarm"] for n in (0, 1, 2)]
    assert said == [
        "",
        "1 Eintrag abgelehnt: Büro verständigen",
        "2 Einträge abgelehnt: Büro verständigen",
    ]


def test_a_signed_off_station_offers_no_other_number() -> None:
    """Its keys do nothing any more."""
    screen = shown(screen={"may_change": True})
    assert state(Facts(screen=screen, link=LinkState.UP))["may_change"]
    assert not state(Facts(screen=screen, link=LinkState.REVOKED))["may_change"]


def test_what_was_taken_back_stays_in_the_list_as_that() -> None:
    """Nobody wonders where the scan has gone."""
    annulled = replace(shown(), face=Face.ANNULLED)
    nameless = replace(shown(ticket=None), face=Face.ANNULLED)
    rows = state(Facts(recent=(annulled, nameless)))["words"]["de"]["recent"]
    assert [(row["word"], row["what"]) for row in rows] == [
        ("Aufgehoben", "Tageskarte"),
        ("Aufgehoben", "Ticket"),
    ]


def test_recent_scans_say_verdict_offer_and_time() -> None:
    """A refusal with its reason, a group with its number."""
    used = shown(Verdict.REFUSE, Reason.ALREADY_USED)
    group = shown(people=4)
    code = shown(Verdict.DISCOUNT, Reason.OK_CODE, ticket=None, code=CodeView("H", "free", 0))
    rows = state(Facts(recent=(used, group, code)))["words"]["de"]["recent"]
    assert [row["word"] for row in rows] == ["Stopp", "Einlass", "Rabatt"]
    assert rows[0]["what"] == "Tageskarte: Schon benutzt"
    assert [row["what"] for row in rows[1:]] == ["Tageskarte, 4 Personen", "Rabattcode"]
    assert rows[0]["time"] == "14:42"


@pytest.mark.parametrize("reason", [Reason.UNKNOWN_CODE, Reason.CODE_USED_UP, Reason.DECLINED])
def test_a_code_that_is_refused_is_not_called_a_ticket(reason: Reason) -> None:
    """Where nothing tells what it was, the reason stands alone."""
    screen = replace(shown(Verdict.REFUSE, reason, ticket=None), claims=None)
    words = state(Facts(recent=(screen,)))["words"]
    assert "Ticket" not in words["de"]["recent"][0]["what"]
    assert "icket" not in words["en"]["recent"][0]["what"]
    assert len(words["de"]["recent"][0]["what"]) > 5


def test_an_unfinished_screen_makes_an_empty_row() -> None:
    """Never a fault on the page."""
    rows = state(Facts(recent=(Screen(),)))["words"]["de"]["recent"]
    assert rows[0]["what"] == ""


def test_the_state_tells_exit_mode_and_camera() -> None:
    """In the bar and the viewfinder."""
    eye = Eye("webcam 0", ended=True)
    made = state(Facts(screen=Screen(direction=Direction.EXIT), eye=eye))
    assert made["words"]["de"]["gate"] == "Eingang Süd · Ausgang"
    assert (made["picture"], made["words"]["de"]["chip"]) == ("ended", "Live · Kamera 1")


@pytest.mark.parametrize(
    ("name", "shown_as"),
    [("webcam 2", "Kamera 3"), ("ticket.png", "Aufnahme"), ("address a:1", "Netzkamera")],
)
def test_cameras_are_counted_as_people_do(name: str, shown_as: str) -> None:
    """File names and addresses are not shown."""
    assert camera_name(name, words_in("de")) == shown_as


# ---------------------------------------------------------------- wording


def test_both_languages_say_the_same_things() -> None:
    """Equal keys, equal placeholders, nothing empty."""
    german, english = both()
    assert german.by_key.keys() == english.by_key.keys()

    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    different = [
        key for key in german.by_key if gaps(german.by_key[key]) != gaps(english.by_key[key])
    ]
    assert different == []
    assert all(text.strip() for words in both() for text in words.by_key.values())


def test_every_word_of_the_page_is_used() -> None:
    """Words nobody says are taken out again."""
    sources = [*templates_dir().glob("station.html"), *templates_dir().glob("static/station*.js")]
    sources += list((templates_dir().parent / "scanner").rglob("*.py"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    endings = (".one", ".some")
    built = (
        "foreign.",
        "camera.step",
        "act.",
        "code.",
        "ready.",
        "waiting.",
        "fact.",
        "trouble.",
        "revoked.",
        "annulled.",
        "notice.",
        "cap.",
        "knowledge",
        "state.",
    )
    unused = [
        key
        for key in words_in("de").by_key
        if f'"{key.removesuffix(endings[0]).removesuffix(endings[1])}"' not in code
        and f'"{key}"' not in code
        and f"[{key!r}]" not in code
        and not key.startswith(built)
        and f".{key}" not in code
    ]
    assert unused == []
