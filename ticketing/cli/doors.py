"""Commands for who may come in by which door: stations and API keys."""

from datetime import datetime
from typing import Any

import click

from ticketing.app import App
from ticketing.cli.output import show, show_all, with_app
from ticketing.domain.accounts import Scope, Station
from ticketing.domain.ids import ApiKeyId, StationId
from ticketing.service import access, gates
from ticketing.service.errors import NotFound
from ticketing.service.gate import stations
from ticketing.wire.texts import Localised

STATION_COLUMNS = (
    "id",
    "name",
    "gate",
    "state",
    "last_seen_at",
    "version",
    "unsent",
    "clock_diff_ms",
    "knows_newest_keys",
)


# ------------------------------------------------------------ stations
@click.group()
def station() -> None:
    """Stations: the paired devices at the gates."""


@station.command("add")
@click.argument("name")
@click.option("--gate", "slug", required=True, metavar="GATE")
@with_app
def station_add(app: App, *, name: str, slug: str) -> None:
    """Print a pairing code for a new station, valid for 15 minutes, once."""
    made = _gate_made(app, slug)
    with app.store.unit() as unit:
        opened = stations.open_pairing(unit, app.house, name=name, gate=slug)
    pin = app.house.signer.ring().fingerprint()
    row = {
        "pairing_code": opened.code,
        "expires_at": opened.expires_at.isoformat(),
        "gate": slug,
        "pin": pin,
    }
    note = f"Gate {slug} did not exist and was made.\n" if made else ""
    command = f"scanner pair --server {app.settings.base_url} --pin {pin} {opened.code}"
    text = f"{note}{opened.code}\nOn the gate PC: {command}"
    show({**row, "gate_made": made}, text=text)


def _gate_made(app: App, slug: str) -> bool:
    """Make the gate if it does not exist; whether it was made."""
    with app.store.unit() as unit:
        try:
            gates.get_gate(unit, slug=slug)
        except NotFound:
            gates.add_gate(unit, app.house, slug=slug, name=Localised(slug, slug))
            return True
    return False


@station.command("list")
@with_app
def station_list(app: App) -> None:
    """List the stations and what they last told of themselves."""
    with app.store.unit() as unit:
        found = stations.list_stations(unit)
    now, ring = app.house.clock.now(), app.house.signer.ring().fingerprint()
    rows = [_station_row(s, now, ring) for s in found]
    show_all(rows, columns=STATION_COLUMNS, empty="No stations yet: ticketing station add")


def _station_row(station: Station, now: datetime, ring: str) -> dict[str, Any]:
    """One station; empty is what it has not told."""
    seen_at = station.last_seen_at
    told = {
        "version": station.version,
        "unsent": station.unsent,
        "clock_diff_ms": station.clock_diff_ms,
    }
    return {
        "id": station.id,
        "name": station.name,
        "gate": station.gate,
        "state": station.state(now).value,
        "last_seen_at": seen_at.isoformat() if seen_at else "",
        **{name: "" if value is None else value for name, value in told.items()},
        "knows_newest_keys": "yes" if station.ring == ring else "no",
    }


@station.command("rename")
@click.argument("station_id", metavar="ID")
@click.argument("name")
@with_app
def station_rename(app: App, *, station_id: str, name: str) -> None:
    """Call a station otherwise."""
    with app.store.unit() as unit:
        changed = stations.change_station(
            unit,
            app.house,
            station=StationId(station_id),
            to=stations.Place(name=name),
        )
    show({"id": changed.id, "name": changed.name}, text=f"Station {changed.id} is renamed.")


@station.command("move")
@click.argument("station_id", metavar="ID")
@click.option("--gate", "slug", required=True, metavar="GATE")
@with_app
def station_move(app: App, *, station_id: str, slug: str) -> None:
    """Put a station at another gate that exists."""
    with app.store.unit() as unit:
        changed = stations.change_station(
            unit,
            app.house,
            station=StationId(station_id),
            to=stations.Place(gate=slug),
        )
    show({"id": changed.id, "gate": changed.gate}, text=f"Station {changed.id}: gate {slug}.")


@station.command("revoke")
@click.argument("station_id", metavar="ID")
@with_app
def station_revoke(app: App, *, station_id: str) -> None:
    """End a station's access at once."""
    with app.store.unit() as unit:
        stations.revoke_station(unit, app.house, station=StationId(station_id))
    show({"id": station_id, "state": "revoked"}, text=f"Station {station_id} is revoked.")


# ------------------------------------------------------------ keys of programs
@click.group()
def apikey() -> None:
    """API keys: what other programs sign in with."""


@apikey.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice([s.value for s in Scope])
)
@with_app
def apikey_create(app: App, *, name: str, scopes: tuple[str, ...]) -> None:
    """Make an API key and print it, once."""
    wanted = frozenset(Scope(scope) for scope in scopes)
    with app.store.unit() as unit:
        token, made = access.create_api_key(unit, app.house, name=name, scopes=wanted)
    show({"id": made.id, "api_key": token}, text=f"{token}\nIt is shown this once.")


@apikey.command("list")
@with_app
def apikey_list(app: App) -> None:
    """List the API keys: what each may do, and the day of its last use."""
    with app.store.unit() as unit:
        found = access.list_api_keys(unit)
    rows = [
        {
            "id": key.id,
            "name": key.name,
            "state": "active" if key.revoked_at is None else "revoked",
            "last_used_on": key.last_used_on.isoformat() if key.last_used_on else "",
            "created_at": key.created_at.isoformat(),
            "scopes": " ".join(sorted(key.scopes)),
        }
        for key in found
    ]
    columns = ("id", "name", "state", "last_used_on", "scopes")
    show_all(rows, columns=columns, empty="No API keys yet: ticketing apikey create")


@apikey.command("revoke")
@click.argument("key_id", metavar="ID")
@with_app
def apikey_revoke(app: App, *, key_id: str) -> None:
    """End an API key at once."""
    with app.store.unit() as unit:
        access.revoke_api_key(unit, app.house, key=ApiKeyId(key_id))
    show({"id": key_id, "state": "revoked"}, text=f"API key {key_id} is revoked.")
