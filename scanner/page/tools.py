"""The routes behind the page's tools: search, a supervisor's word, the camera, the trial run.

Names, PINs and reasons travel in bodies; nothing of them is logged or kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from flask import Flask, Response, abort, jsonify

from scanner.events import ScanId
from scanner.page.fields import done, short_text_of, text_of, whole_of

_MOST_NAME: Final = 200
_MOST_PIN: Final = 32
_MOST_ID: Final = 32
_MOST_WHY: Final = 500

Said = Mapping[str, str]
"""A text by language."""


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket that was found: its holder, what else is to be said, its short code."""

    holder: str = field(repr=False)
    said: Said
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a search: matches, and what else is to be said.

    `is_scanned`: it was no name but a code, which has gone the way of all codes.
    """

    matches: tuple[Match, ...] = ()
    note: Said = field(default_factory=dict)
    is_scanned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruling:
    """A supervisor's word as it was typed."""

    scan_id: ScanId
    by: str = field(repr=False)
    pin: str = field(repr=False)
    why: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Offered:
    """A camera that may be chosen: its name by language, whether it is the one in use."""

    name: Said
    is_used: bool


class Errands(Protocol):
    """What is asked of the service."""

    def search(self, name: str) -> Found:
        """Tickets of holders whose name has these letters."""
        ...

    def override(self, overruling: Overruling) -> Said:
        """Let them in; what to say if that is not done, else nothing."""
        ...


class Cameras(Protocol):
    """The cameras of this computer."""

    def offered(self) -> tuple[Offered, ...]:
        """Those that may be chosen, as they are now."""
        ...

    def use(self, number: int) -> bool:
        """Look through one of those last offered; False: there is none of this number."""
        ...


class Trials(Protocol):
    """The check before the doors open."""

    def begin_tryout(self) -> None:
        """From now on what is read is no scan."""
        ...

    def end_tryout(self) -> None:
        """What is read is a scan again."""
        ...


def add_tools(app: Flask, errands: Errands, cameras: Cameras, trials: Trials) -> None:
    """Give the application its tools."""
    _add_errands(app, errands)
    _add_cameras(app, cameras)
    _add_trials(app, trials)


def _add_errands(app: Flask, errands: Errands) -> None:
    @app.post("/search")
    def search() -> Response:
        name = text_of("name")
        if len(name) > _MOST_NAME:
            abort(413)
        found = errands.search(name)
        items = [
            {"holder": one.holder, "said": one.said, "code": one.code} for one in found.matches
        ]
        return jsonify(items=items, note=found.note, scanned=found.is_scanned)

    @app.post("/override")
    def override() -> Response:
        overruling = Overruling(
            scan_id=ScanId(short_text_of("scan", _MOST_ID)),
            by=short_text_of("by", _MOST_NAME),
            pin=short_text_of("pin", _MOST_PIN),
            why=short_text_of("why", _MOST_WHY),
        )
        note = errands.override(overruling)
        return jsonify(note=note)


def _add_cameras(app: Flask, cameras: Cameras) -> None:
    @app.get("/cameras")
    def offered() -> Response:
        items = [{"name": one.name, "used": one.is_used} for one in cameras.offered()]
        return jsonify(items=items)

    @app.post("/camera")
    def use() -> Response:
        if not cameras.use(whole_of("number")):
            abort(422)
        return done()


def _add_trials(app: Flask, trials: Trials) -> None:
    @app.post("/tryout/begin")
    def begin() -> Response:
        trials.begin_tryout()
        return done()

    @app.post("/tryout/end")
    def end() -> Response:
        trials.end_tryout()
        return done()
