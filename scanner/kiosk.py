"""The page in one window that fills the screen, for as long as the station runs.

Chromium, Chrome or Edge: they alone have a kiosk mode that lets the page sound its tones
without a click. The profile lies in a temporary folder and goes with the window, so that
nothing the page has shown stays on the disk.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_NAMES: Final = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("microsoft-edge", "microsoft-edge-stable", "brave-browser"),
)
_MAC: Final = ("Google Chrome", "Chromium", "Microsoft Edge", "Brave Browser")
_WINDOWS: Final = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
_PROGRAM_FOLDERS: Final = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
_ARGUMENTS: Final = (
    "--kiosk",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--autoplay-policy=no-user-gesture-required",
)
_LOOK_S: Final = 0.5
_END_S: Final = 5.0


class WindowClosed(Exception):  # noqa: N818  says what it is
    """The window is gone though the station runs."""


def has_screen(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a browser could be shown to somebody."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def find_browser(
    *,
    platform: str = "",
    environment: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
    applications: Path = Path("/Applications"),
) -> str | None:
    """A browser with a kiosk mode, or None; `platform` is this one's unless said."""
    platform = platform or sys.platform
    if platform == "darwin":
        places = [applications / f"{one}.app" / "Contents" / "MacOS" / one for one in _MAC]
    elif platform == "win32":
        folders = [environment[name] for name in _PROGRAM_FOLDERS if environment.get(name)]
        places = [Path(folder) / one for one in _WINDOWS for folder in folders]
    else:
        return next((path for name in _NAMES if (path := which(name))), None)
    return next((str(place) for place in places if place.exists()), None)


class Kiosk:
    """One window on the station's page."""

    def __init__(self, browser: str, address: str) -> None:
        """`browser` is a path, `address` that of the page."""
        self._browser = browser
        self._address = address

    def run(self, stop: threading.Event) -> None:
        """Show the window until stopped.

        Raises:
            WindowClosed: somebody closed it, or the browser has crashed.
            OSError: the browser cannot be started.
        """
        with TemporaryDirectory(prefix="einlass-kiosk-", ignore_cleanup_errors=True) as profile:
            command = [
                self._browser,
                *_ARGUMENTS,
                f"--user-data-dir={profile}",
                f"--app={self._address}",
            ]
            silent = subprocess.DEVNULL
            with subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent) as window:  # noqa: S603  a browser that was looked for
                while window.poll() is None and not stop.wait(_LOOK_S):
                    pass
                _end(window)
        if not stop.is_set():
            raise WindowClosed


def _end(window: subprocess.Popen[bytes]) -> None:
    window.terminate()
    try:
        window.wait(_END_S)
    except subprocess.TimeoutExpired:
        window.kill()
