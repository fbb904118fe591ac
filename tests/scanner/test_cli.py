"""The command `scanner`: human text, JSON, exit codes; no traceback for what a person can cause."""

import json
import os
import re
import runpy
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from scanner.cli import main
from scanner.config import (
    KEY_FILE,
    PAIRING_FILE,
    SETTINGS_FILE,
    ConfigError,
    NotPaired,
    Settings,
    home_from,
    load_key,
    load_pairing,
    load_settings,
    make_key,
    save_pairing,
)
from scanner.journal import FILE_NAME, Journal
from scanner.kiosk import has_screen
from scanner.lock import LOCK_FILE, sole_station
from tests.scanner.frames import bgr, code, film, packed, paper
from tests.scanner.homes import a_station, paired_home, today_ticket, until
from tests.scanner.service_double import Service, moody, running
from tests.scanner.station_kit import NOON, SHORT_CODE, WEB, a_ticket, forged
from ticketing.wire.check import CodeKind, check_character
from ticketing.wire.journal import BootBody
from ticketing.wire.station_api import PairAnswer

ROOT = Path(__file__).resolve().parents[2]
CODE = "ABCDE-F123" + check_character("ABCDEF123", CodeKind.PAIRING)
EXPIRED = "EXPAA-A123" + check_character("EXPAAA123", CodeKind.PAIRING)


@pytest.fixture(name="service")
def _service() -> Iterator[Service]:
    """A service of our own."""
    with running() as service:
        yield service


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    """An empty home."""
    return tmp_path / "station"


def run(home: Path, *arguments: str) -> Result:
    """The command; a traceback is a failure of the test."""
    done = CliRunner().invoke(main, ["--home", str(home), *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def rows(done: Result) -> list[dict[str, Any]]:
    """Its JSON lines."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def a_picture(folder: Path, *texts: str, name: str = "ticket.png") -> str:
    """A picture file of codes."""
    path = folder / name
    path.write_bytes(packed(bgr(paper(*(code(text, scale=5) for text in texts))), ".png"))
    return str(path)


# ---------------------------------------------------------------- pair


def test_pairing_stores_key_and_gate_for_the_owner_only(home: Path, service: Service) -> None:
    """Key pair, token, ring; nobody else may read them."""
    done = run(home, "pair", "--server", service.url, CODE)
    assert (done.exit_code, done.stdout) == (
        0,
        "Paired: South entrance, Stadtmuseum Erlenbach. Start with: scanner run\n",
    )
    for name in (KEY_FILE, PAIRING_FILE):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert load_pairing(home).answer.gate == "sued"
    assert service.asked[0]["pairing_code"] == CODE.replace("-", "")


def test_pairing_speaks_json_without_the_token(home: Path, service: Service) -> None:
    """What a script wants, and no secret."""
    done = run(home, "pair", "--json", "--server", service.url, CODE)
    assert rows(done) == [{"station": "st1", "gate": "sued", "server": service.url}]


def test_a_lost_answer_is_repeated_with_the_same_key(home: Path, service: Service) -> None:
    """To the service the same code and key are the same station."""
    moody(service, drop=True)
    lost = run(home, "pair", "--server", service.url, CODE)
    assert lost.exit_code == 1
    assert "cannot be reached" in lost.stderr
    moody(service)
    assert run(home, "pair", "--server", service.url, CODE).exit_code == 0
    assert service.asked[0]["public_key"] == service.asked[-1]["public_key"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ABCDE", "mistyped"),
        ("ABCDE-F1239", "mistyped"),
        (EXPIRED, "is over"),
    ],
)
def test_wrong_codes_are_told(home: Path, service: Service, typed: str, says: str) -> None:
    """Mistyped ones without asking the service."""
    done = run(home, "pair", "--server", service.url, typed)
    assert done.exit_code == 1
    assert says in done.stderr
    with pytest.raises(NotPaired):
        load_pairing(home)


def test_a_code_of_another_station_is_told(home: Path, service: Service) -> None:
    """Used once is used."""
    service.paired_by = "another key"
    done = run(home, "pair", "--server", service.url, CODE)
    assert "was used by another station" in done.stderr


@pytest.mark.parametrize(
    ("mood", "says"),
    [
        ({"status": 404, "body": b'{"type":"urn:einlass:problem:unknown_code"}'}, "no such"),
        ({"status": 429, "headers": (("Retry-After", "601"),)}, "wait 11 minutes"),
        ({"status": 429}, "wait 1 minutes"),
        ({"status": 500}, "has a fault"),
        ({"body": b"<html>"}, "no Einlass service"),
        ({"status": 422, "body": b'{"type":"urn:einlass:problem:invalid"}'}, "refused the code"),
        ({"status": 404}, "no Einlass service answers at this address"),
        ({"status": 405, "body": b"<html>"}, "no Einlass service answers at this address"),
        ({"status": 401}, "no Einlass service answers at this address"),
        ({"status": 501}, "no Einlass service answers at this address"),
        (
            {"status": 404, "body": b'{"type":"urn:einlass:problem:not_found"}'},
            "no Einlass service answers at this address",
        ),
    ],
)
def test_other_refusals_say_what_to_do(
    home: Path, service: Service, mood: dict[str, Any], says: str
) -> None:
    """One sentence each."""
    moody(service, **mood)
    done = run(home, "pair", "--server", service.url, CODE)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("url", ["http://tickets.example", "tickets.example", "https://"])
def test_a_token_never_travels_in_the_clear(home: Path, url: str) -> None:
    """Http to anything but this computer is refused before anything is made."""
    done = run(home, "pair", "--server", url, CODE)
    assert done.exit_code == 1
    assert not home.exists()


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path, service: Service) -> None:
    """A file where the folder should be."""
    (tmp_path / "file").write_text("x")
    done = run(tmp_path / "file" / "home", "pair", "--server", service.url, CODE)
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def test_wrong_usage_is_two(home: Path) -> None:
    """As click says."""
    assert run(home, "pair", CODE).exit_code == 2
    assert run(home, "fly").exit_code == 2


# ---------------------------------------------------------------- run


def test_run_before_pairing_says_how_to_pair(home: Path) -> None:
    """Not a word about files."""
    done = run(home, "run", "--no-browser")
    assert done.exit_code == 1
    assert "scanner pair --server URL CODE" in done.stderr


def test_run_with_a_wrong_file_is_an_error(home: Path, service: Service) -> None:
    """A path that is wrong stays wrong."""
    paired_home(home, service.url)
    done = run(home, "run", "--no-browser", "--source", str(home / "nothing.mp4"))
    assert done.exit_code == 1
    assert "there is no such file" in done.stderr


def test_run_on_a_taken_port_is_an_error(home: Path, service: Service) -> None:
    """It names the option that helps."""
    paired_home(home, service.url)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(home, "run", "--no-browser", "--source", "97", "--port", port)
    assert done.exit_code == 1
    assert f"port {port} is taken" in done.stderr
    assert "--port" in done.stderr


def test_run_with_a_damaged_journal_is_an_error(home: Path, service: Service) -> None:
    """It says what to do with the file."""
    paired_home(home, service.url)
    (home / FILE_NAME).write_bytes(b"rubbish" * 1000)
    done = run(home, "run", "--no-browser", "--source", "97")
    assert done.exit_code == 1
    assert "Move it away" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_station_without_a_webcam_runs_and_stops_cleanly(
    home: Path, service: Service, number: signal.Signals
) -> None:
    """The real program: one JSON line when ready, exit 0 on SIGTERM and Ctrl-C."""
    paired_home(home, service.url)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "scanner", "--home", str(home), "run", "--json"]
    options = ["--no-browser", "--source", "97", "--port", str(port)]
    running_station = subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running_station.stdout is not None
    ready = json.loads(running_station.stdout.readline())
    assert ready == {"station": f"http://127.0.0.1:{port}"}
    until(lambda: _answers(port))
    begun = time.monotonic()
    running_station.send_signal(number)
    _, errors = running_station.communicate(timeout=20)
    assert running_station.returncode == 0
    assert time.monotonic() - begun < 6
    assert "Traceback" not in errors


def test_a_second_station_in_one_home_is_refused_and_the_journal_stays_whole(
    home: Path, service: Service
) -> None:
    """It says so in a sentence; the chain holds, and a killed station leaves no lock."""
    paired_home(home, service.url)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["run", "--json", "--no-browser", "--source", "97", "--port", str(port)]
    command = [sys.executable, "-m", "scanner", "--home", str(home), *arguments]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert first.stdout is not None
        assert first.stdout.readline()
        second = run(home, *arguments)
        assert (second.exit_code, second.stderr) == (
            1,
            "Error: another station runs in this home\n",
        )
        assert run(home, "journal", "verify").exit_code == 0
    finally:
        first.kill()
        first.communicate(timeout=20)
    with sole_station(home):
        pass
    assert run(home, "journal", "verify").exit_code == 0


def test_a_home_that_takes_no_lock_is_told(home: Path, service: Service) -> None:
    """A sentence, as ever."""
    paired_home(home, service.url)
    (home / LOCK_FILE).mkdir()
    done = run(home, "run", "--no-browser")
    assert (done.exit_code, done.stderr) == (1, "Error: the station's home cannot be written\n")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_page_is_opened_where_there_is_a_screen(
    home: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not without one."""
    opened: list[str] = []

    class Instant:
        """A station that is over at once."""

        address = "http://127.0.0.1:1"

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def run(self, *_: object) -> None:
            until(lambda: opened or not has_screen())

    paired_home(home, service.url)
    monkeypatch.setattr("scanner.station.Station", Instant)
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert run(home, "run", "--source", "97").exit_code == 0
    assert opened == ["http://127.0.0.1:1"]
    monkeypatch.delenv("DISPLAY")
    assert run(home, "run", "--source", "97").exit_code == 0
    assert len(opened) == 1
    monkeypatch.setattr("sys.platform", "darwin")
    assert has_screen()


# ---------------------------------------------------------------- check


def test_a_check_asks_the_service_and_records_nothing(
    home: Path, service: Service, tmp_path: Path
) -> None:
    """Direction check: twice the same answer, no move, no journal."""
    paired_home(home, service.url)
    picture = a_picture(tmp_path, today_ticket())
    for _ in range(2):
        done = run(home, "check", "--json", picture)
        assert done.exit_code == 0
        (row,) = rows(done)
        assert (row["verdict"], row["reason"], row["basis"]) == ("admit", "ok", "online")
    assert service.asked[-1]["direction"] == "check"
    assert service.moves == {bytes(14) + b"\1": []}
    assert not (home / FILE_NAME).exists()


def test_an_offline_check_asks_nobody(home: Path, service: Service, tmp_path: Path) -> None:
    """The barcode and the station's own moves decide."""
    paired_home(home, service.url)
    picture = a_picture(tmp_path, today_ticket())
    done = run(home, "check", "--offline", picture)
    assert done.exit_code == 0
    assert "Admit (ok, offline). Valid." in done.stdout
    assert service.asked == []


def test_a_check_at_another_time_is_decided_here(
    home: Path, service: Service, tmp_path: Path
) -> None:
    """Local time without an offset is the museum's."""
    paired_home(home, service.url)
    picture = a_picture(tmp_path, a_ticket())
    inside = run(home, "check", "--json", "--at", "2026-10-04T23:59", picture)
    outside = run(home, "check", "--json", "--at", "2026-10-05T00:00:00+02:00", picture)
    assert rows(inside)[0]["verdict"] == "admit"
    assert rows(outside)[0]["reason"] == "expired"
    assert (inside.exit_code, outside.exit_code) == (0, 1)
    assert run(home, "check", "--at", "noon", picture).exit_code == 2
    assert service.asked == []


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59", "1999-12-31", "2101-01-01"])
def test_a_check_at_a_time_far_away_is_wrong_usage(home: Path, service: Service, at: str) -> None:
    """Exit 2 and the span, no traceback."""
    paired_home(home, service.url)
    done = run(home, "check", "card.png", "--at", at)
    assert done.exit_code == 2
    assert "a time from 2000 to 2100" in done.stderr


def test_a_silent_service_leaves_the_check_to_the_station(
    home: Path, service: Service, tmp_path: Path
) -> None:
    """As at the gate."""
    paired_home(home, service.url)
    moody(service, drop=True)
    done = run(home, "check", "--json", a_picture(tmp_path, today_ticket()))
    assert rows(done)[0]["basis"] == "offline"


def test_a_check_knows_the_stations_moves(home: Path, service: Service, tmp_path: Path) -> None:
    """What was let in is used; where, is told."""
    paired_home(home, service.url)
    moody(service, drop=True)
    picture = a_picture(tmp_path, today_ticket())
    with a_station(home, service, source=picture) as station:
        until(lambda: len(station._desk._facts.recent) == 1)
    done = run(home, "check", "--offline", picture)
    assert done.exit_code == 1
    assert "Stop (already_used, offline)" in done.stdout
    assert "South entrance" in done.stdout


def test_a_used_ticket_is_told_with_the_other_gate(
    home: Path, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service names it."""
    from tests.scanner import station_kit  # noqa: PLC0415  only here
    from ticketing.wire.facts import Evidence  # noqa: PLC0415  only here
    from ticketing.wire.station_api import FirstUse, ScanRequest  # noqa: PLC0415  only here
    from ticketing.wire.texts import Localised  # noqa: PLC0415  only here
    from ticketing.wire.verdict import Reason, Verdict  # noqa: PLC0415  only here

    north = Localised("Eingang Nord", "North entrance")

    def used(_: object, request: ScanRequest) -> object:
        return station_kit.an_answer(
            request.scan_id,
            Verdict.REFUSE,
            Reason.ALREADY_USED,
            evidence=Evidence(at=NOON, gate="nord"),
            first_use=FirstUse(NOON, "nord", north),
        )

    paired_home(home, service.url)
    monkeypatch.setattr(Service, "judge", used)
    done = run(home, "check", a_picture(tmp_path, today_ticket()))
    assert "North entrance" in done.stdout


def test_several_files_and_bad_ones(home: Path, service: Service, tmp_path: Path) -> None:
    """Each has a line; a foreign text never leaves this computer."""
    paired_home(home, service.url)
    (tmp_path / "notes.txt").write_text("no picture")
    files = [
        a_picture(tmp_path, WEB, name="menu.png"),
        a_picture(tmp_path, name="empty.png"),
        str(tmp_path / "notes.txt"),
        str(tmp_path / "missing.png"),
        a_picture(tmp_path, forged(today_ticket()), name="forged.png"),
    ]
    done = run(home, "check", *files)
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert "foreign" in lines[0]
    assert [line.rpartition(": ")[2] for line in lines[1:4]] == [
        "there is no code in it",
        "this is a text file, not a picture",
        "there is no such file",
    ]
    assert "Stop (forged, online)" in lines[4]
    assert len(service.asked) == 1
    as_json = rows(run(home, "check", "--json", files[1]))
    assert as_json[0]["verdict"] is None


def test_a_check_before_pairing_is_told(home: Path, tmp_path: Path) -> None:
    """Which gate?"""
    assert "not paired" in run(home, "check", a_picture(tmp_path, a_ticket())).stderr


# ---------------------------------------------------------------- decode


def test_decode_prints_a_line_per_file(home: Path, tmp_path: Path) -> None:
    """Ours or not, paired or not."""
    two = a_picture(tmp_path, WEB, SHORT_CODE)
    empty = a_picture(tmp_path, name="empty.png")
    done = run(home, "decode", two, empty)
    first, second = rows(done)
    assert (done.exit_code, set(first["texts"])) == (0, {WEB, SHORT_CODE})
    assert (first["file"], second["texts"]) == (two, [])
    assert first["ms"] >= 0


def test_decode_names_the_first_frame_of_a_video(home: Path, tmp_path: Path) -> None:
    """As a station would read it."""
    blank, shown = bgr(paper()), bgr(paper(code(WEB, scale=6)))
    path = film(tmp_path / "a.avi", [blank, blank, shown, shown])
    (row,) = rows(run(home, "decode", str(path)))
    assert (row["texts"], row["frames"]) == ([WEB], [2])


def test_decode_goes_on_after_a_bad_file(home: Path, tmp_path: Path) -> None:
    """The good ones are printed, the bad one named, exit code 1."""
    done = run(home, "decode", str(tmp_path / "missing.png"), a_picture(tmp_path, WEB))
    assert done.exit_code == 1
    assert rows(done)[0]["texts"] == [WEB]
    assert "there is no such file" in done.stderr


# ---------------------------------------------------------------- bench


def test_bench_tells_recall_and_time(home: Path, tmp_path: Path) -> None:
    """In all and by category; a folder without a table is told."""
    a_picture(tmp_path, WEB, name="a.png")
    a_picture(tmp_path, name="b.png")
    table = f'file\tn_codes\texpected_json\tcategory\na.png\t1\t["{WEB}"]\tplain\n'
    (tmp_path / "truth.tsv").write_text(table + "b.png\t1\t[]\tempty\n")
    done = run(home, "bench", "--json", str(tmp_path))
    found = {row["category"]: row["recall"] for row in rows(done)}
    assert found == {"all": 0.5, "empty": 0, "plain": 1}
    assert "plain: 1 of 1 read" in run(home, "bench", str(tmp_path)).stdout
    assert "no readable truth.tsv" in run(home, "bench", str(home)).stderr
    (tmp_path / "truth.tsv").write_text("file\tn_codes\nnone.png\t1\n")
    assert "none of the photos" in run(home, "bench", str(tmp_path)).stderr


# ---------------------------------------------------------------- journal and doctor


def test_the_journal_is_verified_and_exported(home: Path, service: Service, tmp_path: Path) -> None:
    """Lines in order, on standard output or in a file."""
    paired_home(home, service.url)
    assert "no journal yet" in run(home, "journal", "verify").stderr
    journal = Journal(home / FILE_NAME, load_key(home), draw=bytes)
    journal.note(BootBody(version="1", at=NOON))
    journal.note(BootBody(version="2", at=NOON))
    journal.close()
    assert run(home, "journal", "verify").stdout == "The chain holds over 2 entries.\n"
    assert rows(run(home, "journal", "verify", "--json")) == [
        {"sound": True, "entries": 2, "dropped": 0}
    ]
    exported = rows(run(home, "journal", "export"))
    assert [row["n"] for row in exported] == [1, 2]
    run(home, "journal", "export", "--out", str(tmp_path / "out.jsonl"))
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2
    with sqlite3.connect(home / FILE_NAME) as other:
        other.execute("UPDATE entry SET body = replace(body, '2', '3') WHERE n = 2")
    other.close()
    broken = run(home, "journal", "verify")
    assert (broken.exit_code, broken.stdout) == (
        1,
        "Entry 2: the entry was changed after it was written.\n",
    )
    assert "FAIL  journal: entry 2" in run(home, "doctor").stdout


def test_the_doctor_looks_at_everything(home: Path, service: Service, tmp_path: Path) -> None:
    """A healthy station, with a picture for a camera."""
    paired_home(home, service.url)
    picture = a_picture(tmp_path)
    (home / SETTINGS_FILE).write_text(f'source = "{picture}"\nport = {_free_port()}\n')
    Journal(home / FILE_NAME, load_key(home), draw=bytes).close()
    done = run(home, "doctor")
    assert done.exit_code == 0
    assert "FAIL" not in done.stdout
    found = {row["check"] for row in rows(run(home, "doctor", "--json"))}
    assert found == {
        *("settings", "pairing", "service", "clock", "journal"),
        *("camera", "light", "readers", "port", "disk", "fsync"),
        *("keys", "knowledge", "sound"),
    }


def test_the_doctor_says_what_is_wrong(
    home: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clock, camera, settings, port, disk, service: each with what to do."""
    assert "FAIL  pairing: this station is not paired yet" in run(home, "doctor").stdout
    paired_home(home, service.url)
    (home / SETTINGS_FILE).write_text("prot = 1")
    typo = "FAIL  settings: settings.toml has a setting nobody knows: prot"
    assert typo in run(home, "doctor").stdout
    (home / FILE_NAME).write_bytes(b"rubbish" * 1000)
    service.skew_s = -600
    monkeypatch.setattr("scanner.checkup._LEAST_FREE_MB", 10**12)
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        (home / SETTINGS_FILE).write_text(f'source = "97"\nport = {port}\n')
        says = run(home, "doctor").stdout
    assert "FAIL  clock: +" in says
    assert "set this computer's clock" in says
    assert "FAIL  camera: webcam 97 is absent" in says
    assert "FAIL  port" in says
    assert "FAIL  disk" in says
    assert "FAIL  journal" in says
    assert "libzbar is missing" in says


@pytest.mark.parametrize(
    ("mood", "says"),
    [
        ({"drop": True}, "FAIL  service: no answer"),
        ({}, "ok    clock: the service tells no time"),
        ({"status": 401}, "FAIL  service: this station is signed off and admits nobody"),
    ],
)
def test_the_doctor_asks_the_service(
    home: Path,
    service: Service,
    mood: dict[str, Any],
    says: str,
) -> None:
    """Silent, without a clock, or done with this station."""
    service.server_time = "noon"
    paired_home(home, service.url)
    moody(service, **mood)
    assert says in run(home, "doctor").stdout


def test_the_doctor_names_a_bad_address(home: Path) -> None:
    """Somebody edited the file."""
    paired_home(home, "http://tickets.example")
    assert "FAIL  service: http:// would send" in run(home, "doctor").stdout


def test_a_camera_without_pictures_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened, but dark."""

    class Dark:
        """A camera that gives nothing."""

        name = "webcam 0"

        def read(self, _: float) -> None:
            """Nothing."""

        def close(self) -> None:
            """Nothing."""

    monkeypatch.setattr("scanner.checkup.open_source", lambda _: Dark())
    assert "FAIL  camera: webcam 0 gives no picture" in run(home, "doctor").stdout


def test_the_operators_page_lists_every_command_of_the_station() -> None:
    """docs/operators.md and the program know the same commands."""
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `scanner ([a-z ]+)` \| (.*) \|$", page, re.MULTILINE)
    commands = []
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        for sub, inner in sorted(getattr(command, "commands", {"": command}).items()):
            commands.append((f"{name} {sub}".strip(), inner.get_short_help_str(200)))
    assert documented == commands


# ---------------------------------------------------------------- the home


def test_the_home_comes_from_option_variable_or_default() -> None:
    """In this order."""
    assert home_from("a", {"EINLASS_STATION_HOME": "b"}) == Path("a")
    assert home_from(None, {"EINLASS_STATION_HOME": "b"}) == Path("b")
    assert home_from(None, {}) == Path("var/station")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = 0", "port must be"),
        ('port = "x"', "port must be a number"),
        ("source = 0", "source must be a text"),
        ("port = true", "port must be a number"),
        ("deadline_ms = 5", "deadline_ms must be"),
        ('language = "fr"', "language must be"),
        ("colour = 1", "a setting nobody knows: colour"),
        ("= =", "not readable TOML"),
    ],
)
def test_wrong_settings_are_named(home: Path, text: str, says: str) -> None:
    """By name, never by value."""
    home.mkdir()
    (home / SETTINGS_FILE).write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_settings(home)


def test_settings_have_defaults(home: Path) -> None:
    """Nothing need be set."""
    assert load_settings(home) == Settings()
    home.mkdir()
    (home / SETTINGS_FILE).write_text('deadline_ms = 700\nlanguage = "en"\n')
    assert load_settings(home) == Settings(deadline_ms=700, language="en")


def test_damaged_files_of_the_home_are_told(home: Path, service: Service) -> None:
    """Pair anew, not a traceback."""
    paired_home(home, service.url)
    (home / PAIRING_FILE).write_text('{"server": "x", "answer": {}}')
    with pytest.raises(ConfigError, match="pair the station anew"):
        load_pairing(home)
    (home / KEY_FILE).write_text("no key")
    with pytest.raises(ConfigError, match="damaged"):
        load_key(home)
    with pytest.raises(ConfigError, match="damaged"):
        make_key(home, bytes)
    (home / KEY_FILE).unlink()
    (home / KEY_FILE).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_key(home)


def test_a_zone_that_this_computer_does_not_know_is_told(home: Path, service: Service) -> None:
    """Times would be wrong."""
    pairing = paired_home(home, service.url)
    data = pairing.answer.to_json() | {"zone": "Mars/Olympus"}
    save_pairing(home, type(pairing)(service.url, PairAnswer.from_json(data)))
    with pytest.raises(ConfigError, match="pair the station anew"):
        load_pairing(home)


def test_a_private_key_is_in_no_representation(home: Path, service: Service) -> None:
    """Nor the token."""
    pairing = paired_home(home, service.url)
    shown = repr(load_key(home)) + repr(pairing)
    assert "Private" not in shown
    assert pairing.answer.token not in shown


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_the_module_runs_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, without a new interpreter."""
    monkeypatch.setattr("sys.argv", ["scanner", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("scanner", run_name="__main__")
    assert ended.value.code == 0


def test_the_module_is_the_command() -> None:
    """`python -m scanner --version`, and nothing of the service is loaded."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "scanner", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "EINLASS_STATION_HOME": "unused"},
    )
    assert done.stdout.startswith("scanner, version ")
    assert "sqlalchemy" not in done.stderr
    assert "ticketing.service" not in done.stderr


def test_the_gate_loads_nothing_of_the_world() -> None:
    """In a fresh interpreter: no web, no database, no pictures, no sockets of ours."""
    script = (
        "import sys, scanner.gate; "
        "print([name for name in ('flask', 'sqlite3', 'sqlalchemy', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_station_of_yesterday_is_no_ticket_of_today(home: Path, service: Service) -> None:
    """A ticket of last week is refused at the gate, with the service silent."""
    paired_home(home, service.url)
    moody(service, drop=True)
    old = today_ticket(not_after=NOON - timedelta(days=300), not_before=NOON - timedelta(days=301))
    picture = a_picture(home, old)
    assert rows(run(home, "check", "--json", picture))[0]["reason"] == "expired"
