"""Commands for the house as a whole: init, worker, migrate, doctor."""

import signal
import threading
from pathlib import Path

import click

from ticketing import config
from ticketing.app import opened
from ticketing.cli.checkup import checkup
from ticketing.cli.output import json_option, show
from ticketing.home import SAMPLE_MUSEUM, HomeExists, make_home
from ticketing.logs import log_to_stderr
from ticketing.service import sample
from ticketing.store import migrate as migrations


@click.command()
@click.option("--sample", "with_sample", is_flag=True, help="Fill it with the sample museum.")
@click.option("--name", metavar="TEXT", help="Name of the museum.")
@json_option
@click.pass_obj
def init(home: config.Home, *, with_sample: bool, name: str | None, as_json: bool) -> None:  # noqa: ARG001  read by show()
    """Make the home: settings, keys, schema. Refuses to overwrite."""
    make(home.path, name=name, with_sample=with_sample)
    show(
        {"home": str(home.path), "sample": with_sample},
        text=f"Made {home.path}. Settings: {home.path / config.FILE_NAME}. Next: ticketing serve",
    )


def make(home: Path, *, name: str | None, with_sample: bool) -> None:
    """Make a home with its schema. Raises ClickException when there is one already."""
    try:
        make_home(
            home, name=name or (SAMPLE_MUSEUM if with_sample else "Museum"), sample=with_sample
        )
    except HomeExists:
        raise click.ClickException(f"{home} is a home already; nothing was changed") from None
    settings = config.load(home)
    migrations.upgrade(settings.database_url)
    if with_sample:
        with opened(settings) as app, app.store.unit() as unit:
            sample.make_sample(unit, app.house)


@click.command()
@click.pass_obj
def worker(home: config.Home) -> None:
    """Send messages and run schedules until stopped."""
    log_to_stderr()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with (
        opened(config.load(home.path)) as app,
        app.courier().beside(ended),
        app.clerk().beside(ended),
        app.postman().beside(ended),
    ):
        app.worker().run(ended)


@click.command()
@json_option
@click.pass_obj
def migrate(home: config.Home, *, as_json: bool) -> None:  # noqa: ARG001  read by show()
    """Bring the database up to this program's schema."""
    settings = config.load(home.path)
    was_current = migrations.is_current(settings.database_url)
    migrations.upgrade(settings.database_url)
    text = "The database was current already." if was_current else "The database is current now."
    show({"changed": not was_current}, text=text)


@click.command()
@json_option
@click.pass_obj
def doctor(home: config.Home, *, as_json: bool) -> None:  # noqa: ARG001  read by show()
    """Check settings, keys, database, clock, pictures, mail and say what to do."""
    findings = checkup(home.path)
    for finding in findings:
        mark = "ok  " if finding.good else "BAD "
        show(
            {"check": finding.name, "ok": finding.good, "advice": finding.advice},
            text=f"{mark} {finding.name}" + (f": {finding.advice}" if finding.advice else ""),
        )
    if not all(finding.good for finding in findings):
        raise click.exceptions.Exit(1)
