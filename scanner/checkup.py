"""`scanner doctor`: everything a station needs, looked at one by one, each with what to do."""

import ctypes.util
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from scanner import config
from scanner.camera import BadSource, open_source
from scanner.events import Failure
from scanner.journal import FILE_NAME, Journal, JournalError, Unsound
from scanner.link import BadAddress, Link, NoReply, Server
from scanner.page.server import HOST
from scanner.presentation import WRONG_CLOCK_MS

_LEAST_FREE_MB: Final = 200
_MB: Final = 1024 * 1024
_FRAME_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its name, whether it is fine, and what was found."""

    name: str
    fine: bool
    detail: str

    def to_json(self) -> dict[str, object]:
        """As JSON."""
        return {"check": self.name, "ok": self.fine, "detail": self.detail}

    def __str__(self) -> str:
        return f"{'ok  ' if self.fine else 'FAIL'}  {self.name}: {self.detail}"


def checkup(home: Path, now: datetime) -> Iterator[Finding]:
    """Look at everything; `now` is the station's clock."""
    settings = config.Settings()
    try:
        settings = config.load_settings(home)
        yield Finding("settings", fine=True, detail="readable")
    except config.ConfigError as error:
        yield Finding("settings", fine=False, detail=str(error))
    key = None
    try:
        key, paired = config.load_key(home), config.load_pairing(home)
        place = f"{paired.answer.gate_name.en}, {paired.answer.museum}"
        yield Finding("pairing", fine=True, detail=place)
        yield from _service(paired, now)
    except config.ConfigError as error:
        yield Finding("pairing", fine=False, detail=str(error))
    if key is not None:
        yield _journal(home, key)
    yield _camera(settings.source)
    yield _readers()
    yield _port(settings.port)
    yield _disk(home)


def _service(paired: config.Pairing, now: datetime) -> Iterator[Finding]:
    try:
        link = Link(Server.of(paired.server), paired.answer.token)
    except BadAddress as bad:
        yield Finding("service", fine=False, detail=str(bad))
        return
    pulse = link.probe(now)
    link.close()
    if isinstance(pulse, NoReply):
        detail = f"no answer ({pulse.failure}); the station decides offline"
        if pulse.failure is Failure.REVOKED:
            detail = "this station is signed off and admits nobody; pair it again"
        yield Finding("service", fine=False, detail=detail)
        return
    yield Finding("service", fine=True, detail="answers")
    if pulse.ahead_ms is None:
        yield Finding("clock", fine=True, detail="the service tells no time")
        return
    fine = abs(pulse.ahead_ms) <= WRONG_CLOCK_MS
    detail = f"{pulse.ahead_ms / 1000:+.1f} s against the service"
    yield Finding("clock", fine, detail if fine else f"{detail}; set this computer's clock")


def _journal(home: Path, key: config.StationKey) -> Finding:
    path = home / FILE_NAME
    if not path.exists():
        return Finding("journal", fine=True, detail="none yet; it begins with the first run")
    try:
        opened = Journal(path, key, draw=bytes)
        outcome, unsent = opened.verify(), opened.unsent()
        opened.close()
    except JournalError as error:
        return Finding("journal", fine=False, detail=str(error))
    if isinstance(outcome, Unsound):
        return Finding("journal", fine=False, detail=f"entry {outcome.n}: {outcome.problem}")
    gone = f" ({outcome.dropped} without their body)" if outcome.dropped else ""
    detail = f"{outcome.entries} entries{gone}, the chain holds, {unsent} unsent"
    return Finding("journal", fine=True, detail=detail)


def _camera(source: str) -> Finding:
    try:
        camera = open_source(source)
    except BadSource as bad:
        detail = f"{bad.detail}; hand scanner and dropped pictures work without it"
        return Finding("camera", fine=False, detail=detail)
    frame = camera.read(_FRAME_WAIT_S)
    camera.close()
    if frame is None:
        return Finding("camera", fine=False, detail=f"{camera.name} gives no picture")
    height, width = frame.image.shape[:2]
    return Finding("camera", fine=True, detail=f"{camera.name}, {width} x {height} pixels")


def _readers() -> Finding:
    if ctypes.util.find_library("zbar") is None:
        detail = "zxing; libzbar is missing, so a few damaged codes less are read"
        return Finding("readers", fine=True, detail=detail)
    return Finding("readers", fine=True, detail="zxing, zbar")


def _port(port: int) -> Finding:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            detail = f"{port} is taken: a station runs already, or set port in settings.toml"
            return Finding("port", fine=False, detail=detail)
    return Finding("port", fine=True, detail=f"{port} is free")


def _disk(home: Path) -> Finding:
    place = next(one for one in (home, *home.resolve().parents) if one.exists())
    free_mb = shutil.disk_usage(place).free // _MB
    detail = f"{free_mb} MB free"
    return Finding("disk", free_mb >= _LEAST_FREE_MB, detail)
