"""The station as a service of the person who is signed in: a systemd user unit."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

UNIT_NAME: Final = "einlass-station.service"
_UNIT: Final = """\
# Made by `scanner install`; run it again after the program or its home has moved.
[Unit]
Description=Einlass station
After=graphical-session.target
PartOf=graphical-session.target
StartLimitIntervalSec=0

[Service]
ExecStart={command}
Restart=always
RestartSec=3
TimeoutStopSec=20
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=graphical-session.target
"""


def unit_text(home: Path, *, python: str = sys.executable) -> str:
    """The unit that runs the station of this home in a kiosk window."""
    command = (python, "-m", "scanner", "--home", str(home.resolve()), "run", "--kiosk")
    return _UNIT.format(command=" ".join(_quoted(word) for word in command))


def unit_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the units of this person lie."""
    folder = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "systemd" / "user" / UNIT_NAME


def _quoted(word: str) -> str:
    """A word as systemd reads it: `%` and `$` would be filled in, blanks would part it."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if any(letter in plain for letter in " \t'\"\\") else plain
