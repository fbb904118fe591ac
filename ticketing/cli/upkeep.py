"""Commands that keep the house in order: retention, backup, restore, conflicts."""

from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from ticketing import config, demo
from ticketing.app import App
from ticketing.cli.output import json_option, show, show_all, with_app
from ticketing.domain.conflicts import ConflictState
from ticketing.edge.chance import SystemChance
from ticketing.service import retention as rules
from ticketing.service.gate import conflicts
from ticketing.service.gate.conflicts import ListedConflict
from ticketing.store import backup as copies

EPOCH_BYTES = 8


@click.group()
def retention() -> None:
    """Retention: what is erased when its time is over."""


@retention.command("run")
@with_app
def retention_run(app: App) -> None:
    """Erase what is over its time; the worker does it every hour."""
    counts = asdict(rules.run(app.store, app.house))
    told = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    show(counts, text=f"Erased: {told}." if told else "Nothing is over its time.")


# ------------------------------------------------------------ backup
@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def backup(home: config.Home, *, file: Path, as_json: bool) -> None:
    """Copy the database into a file, while the service runs; the keys are not part of it."""
    del as_json  # `show` looks at it
    copies.save(_database(home), file)
    show(
        {"file": str(file), "bytes": file.stat().st_size},
        text=f"Saved to {file}. Keep a copy of HOME/keys apart from it: tickets are worth"
        " nothing without the keys, and whoever has both can make tickets.",
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def restore(home: config.Home, *, file: Path, as_json: bool) -> None:
    """Put a backup in place of the database; service and worker must be stopped."""
    del as_json  # `show` looks at it
    database = _database(home)
    try:
        demo.check_port(config.load(home.path).port, "--port")
    except demo.DemoError:
        raise click.ClickException("something listens on the service's port: stop it") from None
    epoch = int.from_bytes(SystemChance().draw(EPOCH_BYTES), "big") >> 1  # the column is signed
    old = copies.restore(file, database, epoch=epoch)
    kept = "" if old is None else f" The database before it is now {old.name}; delete it in time."
    show(
        {"epoch": f"{epoch:016x}", "replaced": None if old is None else str(old)},
        text=f"Restored.{kept} Stations upload what has happened since by themselves.",
    )


def _database(home: config.Home) -> Path:
    settings = config.load(home.path)
    if not settings.is_sqlite:
        raise click.ClickException("PostgreSQL has its own tools: pg_dump and pg_restore")
    return Path(make_url(settings.database_url).database or "")


# ------------------------------------------------------------ conflicts
@click.group()
def conflict() -> None:
    """Conflicts: people inside for whom no ticket accounts."""


@conflict.command("list")
@click.option("--all", "shows_all", is_flag=True, help="Closed ones too.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@with_app
def conflict_list(app: App, *, shows_all: bool, limit: int) -> None:
    """List open conflicts, newest first."""
    state = None if shows_all else ConflictState.OPEN
    with app.store.unit() as unit:
        found = conflicts.list_conflicts(unit, state=state, limit=limit).items
    rows = [_conflict_row(app, one) for one in found]
    columns = ("id", "kind", "people", "scans", "state")
    show_all(rows, columns=columns, empty="No conflicts.")


def _conflict_row(app: App, listed: ListedConflict) -> dict[str, str | int]:
    one, zone = listed.conflict, app.house.museum.zone
    scans = [f"{scan.gate} {scan.scanned_at.astimezone(zone):%H:%M:%S}" for scan in listed.scans]
    return {
        "id": one.id,
        "kind": one.kind.value,
        "ticket": "" if one.ticket is None else one.ticket.hex(),
        "people": one.people_extra,
        "scans": ", ".join(scans),
        "found_at": one.found_at.isoformat(),
        "state": one.state.value,
    }
