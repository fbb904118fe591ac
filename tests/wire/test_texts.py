"""The catalogue of texts: complete, speakable, right in time and place."""

import json
from datetime import UTC, date, datetime
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire import strategies as any_
from tests.wire.cases import BERLIN, local
from ticketing.wire.admission import Evidence
from ticketing.wire.texts import (
    LANGUAGES,
    PLACEHOLDERS,
    Localised,
    local_date,
    local_time,
    placeholders,
    render,
    verdict_word,
)
from ticketing.wire.verdict import Reason, Verdict

_NOW = local("14:42")
_TEXTS = json.loads(resources.files("ticketing.wire").joinpath("texts.json").read_text("utf-8"))
_WORDINGS = [
    (reason, lang, line, wording)
    for reason, by_lang in _TEXTS["reasons"].items()
    for lang, lines in by_lang.items()
    for line, wordings in lines.items()
    for wording in wordings
]


def test_every_reason_has_both_languages() -> None:
    """The catalogue is total over Reason and Verdict, and has nothing else."""
    assert set(_TEXTS["reasons"]) == set(Reason)
    assert all(set(by_lang) == set(LANGUAGES) for by_lang in _TEXTS["reasons"].values())
    assert {lang: set(words) for lang, words in _TEXTS["verdicts"].items()} == {
        lang: set(Verdict) for lang in LANGUAGES
    }


def test_every_placeholder_is_known() -> None:
    """No text names a fact that nobody fills in."""
    named = frozenset().union(*(placeholders(wording) for *_, wording in _WORDINGS))
    assert named == PLACEHOLDERS


def test_the_last_wording_needs_no_facts() -> None:
    """Whatever is missing, there is something to say; fuller wordings come first."""
    for by_lang in _TEXTS["reasons"].values():
        for lines in by_lang.values():
            for wordings in lines.values():
                counts = [len(placeholders(wording)) for wording in wordings]
                assert counts[-1] == 0
                assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("reason", Reason)
def test_both_languages_know_the_same_facts(reason: Reason) -> None:
    """A fact told in one language is told in the other."""
    german, english = (
        [placeholders(one) for lines in _TEXTS["reasons"][reason][lang].values() for one in lines]
        for lang in LANGUAGES
    )
    assert german == english


def test_staff_are_addressed_neutrally() -> None:
    """Neither du nor Sie, no exclamation marks, a next step that is a sentence."""
    for _, lang, line, wording in _WORDINGS:
        words = set(wording.replace(".", " ").replace(",", " ").split())
        assert "!" not in wording
        assert lang != "de" or not words & {"du", "dein", "dich", "Sie", "Ihr", "Ihnen"}
        assert line != "next" or wording.endswith(".")


@given(
    reason=st.sampled_from(Reason),
    lang=st.sampled_from(["de", "en", "fr", ""]),
    evidence=st.builds(
        Evidence,
        at=st.none() | any_.times,
        gate=st.none() | any_.gate_ids,
        until=st.none() | any_.times,
        detail=st.sampled_from(["", "typo", "43", "-240", "9" * 30]) | st.text(),
    ),
    zone=any_.zones,
    now=any_.times,
    gate_name=st.sampled_from(["", "Eingang Nord", "{when}"]),
)
def test_something_is_always_said(
    reason: Reason, lang: str, evidence: Evidence, zone: ZoneInfo, now: datetime, gate_name: str
) -> None:
    """Rendering is total, to the ends of the calendar, and leaves no placeholder."""
    said = render(reason, lang, evidence, zone, now, gate_name)
    assert said.title
    assert said.next
    assert gate_name == "{when}" or "{" not in said.title + said.next


@pytest.mark.parametrize(
    ("reason", "evidence", "gate_name", "german", "english"),
    [
        (
            Reason.ALREADY_USED,
            Evidence(at=local("10:31")),
            "Eingang Nord",
            "Um 10:31 an Eingang Nord benutzt",
            "Used at 10:31 at Eingang Nord",
        ),
        (
            Reason.ALREADY_USED,
            Evidence(at=local("2026-10-03T10:31")),
            "",
            "Am Sa 3. Okt. 2026 um 10:31 benutzt",
            "Used on Sat 3 Oct 2026 at 10:31",
        ),
        (Reason.ALREADY_USED, Evidence(), "Eingang Nord", "Schon benutzt", "Already used"),
        (
            Reason.NOT_YET_VALID,
            Evidence(at=local("15:00")),
            "",
            "Gilt erst ab 15:00, in 18 Minuten",
            "Not valid before 15:00, in 18 minutes",
        ),
        (
            Reason.NOT_YET_VALID,
            Evidence(at=local("14:43")),
            "",
            "Gilt erst ab 14:43, in 1 Minute",
            "Not valid before 14:43, in 1 minute",
        ),
        (
            Reason.NOT_YET_VALID,
            Evidence(at=local("18:00")),
            "",
            "Gilt erst ab 18:00",
            "Not valid before 18:00",
        ),
        (
            Reason.NOT_YET_VALID,
            Evidence(at=local("2026-10-05T00:00")),
            "",
            "Gilt erst ab Mo 5. Okt. 2026",
            "Not valid before Mon 5 Oct 2026",
        ),
        (
            Reason.NOT_YET_VALID,
            Evidence(at=local("2026-10-05T09:30")),
            "",
            "Gilt erst ab Mo 5. Okt. 2026, 09:30",
            "Not valid before Mon 5 Oct 2026, 09:30",
        ),
        (
            Reason.EXPIRED,
            Evidence(until=local("2026-10-04T00:00")),
            "",
            "Galt bis Sa 3. Okt. 2026",
            "Was valid until Sat 3 Oct 2026",
        ),
        (
            Reason.EXPIRED,
            Evidence(until=local("12:00")),
            "",
            "Galt bis 12:00",
            "Was valid until 12:00",
        ),
        (
            Reason.EXPIRED,
            Evidence(until=local("2026-10-02T12:00")),
            "",
            "Galt bis Fr 2. Okt. 2026, 12:00",
            "Was valid until Fri 2 Oct 2026, 12:00",
        ),
        (
            Reason.WRONG_SLOT,
            Evidence(at=local("15:00"), until=local("16:00")),
            "",
            "Gilt für 15:00 bis 16:00, in 18 Minuten",
            "Valid for 15:00 to 16:00, in 18 minutes",
        ),
        (
            Reason.NOT_LIVE,
            Evidence(detail="43"),
            "",
            "Anzeige ist 43\u00a0s alt",
            "Display is 43\u00a0s old",
        ),
        (
            Reason.NOT_LIVE,
            Evidence(detail="-240"),
            "",
            "Uhr des Handys geht 4\u00a0min vor",
            "The phone's clock is 4\u00a0min fast",
        ),
        (Reason.NOT_LIVE, Evidence(), "", "Kein Live-Ticket", "Not a live ticket"),
        (Reason.FULL, Evidence(detail="3"), "", "Nur noch 3 frei", "Only 3 left"),
        (Reason.FULL, Evidence(detail="0"), "", "Voll", "Full"),
        (
            Reason.WRONG_GATE,
            Evidence(detail="south"),
            "Eingang Süd",
            "Gilt an Eingang Süd",
            "Valid at Eingang Süd",
        ),
    ],
)
def test_a_refusal_says_what_when_and_where(
    reason: Reason, evidence: Evidence, gate_name: str, german: str, english: str
) -> None:
    """In local time, the date only where it is another day."""
    assert render(reason, "de", evidence, BERLIN, _NOW, gate_name).title == german
    assert render(reason, "en", evidence, BERLIN, _NOW, gate_name).title == english


def test_times_and_dates_are_the_museums() -> None:
    """UTC goes in, the museum's clock comes out; a date is taken as it is."""
    at = datetime(2026, 10, 3, 22, 30, tzinfo=UTC)
    assert local_time(at, BERLIN) == "00:30"
    assert local_date(at, BERLIN, "de") == "So 4. Okt. 2026"
    assert local_date(at, BERLIN, "en") == "Sun 4 Oct 2026"
    assert local_date(at, None, "en") == "Sat 3 Oct 2026"
    assert local_date(date(2026, 5, 1), BERLIN, "de") == "Fr 1. Mai 2026"


def test_the_ends_of_the_calendar_have_a_time() -> None:
    """Where local time would overflow, the time is told as it is."""
    assert local_time(datetime.max.replace(tzinfo=UTC), BERLIN) == "23:59"


@pytest.mark.parametrize("verdict", Verdict)
def test_the_big_word_is_one_word(verdict: Verdict) -> None:
    """Short enough for two metres, English for every other language."""
    assert len(verdict_word(verdict, "de")) <= 8
    assert verdict_word(verdict, "fr") == verdict_word(verdict, "en")


def test_the_big_words() -> None:
    """As drawn."""
    assert [verdict_word(one, "de") for one in Verdict] == [
        "Einlass",
        "Rabatt",
        "Ausgang",
        "Prüfen",
        "Stopp",
    ]


def test_a_text_in_two_languages() -> None:
    """German for German, English for all others."""
    name = Localised("Eingang", "Entrance")
    assert [name.in_(lang) for lang in ("de", "en", "fr")] == ["Eingang", "Entrance", "Entrance"]
