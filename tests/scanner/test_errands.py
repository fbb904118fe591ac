"""Search and a supervisor's word: what is asked, what is said, what is kept (nothing)."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from scanner.camera import Choice
from scanner.cameras import Cameras
from scanner.errands import MOST_SHOWN, Errands
from scanner.events import Answer, Event, Failure, ScanId, Step
from scanner.line import NoReply
from scanner.page.tools import Overruling
from scanner.presentation import House
from tests.scanner.station_kit import BERLIN, SHORT_CODE, an_answer
from ticketing.wire.messages import JsonObject
from ticketing.wire.station_api import ScanAnswer
from ticketing.wire.texts import Localised
from ticketing.wire.verdict import Reason, Verdict

SCAN = ScanId("a" * 32)
WORD = Overruling(scan_id=SCAN, by="sofia", pin="271828", why="Handy leer")
HOUSE = House("Museum", "sued", Localised("Süd", "South"), BERLIN)


def found(**changes: Any) -> JsonObject:
    """A ticket as the service lists it for a gate."""
    plain: JsonObject = {
        "holder": "Jörg Ünal",
        "offer": "day",
        "offer_name": {"de": "Tageskarte", "en": "Day ticket"},
        "party": 2,
        "state": "unpaid",
        "short_code": "E7K4-QXC3",
        "valid_from": "2026-10-04T00:00:00+02:00",
        "valid_until": "2026-10-05T00:00:00+02:00",
    }
    return plain | changes


@dataclass
class World:
    """A service that answers what it is told to, and a desk that writes down."""

    reply: Any = ()
    asked: list[Any] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    house: House = HOUSE

    def search(self, holder: str) -> tuple[JsonObject, ...] | NoReply:
        """The service."""
        self.asked.append(holder)
        return cast("tuple[JsonObject, ...] | NoReply", self.reply)

    def override(self, scan_id: ScanId, *, why: str, by: str, pin: str) -> ScanAnswer | NoReply:
        """The service."""
        self.asked.append((scan_id, why, by, pin))
        return cast("ScanAnswer | NoReply", self.reply)

    def post(self, event: Event, /) -> None:
        """The desk."""
        self.told.append(event)

    def typed(self, text: str) -> None:
        """The desk."""
        self.told.append(text)

    @property
    def errands(self) -> Errands:
        """Between the two."""
        return Errands(self, self)


def test_a_search_says_what_the_desk_needs_in_both_languages() -> None:
    """Offer, people, day, state."""
    world = World(reply=(found(),))
    (match,) = world.errands.search(" jörg   ünal ").matches
    assert world.asked == ["jörg ünal"]
    assert (match.holder, match.code) == ("Jörg Ünal", "E7K4-QXC3")
    assert match.said == {
        "de": "Tageskarte · 2 Personen · So 4. Okt. 2026 · nicht bezahlt",
        "en": "Day ticket · 2 people · Sun 4 Oct 2026 · not paid",
    }


def test_a_slot_has_its_time_and_a_year_its_end() -> None:
    """What staff compare with the calendar."""
    slot = found(valid_from="2026-10-04T15:00:00+02:00", valid_until="2026-10-04T16:00:00+02:00")
    year = found(valid_until="2027-10-04T00:00:00+02:00", offer_name=None)
    first, second = World(reply=(slot, year)).errands.search("jörg").matches
    assert "So 4. Okt. 2026, 15:00" in first.said["de"]
    assert second.said["de"].startswith("Ticket · 2 Personen · bis Mo 4. Okt. 2027")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((), "Kein Ticket auf diesen Namen"),
        ((found(party="two"),), "Kein Ticket auf diesen Namen"),
        (NoReply(Failure.UNREACHABLE), "Ohne Verbindung geht die Suche nicht"),
        (NoReply(Failure.TIMEOUT), "Ohne Verbindung geht die Suche nicht"),
        (NoReply(Failure.BUSY), "Zu viele Suchen"),
        (NoReply(Failure.REFUSED), "nimmt diese Suche nicht an"),
    ],
)
def test_a_search_in_vain_says_why(reply: object, said: str) -> None:
    """Honestly, offline too."""
    answer = World(reply=reply).errands.search("jörg")
    assert answer.matches == ()
    assert said in answer.note["de"]


def test_two_letters_are_not_asked_for() -> None:
    """The service would refuse them."""
    world = World()
    assert "drei Buchstaben" in world.errands.search("j ö").note["de"]
    assert world.asked == []


def test_a_code_scanned_into_the_search_goes_the_way_of_codes() -> None:
    """Nobody looks for a visitor called E7K4."""
    world = World()
    assert world.errands.search(SHORT_CODE).is_scanned
    assert (world.asked, world.told) == ([], [SHORT_CODE])


def test_a_long_list_is_cut_and_says_so() -> None:
    """More letters narrow it."""
    answer = World(reply=(found(),) * (MOST_SHOWN + 1)).errands.search("jörg")
    assert len(answer.matches) == MOST_SHOWN
    assert "20" in answer.note["en"]


def test_a_supervisors_word_that_holds_is_told_to_the_gate() -> None:
    """The screen says so, nothing else does."""
    answer = an_answer(SCAN, Verdict.ADMIT, Reason.OK_OVERRIDE)
    world = World(reply=answer)
    assert world.errands.override(WORD) == {}
    assert world.told == [Answer(SCAN, Step.OVERRIDE, answer)]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (NoReply(Failure.REFUSED, "wrong_pin", status=403), "Name oder PIN stimmt nicht"),
        (NoReply(Failure.REFUSED, "not_overridable"), "keine Freigabe mehr"),
        (NoReply(Failure.REFUSED, "not_found"), "nimmt diese Freigabe nicht an"),
        (NoReply(Failure.BUSY, "throttled", 61), "Noch 2 Minuten warten"),
        (NoReply(Failure.BUSY, "throttled", 59), "Noch 1 Minute warten"),
        (NoReply(Failure.BUSY), "Noch 1 Minute warten"),
        (NoReply(Failure.UNREACHABLE), "Ohne Verbindung gibt es keine Freigabe"),
        (NoReply(Failure.TIMEOUT), "Es zählt nur einmal"),
    ],
)
def test_a_word_that_does_not_hold_says_why(reply: NoReply, said: str) -> None:
    """Nobody is let in by it, and the PIN is in no message."""
    world = World(reply=reply)
    note = world.errands.override(WORD)
    assert said in note["de"]
    assert note["en"]
    assert world.told == []
    assert "271828" not in str(note) + repr(WORD)


# ---------------------------------------------------------------- cameras


def test_cameras_are_offered_by_name_and_chosen_by_number() -> None:
    """The maker's name, else a number as people count."""
    used: list[str] = []
    cameras = Cameras("0", lambda: (Choice("0", "webcam 0"), Choice("2", "HD Pro C920")))
    cameras.attach(used.append)
    first, second = cameras.offered()
    assert (first.name["de"], second.name["en"]) == ("Kamera 1", "HD Pro C920")
    assert (first.is_used, second.is_used) == (True, False)
    assert cameras.use(1)
    assert cameras.use(1)
    assert used == ["2"]
    assert [one.is_used for one in cameras.offered()] == [False, True]


def test_the_camera_of_the_settings_is_offered_without_its_address() -> None:
    """It may hold a password."""
    cameras = Cameras("http://u:secret@cam/", tuple)
    (only,) = cameras.offered()
    assert only.name == {"de": "wie beim Start eingestellt", "en": "as set at the start"}
    assert only.is_used


def test_a_number_that_is_not_offered_is_no_camera() -> None:
    """Nor is any before the list was asked for."""
    cameras = Cameras("0", tuple)
    assert not cameras.use(0)
    cameras.offered()
    assert not cameras.use(1)
    assert not cameras.use(-1)
    assert cameras.use(0)
