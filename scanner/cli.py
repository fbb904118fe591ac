"""The command `scanner`. Exit codes: 0 done, 1 refused or failed with a reason, 2 wrong usage."""

import json
import logging
import platform
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

import click

from scanner import config, pairing, station
from scanner.camera import BadSource
from scanner.checkup import checkup
from scanner.cli_program import bench, install
from scanner.journal import FILE_NAME, Journal, Unsound
from scanner.kiosk import Kiosk, find_browser, has_screen
from scanner.link import Link, Server
from scanner.lock import sole_station
from scanner.logbook import kept_log
from scanner.page.server import PortTaken
from scanner.sight import DecodedFile, Kinds, decode_file
from scanner.telling import Failed, home_pass, json_option, show, with_home
from scanner.trial import Trial, tried
from scanner.worker import Worker
from ticketing.wire.verdict import Verdict

_FIRST_YEAR, _END_YEAR = 2000, 2101


def _version() -> str:
    try:
        return version("einlass")
    except PackageNotFoundError:  # pragma: no cover  a checkout that was never installed
        return "0"


files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    metavar="DIR",
    help=f"The station's home (default: {config.HOME_VARIABLE} or ./var/station).",
)
@click.version_option(_version(), prog_name="scanner")
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """The station at the gate: reads codes, shows verdicts, keeps a record."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    context.obj = config.home_from(home)


@main.command()
@click.option("--server", metavar="URL", help="Address of the service.")
@click.option("--pin", default="", help="Fingerprint of the service's keys, to be sure of it.")
@click.option("--qr", metavar="FILE", help="A picture of the staff page's QR code.")
@click.option("--name", default=platform.node() or "Station", help="Shown to staff.")
@click.argument("code", required=False)
@json_option
@home_pass
@with_home
def pair(  # noqa: PLR0917  click hands each option over as a parameter
    home: Path,
    server: str | None,
    pin: str,
    qr: str | None,
    name: str,
    code: str | None,
    *,
    as_json: bool,
) -> None:
    """Make this computer a station, with a CODE of `ticketing station add`.

    CODE may also be the text of the QR code on the staff page, which names address and pin.
    """
    match (server, qr, code):
        case (str(), None, str()):
            invited = pairing.Invitation(server, code, pin)
        case (None, str(), None) if not pin:
            invited = pairing.invitation_among(decode_file(qr).texts)
        case (None, None, str()) if code.lstrip().startswith("{") and not pin:
            invited = pairing.invitation_of(code)
        case _:
            raise click.UsageError("give --server URL CODE, the text of the QR code, or --qr FILE")
    paired = pairing.pair(home, invited, name=name[:100], draw=station.draw)
    gate = paired.answer.gate_name.en
    row = {"station": paired.answer.station, "gate": paired.answer.gate, "server": paired.server}
    show(row, f"Paired: {gate}, {paired.answer.museum}. Start with: scanner run", as_json=as_json)


@main.command()
@click.option("--source", metavar="SRC", help="Camera number, file, folder or MJPEG address.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the page on 127.0.0.1.")
@click.option("--no-browser", "window", flag_value="none", help="Do not open the page.")
@click.option("--kiosk", "window", flag_value="kiosk", help="Open it in one window, full screen.")
@json_option
@home_pass
@with_home
def run(
    home: Path, source: str | None, port: int | None, window: str | None, *, as_json: bool
) -> None:
    """Run the station until Ctrl-C."""
    settings = config.load_settings(home)
    settings = replace(settings, source=source or settings.source, port=port or settings.port)
    paired, key = config.load_pairing(home), config.load_key(home)
    opener = station.opener_of(settings.source)
    stop = threading.Event()
    # Before anything is told to be ready: whoever waits for that may stop it at once.
    with sole_station(home), kept_log(home), station.stopped_by_signals(stop):
        try:
            here = station.Station(home, settings, paired, key, version=_version())
        except PortTaken:
            raise Failed(
                f"port {settings.port} is taken by another program; choose another with --port"
            ) from None
        show({"station": here.address}, f"Station: {here.address}  (Ctrl-C ends)", as_json=as_json)
        sys.stdout.flush()
        with _window(window, here.address):
            here.run(opener, stop)


@main.command()
@files_argument
@click.option("--at", "at_text", metavar="TIME", help="Another time (ISO 8601); implies --offline.")
@click.option("--offline", is_flag=True, help="Do not ask the service.")
@json_option
@home_pass
@with_home
def check(
    home: Path, files: tuple[str, ...], at_text: str | None, *, offline: bool, as_json: bool
) -> None:
    """The verdict of each picture, as the station would decide now. Records nothing.

    Exit code 1 if any is refused or cannot be read.
    """
    settings, paired = config.load_settings(home), config.load_pairing(home)
    at = _time(at_text, paired)
    link = Link(Server.of(paired.server), paired.answer.token)
    refused = False
    with closing(link), station.remembered(home) as memory:
        trial = Trial(
            pairing=paired,
            memory=memory,
            link=None if offline or at_text else link,
            timeout_s=settings.deadline_ms / 1000,
        )
        for file in files:
            for row in tried(trial, file, at, scan_id=station.RealWorld().scan_id):
                show(row.to_json(), str(row), as_json=as_json)
                refused |= row.result is None or row.result.verdict is Verdict.REFUSE
    if refused:
        raise click.exceptions.Exit(1)


@main.command()
@files_argument
@click.option("--any-kind", is_flag=True, help="Other kinds of barcodes too: ten times the work.")
def decode(files: tuple[str, ...], *, any_kind: bool) -> None:
    """Every QR code in pictures and videos, ours or not: one JSON line per FILE."""
    kinds = Kinds.ANY if any_kind else Kinds.QR
    failed = False
    for file in files:
        try:
            click.echo(json.dumps(_decoded(decode_file(file, kinds=kinds)), ensure_ascii=False))
        except BadSource as bad:
            failed = True
            click.echo(f"{file}: {bad.detail}", err=True)
    if failed:
        raise click.exceptions.Exit(1)


@main.command()
@json_option
@home_pass
def doctor(home: Path, *, as_json: bool) -> None:
    """Look at settings, key, pairing, service, clock, camera, readers and disk."""
    findings = list(checkup(home, station.now()))
    for found in findings:
        show(found.to_json(), str(found), as_json=as_json)
    if not all(found.fine for found in findings):
        raise click.exceptions.Exit(1)


@main.group()
def journal() -> None:
    """The station's record of what it has shown."""


@journal.command()
@json_option
@home_pass
@with_home
def verify(home: Path, *, as_json: bool) -> None:
    """Walk the chain: every number, hash and signature."""
    with _journal(home) as opened:
        outcome = opened.verify()
    if isinstance(outcome, Unsound):
        row = {"sound": False, "entry": outcome.n, "problem": outcome.problem}
        show(row, f"Entry {outcome.n}: {outcome.problem}.", as_json=as_json)
        raise click.exceptions.Exit(1)
    row = {"sound": True, "entries": outcome.entries, "dropped": outcome.dropped}
    text = f"The chain holds over {outcome.entries} entries."
    if outcome.dropped:
        text += f" The bodies of {outcome.dropped} are gone: sent, and two weeks old."
    show(row, text, as_json=as_json)


@journal.command()
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-", help="A file.")
@home_pass
@with_home
def export(home: Path, out: IO[str]) -> None:
    """Every entry as a JSON line, in order.

    Where a body is gone (sent, and two weeks old), `body` is null and `body_h` its hash.
    """
    with _journal(home) as opened:
        for line in opened.lines():
            out.write(line + "\n")


@contextmanager
def _journal(home: Path) -> Iterator[Journal]:
    key = config.load_key(home)
    if not (home / FILE_NAME).exists():
        raise Failed("there is no journal yet; it begins with the first scanner run")
    opened = Journal(home / FILE_NAME, key, draw=station.draw)
    try:
        yield opened
    finally:
        opened.close()


def _decoded(found: DecodedFile) -> dict[str, object]:
    row: dict[str, object] = {"file": found.file, "texts": found.texts}
    if found.frames is not None:
        row["frames"] = found.frames
    return row | {"ms": round(found.ms, 1)}


def _time(text: str | None, paired: config.Pairing) -> datetime:
    if text is None:
        return station.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("a time like 2026-10-04T14:00", param_hint="--at") from None
    if not _FIRST_YEAR <= at.year < _END_YEAR:
        raise click.BadParameter("a time from 2000 to 2100", param_hint="--at")
    return (at if at.tzinfo else at.replace(tzinfo=paired.zone)).astimezone(UTC)


def _window(kind: str | None, address: str) -> AbstractContextManager[object]:
    """The page on the screen: a kiosk's window that comes back, a tab of a browser, or nothing."""
    if kind == "none" or not has_screen():
        if kind == "kiosk":
            click.echo("There is no screen here, so no window is opened.", err=True)
        return nullcontext()
    browser = find_browser() if kind == "kiosk" else None
    if browser is not None:
        return Worker("the window", Kiosk(browser, address).run)
    if kind == "kiosk":
        click.echo("No Chromium, Chrome or Edge is found; F11 fills the screen.", err=True)
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    return nullcontext()


main.add_command(bench)
main.add_command(install)
