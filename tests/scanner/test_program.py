"""The station as a program: a window that comes back, a unit that starts it at login."""

import shlex
import shutil
import subprocess
import sys
import threading
from configparser import RawConfigParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanner import kiosk as kiosk_module
from scanner.cli import main
from scanner.kiosk import Kiosk, WindowClosed, find_browser
from scanner.unit import UNIT_NAME, unit_path, unit_text
from scanner.worker import Worker
from tests.scanner.homes import paired_home, until

ADDRESS = "http://127.0.0.1:8081"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window is looked at often."""
    monkeypatch.setattr(kiosk_module, "_LOOK_S", 0.02)


def a_browser(folder: Path, *, then: str) -> Path:
    """A program that writes down how it was called, and then does something."""
    file = folder / "chromium"
    file.write_text(f'#!/bin/sh\necho "$@" >> {folder / "calls"}\n{then}\n')
    file.chmod(0o755)
    return file


def calls(folder: Path) -> list[str]:
    """How often it was called, and how."""
    file = folder / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_the_window_fills_the_screen_and_ends_with_the_station(tmp_path: Path) -> None:
    """Its profile is gone with it: nothing that the page has shown stays on the disk."""
    browser = a_browser(tmp_path, then="exec sleep 60")
    with Worker("the window", Kiosk(str(browser), ADDRESS).run):
        until(lambda: calls(tmp_path))
        (call,) = calls(tmp_path)
        profile = Path(call.split("--user-data-dir=")[1].split()[0])
        assert profile.exists()
    until(lambda: not profile.exists())
    assert call.startswith("--kiosk ")
    assert call.endswith(f"--app={ADDRESS}")
    assert "--autoplay-policy=no-user-gesture-required" in call


def test_a_window_that_was_closed_comes_back(tmp_path: Path) -> None:
    """Alt+F4, or the browser has crashed: the station is of no use without its page."""
    browser = a_browser(tmp_path, then="exit 0")
    with Worker("the window", Kiosk(str(browser), ADDRESS).run, pause_s=0.01):
        until(lambda: len(calls(tmp_path)) >= 3)


def test_a_closed_window_and_a_missing_browser_are_told_apart(tmp_path: Path) -> None:
    """Both are told to the one who starts it anew."""
    with pytest.raises(WindowClosed):
        Kiosk(str(a_browser(tmp_path, then="exit 1")), ADDRESS).run(threading.Event())
    with pytest.raises(OSError, match="No such file"):
        Kiosk(str(tmp_path / "nothing"), ADDRESS).run(threading.Event())


def test_a_window_that_does_not_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that hangs keeps no station from ending."""
    monkeypatch.setattr(kiosk_module, "_END_S", 0.1)
    browser = a_browser(tmp_path, then="trap '' TERM\nwhile :; do sleep 0.1; done")
    stop = threading.Event()
    thread = threading.Thread(target=Kiosk(str(browser), ADDRESS).run, args=(stop,))
    thread.start()
    until(lambda: calls(tmp_path))
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_the_browser_is_found_on_each_system(tmp_path: Path) -> None:
    """By name on Linux, by place elsewhere; None where there is none."""
    mac = tmp_path / "Microsoft Edge.app" / "Contents" / "MacOS" / "Microsoft Edge"
    windows = tmp_path / "Google" / "Chrome" / "Application" / "chrome.exe"
    for file in (mac, windows):
        file.parent.mkdir(parents=True)
        file.touch()
    only_edge = {"microsoft-edge": "/usr/bin/microsoft-edge"}
    assert find_browser(platform="linux", which=only_edge.get) == "/usr/bin/microsoft-edge"
    assert find_browser(platform="linux", which=lambda _: None) is None
    assert find_browser(platform="darwin", applications=tmp_path) == str(mac)
    assert find_browser(platform="darwin", applications=tmp_path / "none") is None
    environment = {"PROGRAMFILES": str(tmp_path)}
    assert find_browser(platform="win32", environment=environment) == str(windows)
    assert find_browser(platform="win32", environment={}) is None


# ---------------------------------------------------------------- at login


def command_of(text: str) -> list[str]:
    """The command of a unit, as systemd would start it."""
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    plain = line.removeprefix("ExecStart=").replace("%%", "%").replace("$$", "$")
    return shlex.split(plain)


@pytest.mark.parametrize("name", ["station", "ho me", "100%", "$HOME", 'a "b" c', "back\\slash"])
def test_the_unit_starts_this_program_with_this_home(tmp_path: Path, name: str) -> None:
    """Whatever the folder is called."""
    home = tmp_path / name
    command = command_of(unit_text(home))
    assert command == [sys.executable, "-m", "scanner", "--home", str(home), "run", "--kiosk"]


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Its three sections; and its own check finds nothing to say, where it is installed."""
    text = unit_text(tmp_path / "ho me")
    unit = RawConfigParser()
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # as the library documents it
    unit.read_string(text)
    assert unit.sections() == ["Unit", "Service", "Install"]
    assert unit["Service"]["Restart"] == "always"
    assert unit["Install"]["WantedBy"] == unit["Unit"]["PartOf"]
    check = shutil.which("systemd-analyze")
    if check is None:
        return
    file = tmp_path / UNIT_NAME
    file.write_text(text)
    done = subprocess.run(
        [check, "--user", "verify", str(file)],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def install(home: Path, *words: str) -> tuple[int, str, str]:
    """`scanner install`."""
    done = CliRunner().invoke(main, ["--home", str(home), "install", *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_unit_is_written_where_systemd_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the command says how it is switched on."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("sys.platform", "linux")
    code, says, _ = install(tmp_path / "home")
    file = tmp_path / "config" / "systemd" / "user" / UNIT_NAME
    assert code == 0
    assert str(file) in says
    assert f"enable --now {UNIT_NAME}" in says
    assert file.read_text() == unit_text(tmp_path / "home")
    assert install(tmp_path / "home", "--json")[1] == f'{{"unit": "{file}"}}\n'
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert unit_path() == Path.home() / ".config" / "systemd" / "user" / UNIT_NAME


def test_printing_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To look at it, or to put it elsewhere."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert install(tmp_path, "--print") == (0, unit_text(tmp_path), "")
    assert not (tmp_path / "config").exists()


def test_where_there_is_no_systemd_the_documents_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows and macOS have ways of their own."""
    monkeypatch.setattr("sys.platform", "win32")
    code, _, says = install(tmp_path)
    assert code == 1
    assert "docs/operators.md" in says


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence, no traceback."""
    (tmp_path / "systemd").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    code, _, says = install(tmp_path)
    assert code == 1
    assert says.startswith("Error: the unit cannot be written")


# ---------------------------------------------------------------- scanner run --kiosk


class Instant:
    """A station that is over at once."""

    address = ADDRESS

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def run(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("screen", "browser", "says", "opened"),
    [
        (":0", None, "F11 fills the screen", True),
        ("", "/usr/bin/chromium", "no screen here", False),
    ],
)
def test_a_kiosk_without_screen_or_browser_is_told_and_the_station_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    screen: str,
    browser: str | None,
    says: str,
    opened: bool,
) -> None:
    """The hand scanner works on without a window; any browser can show the page."""
    shown = threading.Event()
    monkeypatch.setattr("scanner.station.Station", Instant)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("scanner.cli.find_browser", lambda: browser)
    monkeypatch.setattr("webbrowser.open", lambda _: shown.set())
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", screen)
    paired_home(tmp_path, "http://127.0.0.1:1")
    done = CliRunner().invoke(main, ["--home", str(tmp_path), "run", "--source", "97", "--kiosk"])
    assert (done.exit_code, says in done.stderr) == (0, True)
    assert shown.wait(2) is opened or not opened


def test_a_kiosk_shows_the_page_of_this_station(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the option to the browser's own command line."""
    browser = a_browser(tmp_path, then="exec sleep 60")
    monkeypatch.setattr("scanner.station.Station", Instant)
    monkeypatch.setattr(Instant, "run", lambda *_: until(lambda: calls(tmp_path)))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("scanner.cli.find_browser", lambda: str(browser))
    monkeypatch.setenv("DISPLAY", ":0")
    paired_home(tmp_path, "http://127.0.0.1:1")
    done = CliRunner().invoke(main, ["--home", str(tmp_path), "run", "--source", "97", "--kiosk"])
    assert done.exit_code == 0
    assert calls(tmp_path)[0].endswith(f"--app={ADDRESS}")
