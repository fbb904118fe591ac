"""The station as a whole: real HTTP, real journal, real files, made pictures."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner import station as station_module
from scanner.camera import BadSource, CameraLost, Frame, Picture, Trouble
from scanner.config import Settings, load_key
from scanner.desk import Desk, Parts
from scanner.events import (
    Failure,
    LinkEntry,
    LinkState,
    Moment,
    ScanEntry,
    ScanId,
    Seen,
    Tick,
)
from scanner.eyes import Eyes, Hands
from scanner.gate import Gate
from scanner.giving_back import GivingBack
from scanner.journal import FILE_NAME, Journal, JournalError, Sound
from scanner.link import Link, NoReply, Pulse, Server
from scanner.memory import NoRows, Recollection, StationMemory
from scanner.page.feed import Feed
from scanner.page.server import PortTaken
from scanner.presentation import House
from scanner.screen import Face
from scanner.sight import Reading, Watched
from scanner.sight.fusion import Look
from scanner.sight.prepare import View
from scanner.station import RealWorld, Station, opener_of, remembered, stopped_by_signals
from tests.scanner.frames import bgr, code, huge_png, packed, paper
from tests.scanner.homes import a_station, paired_home, today_ticket, until
from tests.scanner.service_double import Service, moody, running
from tests.scanner.station_kit import BERLIN, NOON, POST, SHORT_CODE, WEB, a_ticket
from ticketing.wire.journal import Action, BootBody
from ticketing.wire.station_api import ScanRequest
from ticketing.wire.texts import Localised
from ticketing.wire.token import Flag, TicketId
from ticketing.wire.verdict import Direction, Verdict

HOUSE = House("Stadtmuseum Erlenbach", "sued", Localised("Eingang Süd", "South entrance"), BERLIN)


class SlowWorld:
    """A clock that is moved by hand, and ids in order."""

    def __init__(self) -> None:
        self.mono_ms = 0
        self.jump = timedelta(0)
        self.ids = 0

    def moment(self) -> Moment:
        """Now."""
        return Moment(NOON + self.jump + timedelta(milliseconds=self.mono_ms), self.mono_ms)

    def scan_id(self) -> ScanId:
        """The next id."""
        self.ids += 1
        return ScanId(f"{self.ids:032x}")


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service of our own."""
    with running() as service:
        yield service


@pytest.fixture(name="world")
def _world() -> SlowWorld:
    """A clock in the hand."""
    return SlowWorld()


@pytest.fixture(name="desk")
def _desk(tmp_path: Path, service: Service, world: SlowWorld) -> Iterator[Desk]:
    """A desk whose row is worked off by the test."""
    paired_home(tmp_path, service.url)
    journal = Journal(tmp_path / FILE_NAME, load_key(tmp_path), draw=bytes)
    link = Link(Server.of(service.url), "es_" + "t" * 43, timeout_s=1)
    yield Desk(
        Parts(
            gate=Gate(replace(POST, zone=BERLIN), StationMemory(NoRows(), journal)),
            journal=journal,
            link=link,
            feed=Feed(),
            house=HOUSE,
            world=world,
        )
    )
    link.close()
    journal.close()


def work(desk: Desk) -> None:
    """Handle everything in the row."""
    while not desk._row.empty():
        desk.handle(desk._row.get())


def work_until(desk: Desk, condition: Callable[[], bool]) -> None:
    """Handle what comes from the askers' threads until something is true."""

    def is_so() -> bool:
        work(desk)
        return condition()

    until(is_so)


def shows(desk: Desk, word: str) -> Callable[[], bool]:
    """Whether the panel says this word."""
    return lambda: bool(panel_of(desk)["word"] == word)


def state_of(desk: Desk) -> dict[str, Any]:
    """What the page would draw."""
    state: dict[str, Any] = json.loads(desk.feed.newest("state"))
    return state


def panel_of(desk: Desk, lang: str = "de") -> dict[str, Any]:
    """The panel in one language."""
    panel: dict[str, Any] = state_of(desk)["words"][lang]["panel"]
    return panel


def said_by(station: Station, lang: str = "de") -> dict[str, Any]:
    """What a running station shows."""
    said: dict[str, Any] = json.loads(station._feed.newest("state"))["words"][lang]
    return said


# ---------------------------------------------------------------- the desk


def test_a_typed_ticket_is_asked_recorded_and_shown(desk: Desk, service: Service) -> None:
    """From the field to the panel, over real HTTP and a real journal."""
    desk.typed(today_ticket())
    work_until(desk, shows(desk, "Einlass"))
    assert panel_of(desk)["word"] == "Einlass"
    assert panel_of(desk)["who"] == "Jördis Kowalewski"
    assert service.asked[0]["gate"] == "sued"
    state = state_of(desk)
    assert state["sound"] == {"n": 1, "verdict": "admit"}
    assert state["words"]["de"]["inside"] == "143"


def test_the_last_scans_carry_no_names(desk: Desk) -> None:
    """Visitors can see the screen."""
    desk.typed(today_ticket())
    work_until(desk, shows(desk, "Einlass"))
    recent = state_of(desk)["words"]["de"]["recent"]
    assert [row["what"] for row in recent] == ["Tageskarte"]
    assert "Kowalewski" not in json.dumps(recent, ensure_ascii=False)
    assert desk._facts.recent[0].result is not None
    assert desk._facts.recent[0].result.ticket is not None
    assert desk._facts.recent[0].result.ticket.holder == ""


def test_the_entry_is_on_disk_before_the_page_hears(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment of writing the panel still shows what was before."""
    seen: list[str] = []
    append = desk._parts.journal.append

    def spy(entry: Any) -> None:
        append(entry)
        seen.append(panel_of(desk)["word"])

    monkeypatch.setattr(desk._parts.journal, "append", spy)
    desk.heard(NoReply(Failure.UNREACHABLE))
    desk.typed(a_ticket())
    work(desk)
    assert seen[-1] == "Bereit"
    assert panel_of(desk)["word"] == "Einlass"


def test_what_cannot_be_recorded_is_not_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk admits nobody, and says so; when it works again so does the gate."""

    def full(_entry: object) -> None:
        raise JournalError("full")

    desk.heard(NoReply(Failure.UNREACHABLE))
    work(desk)
    with monkeypatch.context() as patch:
        patch.setattr(desk._parts.journal, "append", full)
        desk.typed(a_ticket(1))
        work(desk)
        assert panel_of(desk)["word"] == "Störung"
        assert state_of(desk)["sound"]["n"] == 0
    desk.typed(a_ticket(2))
    work(desk)
    assert panel_of(desk)["word"] == "Einlass"


def test_offline_is_a_state_of_the_line(desk: Desk, world: SlowWorld) -> None:
    """Since when, and how many are unsent; with an answer it is over."""
    desk.heard(NoReply(Failure.TIMEOUT))
    world.mono_ms += 60_000
    desk.typed(a_ticket())
    work(desk)
    assert state_of(desk)["words"]["de"]["link"] == "Offline seit 14:43 · 1 ungesendet"
    desk.heard(Pulse(None))
    work(desk)
    assert state_of(desk)["words"]["en"]["link"] == "Online · 1 unsent"
    assert desk._facts.known_at is not None


def test_a_revoked_station_says_so(desk: Desk, service: Service) -> None:
    """401: signed off, pair again."""
    moody(service, status=401)
    desk.typed(a_ticket())
    work_until(desk, lambda: desk._parts.gate.link is LinkState.REVOKED)
    assert desk._parts.gate.link is LinkState.REVOKED
    assert state_of(desk)["words"]["en"]["link"] == "Station signed off: pair it again"
    assert state_of(desk)["link"] == "down"
    assert panel_of(desk)["word"] == "Abgemeldet"
    assert panel_of(desk)["verdict"] == "attention"
    assert not panel_of(desk)["acts"]
    assert "Pair the station again" in state_of(desk)["words"]["en"]["panel"]["next"]
    assert desk._facts.unsent == 1


def test_a_revoked_station_shows_no_green_admit_until_it_is_taken_back(desk: Desk) -> None:
    """The first probe after a restart finds out; a later good answer ends it."""
    desk.heard(NoReply(Failure.REVOKED))
    work(desk)
    assert panel_of(desk)["word"] == "Abgemeldet"
    assert state_of(desk)["scan"] == ""
    desk.heard(Pulse(None))
    work(desk)
    assert panel_of(desk)["word"] == "Bereit"


@pytest.mark.parametrize(
    ("ahead_ms", "de", "en", "is_wrong"),
    [
        (0, "Uhr ±0 s", "Clock ±0 s", False),
        (2_400, "Uhr +2 s", "Clock +2 s", False),
        (-1_600, "Uhr −2 s", "Clock −2 s", False),  # noqa: RUF001  a minus sign, as printed
        (130_000, "Uhr geht 2 min vor: stellen", "Clock is 2 min fast: set it", True),
        (-600_000, "Uhr geht 10 min nach: stellen", "Clock is 10 min slow: set it", True),
    ],
)
def test_the_clock_is_compared(
    desk: Desk, ahead_ms: int, de: str, en: str, *, is_wrong: bool
) -> None:
    """Shown always, shouted above a minute, recorded once."""
    for _ in range(2):
        desk.heard(Pulse(ahead_ms))
        work(desk)
    words = state_of(desk)["words"]
    assert (words["de"]["clock"], words["en"]["clock"]) == (de, en)
    assert words["de"]["clock_wrong"] is is_wrong
    bodies = [json.loads(json.loads(line)["body"]) for line in desk._parts.journal.lines()]
    assert [body["diff_ms"] for body in bodies if body["kind"] == "clock"] == [ahead_ms]


def test_a_clock_that_is_plainly_wrong_judges_no_times(desk: Desk) -> None:
    """Ten minutes off: offline it asks for the service."""
    desk.heard(Pulse(600_000))
    desk.heard(NoReply(Failure.TIMEOUT))
    desk.typed(a_ticket())
    work(desk)
    assert panel_of(desk, "en")["reason"] == "Cannot be checked offline"


def test_a_check_is_settled_from_the_page(desk: Desk, service: Service) -> None:
    """Confirm and its answer, over real HTTP."""
    desk.typed(today_ticket(flags=Flag.PROOF))
    work_until(desk, shows(desk, "Prüfen"))
    scan = state_of(desk)["scan"]
    assert panel_of(desk)["acts"][0]["key"] == "F2"
    desk.settle(ScanId(scan), Action.CONFIRM)
    work_until(desk, shows(desk, "Einlass"))
    assert panel_of(desk)["word"] == "Einlass"
    assert state_of(desk)["scan"] == ""
    assert service.paths[-1] == f"/api/v1/scans/{scan}/confirm"


def test_direction_and_language_are_passed_on(desk: Desk) -> None:
    """Exit is told in the bar at any time."""
    desk.switch(Direction.EXIT)
    desk.speak("en")
    work(desk)
    assert state_of(desk)["words"]["en"]["gate"] == "South entrance · Exit"
    assert (state_of(desk)["lang"], desk.lang) == ("en", "en")


def test_ticks_alone_publish_nothing(desk: Desk, world: SlowWorld) -> None:
    """Twenty a second; only a new minute is news."""
    before = desk.feed._count
    for _ in range(20):
        desk.handle(Tick())
    assert desk.feed._count == before
    world.mono_ms += 60_000
    desk.handle(Tick())
    assert desk.feed._count == before + 1


def test_a_fault_in_one_event_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next code is judged; the log names the fault, not what was read."""
    desk.post(lambda _: 1 / 0)  # type: ignore[arg-type,return-value]  # the fault
    desk.heard(NoReply(Failure.UNREACHABLE))
    desk.typed(a_ticket())
    desk.stop()
    monkeypatch.setattr("scanner.desk.TICK_S", 0.01)
    desk.run()
    assert panel_of(desk)["word"] == "Einlass"
    assert "ZeroDivisionError" in caplog.text
    assert a_ticket()[:20] not in caplog.text


def test_after_the_end_nobody_is_asked(desk: Desk) -> None:
    """A code that comes while the station stops breaks nothing."""
    desk._askers.shutdown()
    desk.typed(a_ticket())
    work(desk)
    assert panel_of(desk)["word"] == "Bereit"


# ---------------------------------------------------------------- the camera


class ScriptedCamera:
    """Gives what it is told: pictures, silence, a loss."""

    name = "webcam 0"
    ended = False

    def __init__(self, *script: object) -> None:
        self.script = list(script)
        self.closed = 0
        self.reopens = 0

    def read(self, timeout_s: float) -> Frame | None:
        """The next of the script; then silence."""
        if not self.script:
            time.sleep(min(timeout_s, 0.01))
            return None
        given = self.script.pop(0)
        if isinstance(given, CameraLost):
            raise given
        assert given is None or isinstance(given, Frame)
        return given

    def reopen(self) -> None:
        """Comes back at the second try."""
        self.reopens += 1
        if self.reopens == 1:
            raise CameraLost("still gone")

    def close(self) -> None:
        """Counted."""
        self.closed += 1


def a_frame(*texts: str) -> Frame:
    """A picture of codes."""
    return Frame(bgr(paper(*(code(text, scale=5) for text in texts))), 0, 0.0)


def look(eyes: Eyes, until_true: Any) -> None:
    """Run the eyes until something is true."""
    stop = threading.Event()
    thread = threading.Thread(target=eyes.run, args=(stop,))
    thread.start()
    try:
        until(until_true)
    finally:
        stop.set()
        thread.join(5)


def seen_texts(desk: Desk) -> list[tuple[str, ...]]:
    """The texts of the frames in the row; changes of the camera are applied."""
    found = []
    while not desk._row.empty():
        happened = desk._row.get()
        if isinstance(happened, Seen):
            found.append(tuple(one.text for one in happened.sightings))
        else:
            desk.handle(happened)
    return found


def test_frames_become_texts(desk: Desk) -> None:
    """Two codes in a frame are two sightings, each with an id of its own."""
    camera = ScriptedCamera(a_frame(a_ticket(1), WEB), None)
    eyes = Eyes(lambda: camera, desk)
    look(eyes, lambda: not camera.script)
    (texts,) = seen_texts(desk)
    assert set(texts) == {a_ticket(1), WEB}
    assert camera.closed == 1


def test_an_open_page_gets_outlines_and_a_small_picture(desk: Desk) -> None:
    """640 pixels wide; without a page nothing is packed."""
    camera = ScriptedCamera(a_frame(WEB))
    eyes = Eyes(lambda: camera, desk)
    with desk.feed.watching("picture"), desk.feed.watching("state"):
        look(eyes, lambda: not camera.script)
    outline = json.loads(desk.feed.newest("outline"))
    assert (outline["w"], outline["h"], len(outline["codes"])) == (1280, 720, 1)
    assert desk.feed.newest("picture")[:2] == b"\xff\xd8"
    desk.feed.put("picture", b"")
    eyes._look(a_frame(WEB))
    assert desk.feed.newest("picture") == b""


class Still:
    """A hall in which nothing moves, but for frame 7; a text on the wall, if one is given."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def watch(self, picture: Picture, number: int) -> Watched:
        """The texts, and a view."""
        corners = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
        readings = tuple(Reading(text, corners, "double") for text in self.texts)
        return Watched(readings, Look(View(picture[..., 0]), stirs=number == 7))


def handed_on(desk: Desk, sight: Still, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of thirty frames in a second and a half those the second reader sees: whether they stir."""
    eyes = Eyes(ScriptedCamera, desk, sight=sight)  # type: ignore[arg-type]  # the part that is used
    shown: list[Look] = []
    monkeypatch.setattr(eyes.second, "show", shown.append)
    frame = a_frame()
    for number in range(30):
        eyes._look(replace(frame, number=number, at_mono=number / 20))
    return [look.stirs for look in shown]


def test_of_a_picture_that_stands_still_the_second_reader_sees_little(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice on the wall costs next to nothing; whatever stirs is shown to it at once."""
    assert handed_on(desk, Still(), monkeypatch) == [False, True, False, False]


def test_a_code_on_the_wall_keeps_the_second_reader_from_no_ticket(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a ticket that is read already does."""
    assert any(handed_on(desk, Still(WEB), monkeypatch))
    assert handed_on(desk, Still(today_ticket()), monkeypatch) == []


def test_the_preview_is_no_film(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second frame too soon after the last is not packed."""
    eyes = Eyes(ScriptedCamera, desk)
    with desk.feed.watching("picture"):
        eyes._look(a_frame(WEB))
        desk.feed.put("picture", b"old")
        monkeypatch.setattr("scanner.eyes.PREVIEW_S", 600.0)  # however slow this machine is
        eyes._look(a_frame(WEB))
        assert desk.feed.newest("picture") == b"old"
        monkeypatch.setattr("cv2.imencode", lambda *_: (False, None))
        monkeypatch.setattr("scanner.eyes.PREVIEW_S", 0.0)
        eyes._look(a_frame(WEB))
    assert desk.feed.newest("picture") == b"old"


def test_a_lost_camera_is_a_state_and_comes_back(desk: Desk) -> None:
    """Struck camera on the panel, then the live picture again."""
    camera = ScriptedCamera(a_frame(WEB), CameraLost("gone"), CameraLost("gone"), a_frame(WEB))
    eyes = Eyes(lambda: camera, desk, look_again_s=0.01)
    shown: list[str] = []

    def done() -> bool:
        work(desk)
        shown.append(state_of(desk)["picture"])
        return not camera.script and shown[-1] == "live"

    look(eyes, done)
    assert camera.reopens == 2


def test_a_camera_that_is_not_there_is_looked_for(desk: Desk) -> None:
    """The panel says what to do, the viewfinder takes pictures by drag and drop."""
    tries: list[int] = []

    def opener() -> ScriptedCamera:
        tries.append(1)
        raise BadSource(Trouble.NO_WEBCAM, "webcam 0 is absent")

    eyes = Eyes(opener, desk, name="webcam 0", look_again_s=0.01)
    look(eyes, lambda: len(tries) > 2)
    work(desk)
    panel = panel_of(desk)
    assert panel["word"] == "Kamera fehlt"
    assert panel["facts"][1] == {"name": "Letzte Kamera", "value": "Kamera 1", "keys": []}
    message = state_of(desk)["words"]["de"]["message"]
    assert message[0] == "Kein Kamerabild: Bild hierher ziehen"
    desk.typed(WEB)
    work(desk)
    assert panel_of(desk)["word"] == "Nicht von uns"


def test_a_lost_camera_gives_way_to_what_is_newer(desk: Desk, world: SlowWorld) -> None:
    """A hand scanner's verdict covers the struck camera; an old verdict does not."""
    desk.heard(NoReply(Failure.UNREACHABLE))
    desk.typed(a_ticket(1))
    work(desk)
    world.mono_ms += 1_000
    eyes = Eyes(ScriptedCamera, desk)
    eyes._look(a_frame())
    eyes._lose()
    eyes._lose()
    work(desk)
    assert panel_of(desk)["word"] == "Kamera fehlt"
    assert state_of(desk)["words"]["de"]["message"][0] == "Kein Bild"
    desk.typed(a_ticket(2, flags=Flag.PROOF))
    work(desk)
    assert panel_of(desk)["word"] == "Prüfen"


def test_a_film_that_is_over_says_so(desk: Desk) -> None:
    """No loss: pictures may be dropped."""
    camera = ScriptedCamera(a_frame(WEB), None)
    camera.ended = True
    eyes = Eyes(lambda: camera, desk)
    ended: list[object] = []

    def done() -> bool:
        work(desk)
        ended.append(state_of(desk)["picture"])
        return ended[-1] == "ended"

    look(eyes, done)
    assert state_of(desk)["words"]["en"]["message"] == ["End of the recording: drag a picture here"]


def test_a_fault_in_the_eyes_costs_one_frame(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A hostile code that breaks a reader does not stop the station."""

    class Faulty:
        def watch(self, *_: object) -> Watched:
            raise UnicodeDecodeError("utf-8", b"secret", 0, 1, "bad")

    eyes = Eyes(ScriptedCamera, desk, sight=Faulty())  # type: ignore[arg-type]  # broken on purpose
    eyes._look(a_frame(WEB))
    assert seen_texts(desk) == [()]
    assert "UnicodeDecodeError" in caplog.text
    assert "secret" not in caplog.text


# ---------------------------------------------------------------- dropped pictures


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"just some words", "drop.text_file"),
        (packed(bgr(paper()))[:400], "drop.broken_picture"),
        (huge_png(), "drop.too_large"),
        (b"%PDF-1.7\n\x00\x01", "drop.not_a_picture"),
        (packed(bgr(paper())), "drop.no_code"),
    ],
)
def test_what_is_no_picture_of_a_code_is_told(desk: Desk, data: bytes, problem: str) -> None:
    """Each with its own words, none with a traceback."""
    assert Hands(desk).drop(data) == problem
    assert desk._row.empty()


def test_a_dropped_picture_is_read_like_a_frame(desk: Desk) -> None:
    """Its codes are presented."""
    desk.heard(NoReply(Failure.UNREACHABLE))
    assert Hands(desk).drop(packed(bgr(paper(code(a_ticket(), scale=5))))) == ""
    work(desk)
    assert panel_of(desk)["word"] == "Einlass"


def test_a_fault_while_reading_a_picture_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that it failed."""

    class Faulty:
        def look(self, *_: object) -> tuple[Reading, ...]:
            raise MemoryError

    monkeypatch.setattr("scanner.eyes.default_sight", Faulty)
    assert Hands(desk).drop(packed(bgr(paper()))) == "drop.failed"


# ---------------------------------------------------------------- the whole


def test_a_picture_before_the_camera_opens_the_door(tmp_path: Path, service: Service) -> None:
    """From file to verdict through every thread, and a clean stop."""
    picture = tmp_path / "ticket.png"
    picture.write_bytes(packed(bgr(paper(code(today_ticket(), scale=5))), ".png"))
    home = tmp_path / "home"
    with a_station(home, service, source=str(picture)) as station:
        until(lambda: said_by(station)["panel"]["word"] == "Einlass")
        assert station.address.startswith("http://127.0.0.1:")
    journal = Journal(home / FILE_NAME, load_key(home), draw=bytes)
    assert isinstance(journal.verify(), Sound)
    kinds = {json.loads(json.loads(line)["body"])["kind"] for line in journal.lines()}
    journal.close()
    assert {"boot", "link", "scan"} <= kinds
    with remembered(home) as memory:
        assert len(memory.recall(TicketId((1).to_bytes(15, "big"))).own) == 1


def test_the_line_breaks_and_comes_back(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short code waits for the service and is asked again by itself."""
    monkeypatch.setattr("scanner.station.PROBE_S", 0.1)
    moody(service, drop=True)
    service.codes[SHORT_CODE] = today_ticket(4)
    with a_station(tmp_path, service) as station:
        until(lambda: said_by(station)["link"].startswith("Offline"))
        station._desk.typed(SHORT_CODE)
        until(lambda: said_by(station, "en")["panel"]["reason"] == "Cannot be checked offline")
        moody(service)
        until(lambda: said_by(station)["panel"]["word"] == "Einlass")


def test_a_clock_before_the_last_entry_judges_no_times(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty clock battery is noticed without the service."""
    moody(service, drop=True)
    paired_home(tmp_path, service.url)
    journal = Journal(tmp_path / FILE_NAME, load_key(tmp_path), draw=bytes)
    journal.note(BootBody(version="x", at=RealWorld().moment().at + timedelta(days=2)))
    journal.close()
    monkeypatch.setattr("scanner.station.PROBE_S", 0.1)
    with a_station(tmp_path, service) as station:
        until(lambda: said_by(station)["link"].startswith("Offline"))
        station._desk.typed(today_ticket())
        until(lambda: said_by(station, "en")["panel"]["reason"] == "Cannot be checked offline")


def test_a_taken_port_is_an_error_of_its_own(tmp_path: Path, service: Service) -> None:
    """And the journal is let go."""
    with a_station(tmp_path / "one", service) as station:
        port = int(station.address.rpartition(":")[2])
        pairing = paired_home(tmp_path / "two", service.url)
        with pytest.raises(PortTaken):
            Station(
                tmp_path / "two",
                Settings(port=port),
                pairing,
                load_key(tmp_path / "two"),
                version="x",
            )


def test_a_webcam_may_come_later_a_file_may_not(tmp_path: Path) -> None:
    """Source 98 is looked for; a path that is wrong stays wrong."""
    opener = opener_of("98")
    with pytest.raises(BadSource):
        opener()
    with pytest.raises(BadSource, match="no such file"):
        opener_of(str(tmp_path / "nothing.png"))


def test_a_source_is_opened_once_at_the_start(tmp_path: Path) -> None:
    """The trial opening is the first camera; then it is opened anew."""
    picture = tmp_path / "a.png"
    picture.write_bytes(packed(bgr(paper()), ".png"))
    opener = opener_of(str(picture))
    one, two = opener(), opener()
    assert one is not two
    one.close()
    two.close()


def test_signals_ask_the_station_to_stop() -> None:
    """SIGTERM and Ctrl-C set the event; the handlers are put back."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGTERM)
    with stopped_by_signals(stop):
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(2)
    assert signal.getsignal(signal.SIGTERM) is before


def test_no_journal_is_no_moves(tmp_path: Path) -> None:
    """A check before the first run."""
    with remembered(tmp_path) as memory:
        assert memory.recall(TicketId(bytes(15))) == Recollection()
    assert list(tmp_path.iterdir()) == []


def test_chance_and_clock_are_real() -> None:
    """Ids differ, sizes are as asked, times are aware."""
    world = RealWorld()
    assert world.scan_id() != world.scan_id()
    assert len(world.scan_id()) == 32
    assert len(station_module.draw(32)) == 32
    assert station_module.now().tzinfo is not None


def test_the_ready_panel_is_no_verdict(desk: Desk) -> None:
    """Nothing shown, nothing sounded, nothing recorded."""
    assert desk._parts.gate.screen.face is Face.READY
    assert panel_of(desk)["role"] == "status"
    assert panel_of(desk)["verdict"] == ""
    assert Verdict.ADMIT not in json.dumps(state_of(desk)["sound"])


# ------------------------------------------------------------ what could not be recorded
def _full(_entry: object) -> None:
    raise JournalError("the journal cannot be written: SQLITE_FULL")


def test_an_admit_that_was_not_recorded_never_turns_green(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, a full disk: whatever is pressed afterwards, nobody is shown as let in."""
    desk.heard(NoReply(Failure.UNREACHABLE))
    work(desk)
    with monkeypatch.context() as world:
        world.setattr(desk._parts.journal, "append", _full)
        desk.typed(a_ticket(1))
        work(desk)
        desk.switch(Direction.EXIT)
        desk.switch(Direction.ENTRY)
        work(desk)
        assert panel_of(desk)["word"] == "Störung"
    desk.count(1)
    desk.switch(Direction.ENTRY)
    work(desk)
    assert panel_of(desk)["word"] == "Bereit"
    assert state_of(desk)["words"]["de"]["recent"] == []


def test_what_the_service_let_in_and_nobody_saw_is_taken_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Online, a full disk: the service is asked to annul, so that the ticket stays good."""
    taken_back: list[str] = []
    monkeypatch.setattr(desk._parts.link, "annul", lambda scan_id, _why: taken_back.append(scan_id))
    monkeypatch.setattr(desk._parts.journal, "append", _full)
    desk.typed(today_ticket())
    work_until(desk, lambda: bool(taken_back))
    assert panel_of(desk)["word"] == "Störung"
    assert desk._parts.gate.screen.result is None


def overdue(desk: Desk, world: SlowWorld) -> None:
    """The service has let the time for its answer go by."""
    world.mono_ms += POST.deadline_ms
    desk.post(Tick())
    work(desk)


def test_a_late_refusal_of_an_unrecorded_admit_raises_no_amber_line(
    desk: Desk, world: SlowWorld, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was let in: there is nobody to look for."""
    service.judge(ScanRequest("7" * 32, today_ticket(), Direction.ENTRY, NOON))
    moody(service, delay_s=0.3)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(desk._parts.journal, "append", _full)
        desk.typed(today_ticket())
        work(desk)
        until(lambda: "/api/v1/scans" in service.paths)
        overdue(desk, world)
    until(lambda: not desk._row.empty())
    work(desk)
    assert desk._parts.gate.screen.alert is None
    assert panel_of(desk)["word"] != "Einlass"
    kinds = [json.loads(json.loads(one)["body"])["kind"] for one in desk._parts.journal.lines()]
    assert "late" not in kinds


def test_a_late_admit_of_what_was_not_recorded_is_taken_back(
    desk: Desk, world: SlowWorld, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service let in whom nobody was shown: its use comes back, and the ticket admits."""
    moody(service, delay_s=0.3)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(desk._parts.journal, "append", _full)
        desk.typed(today_ticket())
        work(desk)
        until(lambda: "/api/v1/scans" in service.paths)
        overdue(desk, world)
    work_until(desk, lambda: len(service.annulled) == 1)
    until(lambda: not desk._giving_back.is_owed)
    work(desk)
    assert panel_of(desk)["word"] != "Einlass"
    moody(service)
    world.mono_ms += 5_000
    desk.typed(today_ticket())
    work_until(desk, shows(desk, "Einlass"))
    assert service.inside == 143


def test_what_is_to_be_taken_back_waits_for_the_service(
    desk: Desk, world: SlowWorld, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line breaks at the same time: the annul goes out when it is mended, and then once."""
    moody(service, drop=True)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(desk._parts.journal, "append", _full)
        desk.typed(today_ticket())
        work_until(desk, shows(desk, "Störung"))
    service.annulled.clear()
    moody(service)
    world.mono_ms += 5_000

    def is_given_back() -> bool:
        desk.heard(Pulse(None))  # one that comes during a try in vain starts no other
        return not desk._giving_back.is_owed

    until(is_given_back)
    desk.heard(Pulse(None))
    desk.typed(today_ticket(2))
    work_until(desk, shows(desk, "Einlass"))
    assert len(service.annulled) == 1


def test_a_confirmed_question_that_was_not_recorded_is_taken_back(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has let them in by the confirm; nobody was shown that."""
    desk.typed(today_ticket(flags=Flag.PROOF))
    work_until(desk, lambda: desk._parts.gate.screen.may_settle)
    scan_id = ScanId(desk._parts.gate.screen.scan_id)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(desk._parts.journal, "append", _full)
        desk.settle(scan_id, Action.CONFIRM)
        work_until(desk, lambda: service.annulled == [scan_id])
    until(lambda: not desk._giving_back.is_owed)
    assert service.inside == 142
    assert panel_of(desk)["word"] == "Störung"


def test_a_question_that_was_declined_is_not_taken_back(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody came in: there is nothing to annul, recorded or not."""
    desk.typed(today_ticket(flags=Flag.PROOF))
    work_until(desk, lambda: desk._parts.gate.screen.may_settle)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(desk._parts.journal, "append", _full)
        desk.settle(ScanId(desk._parts.gate.screen.scan_id), Action.DECLINE)
        work_until(desk, shows(desk, "Störung"))
    desk.heard(Pulse(None))
    desk.typed(today_ticket(2))
    work_until(desk, shows(desk, "Einlass"))
    assert service.annulled == []


def test_only_what_was_not_recorded_is_taken_back(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault behind an admit that was recorded and shown takes nobody's ticket away."""
    append = desk._parts.journal.append

    def no_more_after_a_scan(entry: object) -> bool:
        if not isinstance(entry, LinkEntry | ScanEntry):
            raise JournalError("full")
        return append(entry)

    monkeypatch.setattr(desk._parts.journal, "append", no_more_after_a_scan)
    desk.typed(today_ticket())
    work_until(desk, shows(desk, "Einlass"))
    desk.count(1)
    work(desk)
    desk.heard(Pulse(None))
    desk.typed(today_ticket(2))
    work_until(desk, shows(desk, "Einlass"))
    assert service.annulled == []


def test_of_many_faults_the_newest_are_taken_back(desk: Desk, service: Service) -> None:
    """A disk full for hours beside a dead line: the list has an end."""
    waiting: list[Callable[[], None]] = []
    owed = GivingBack(desk._parts.link, waiting.append)
    owed.owe(ScanId(f"{number:032x}") for number in range(70))
    waiting.pop()()
    assert service.annulled == [f"{number:032x}" for number in range(6, 70)]
    assert not owed.is_owed


def test_one_thread_at_a_time_takes_back(desk: Desk, service: Service) -> None:
    """A reminder while the work is going on does nothing: what is left waits for the next one."""
    waiting: list[Callable[[], None]] = []
    owed = GivingBack(desk._parts.link, waiting.append)
    owed.owe([ScanId("1" * 32)])
    assert owed._is_working.acquire(blocking=False)
    waiting.pop()()
    assert service.annulled == []
    owed._is_working.release()
    owed.remind()
    waiting.pop()()
    assert service.annulled == ["1" * 32]
