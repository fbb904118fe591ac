"""`scanner doctor`: everything a station needs, looked at one by one, each with what to do."""

import ctypes.util
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

from scanner import config
from scanner.camera import BadSource, Picture, open_source
from scanner.events import Failure
from scanner.journal import FILE_NAME, Journal, JournalError, Unsound
from scanner.knowledge import FILE_NAME as KNOWLEDGE_FILE
from scanner.knowledge import Knowledge
from scanner.link import BadAddress, Link, NoReply, Server
from scanner.memory import KnownHouse
from scanner.page.server import HOST
from scanner.presentation import STALE_KNOWLEDGE, WRONG_CLOCK_MS
from ticketing.wire.keys import KeyState

_LEAST_FREE_MB: Final = 200
_MB: Final = 1024 * 1024
_FRAME_WAIT_S: Final = 2.0
_SLOW_FSYNC_MS: Final = 100
_FSYNCS: Final = 5
_DARK, _BRIGHT = 40, 235
"""Mean grey of a frame beyond which hardly a code is read."""
_FIRST_FRAMES: Final = 10
"""A webcam needs some frames to find its exposure."""
_GOOD_KEYS: Final = frozenset({KeyState.NEXT, KeyState.ACTIVE, KeyState.VERIFY})


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
        yield from _known(home, paired, now)
    except config.ConfigError as error:
        yield Finding("pairing", fine=False, detail=str(error))
    if key is not None:
        yield _journal(home, key)
    yield from _camera(settings.source)
    yield _readers()
    yield _port(settings.port)
    yield from _disk(home)
    yield Finding(
        "sound",
        fine=True,
        detail="the browser makes the tones: turn the loudspeaker up and scan any code to hear one",
    )


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


def _known(home: Path, paired: config.Pairing, now: datetime) -> Iterator[Finding]:
    """Keys, and how old what the station knows of tickets is."""
    told = _told(home)
    ring = told.ring if told is not None and told.ring.keys else paired.answer.keys
    good = sum(key.state in _GOOD_KEYS for key in ring.keys)
    detail = f"{good} of the service's keys known, fingerprint {ring.fingerprint()[:8]}"
    yield Finding(
        "keys", bool(good), detail if good else "no key is known to check tickets; pair it again"
    )
    if told is None or told.fetched_at is None:
        detail = "none yet; it is fetched within seconds of the first run"
        yield Finding("knowledge", fine=True, detail=detail)
        return
    age = now - told.fetched_at
    detail = f"complete {age.total_seconds() / 3600:.1f} h ago"
    fine = age <= STALE_KNOWLEDGE
    advice = "; run the station where it reaches the service before the doors open"
    yield Finding("knowledge", fine, detail if fine else detail + advice)


def _told(home: Path) -> KnownHouse | None:
    if not (home / KNOWLEDGE_FILE).exists():
        return None
    knowledge = Knowledge(home / KNOWLEDGE_FILE)
    try:
        return knowledge.house()
    finally:
        knowledge.close()


def _camera(source: str) -> Iterator[Finding]:
    try:
        camera = open_source(source)
    except BadSource as bad:
        detail = f"{bad.detail}; hand scanner and dropped pictures work without it"
        yield Finding("camera", fine=False, detail=detail)
        return
    frame = camera.read(_FRAME_WAIT_S)
    for _ in range(_FIRST_FRAMES if camera.name.startswith("webcam") else 0):
        frame = camera.read(_FRAME_WAIT_S) or frame
    camera.close()
    if frame is None:
        yield Finding("camera", fine=False, detail=f"{camera.name} gives no picture")
        return
    height, width = frame.image.shape[:2]
    yield Finding("camera", fine=True, detail=f"{camera.name}, {width} x {height} pixels")
    yield _light(frame.image)


def _light(image: Picture) -> Finding:
    grey = float(image.mean())
    if grey < _DARK:
        detail = "the picture is nearly black: switch a lamp on, or open the camera's lid"
        return Finding("light", fine=False, detail=detail)
    if grey > _BRIGHT:
        detail = "the picture is nearly white: turn the camera away from window and lamp"
        return Finding("light", fine=False, detail=detail)
    return Finding("light", fine=True, detail="neither too dark nor too bright")


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


def _disk(home: Path) -> Iterator[Finding]:
    place = next(one for one in (home, *home.resolve().parents) if one.exists())
    free_mb = shutil.disk_usage(place).free // _MB
    fine = free_mb >= _LEAST_FREE_MB
    advice = "" if fine else "; make room, or nobody can be admitted once it is full"
    yield Finding("disk", fine, f"{free_mb} MB free{advice}")
    if not home.exists():
        return
    try:
        took_ms = _fsync_ms(home)
    except OSError:
        yield Finding("fsync", fine=False, detail="the station's home cannot be written")
        return
    fine = took_ms <= _SLOW_FSYNC_MS
    advice = "" if fine else "; each verdict waits for it, so use a faster disk than this card"
    yield Finding("fsync", fine, f"an entry is safe on the disk after {took_ms:.1f} ms{advice}")


def _fsync_ms(home: Path) -> float:
    times = []
    with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor.") as file:
        for _ in range(_FSYNCS):
            file.write(bytes(4096))
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - begun))
    return median(times)
