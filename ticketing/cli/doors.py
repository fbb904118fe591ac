"""Commands for who may come in by which door: stations, API keys, staff, signing keys."""

from typing import Any

import click

from ticketing.app import App
from ticketing.cli.output import show, show_all, with_app
from ticketing.domain.accounts import Role, Scope
from ticketing.domain.ids import StationId
from ticketing.service import access, gates, supervisors
from ticketing.service.errors import NotFound
from ticketing.service.gate import stations
from ticketing.wire.texts import Localised

PASSWORD_LEAST = 10


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
    row = {"pairing_code": opened.code, "expires_at": opened.expires_at.isoformat(), "gate": slug}
    note = f"Gate {slug} did not exist and was made.\n" if made else ""
    command = f"scanner pair --server {app.settings.base_url} {opened.code}"
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
    """List the stations."""
    with app.store.unit() as unit:
        found = stations.list_stations(unit)
    rows: list[dict[str, Any]] = [
        {
            "id": s.id,
            "name": s.name,
            "gate": s.gate,
            "last_seen_at": s.last_seen_at.isoformat() if s.last_seen_at else "",
            "state": "revoked" if s.revoked_at else "paired",
        }
        for s in found
    ]
    columns = ("id", "name", "gate", "state", "last_seen_at")
    show_all(rows, columns=columns, empty="No stations yet: ticketing station add")


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


# ------------------------------------------------------------ people
@click.group()
def staff() -> None:
    """Staff: who signs in to the staff page."""


@staff.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([r.value for r in Role]), default=Role.DESK.value)
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    envvar="EINLASS_PASSWORD",
    help="Asked for when not given.",
)
@with_app
def staff_add(app: App, *, name: str, role: str, password: str) -> None:
    """Add a person."""
    if len(password) < PASSWORD_LEAST:
        raise click.ClickException(f"a password has at least {PASSWORD_LEAST} characters")
    with app.store.unit() as unit:
        made = access.add_staff(unit, app.house, name=name, password=password, role=Role(role))
    show({"id": made.id, "role": role}, text=f"Added as {role}.")


@staff.command("pin")
@click.argument("name")
@click.option(
    "--pin",
    prompt=f"PIN, {supervisors.PIN_MIN} digits or more",
    hide_input=True,
    confirmation_prompt=True,
    envvar="EINLASS_PIN",
    help="Asked for when not given.",
)
@with_app
def staff_pin(app: App, *, name: str, pin: str) -> None:
    """Give a supervisor (role admin) a PIN to overrule refusals at the gate."""
    with app.store.unit() as unit:
        found = supervisors.set_pin(unit, app.house, name=name, pin=pin)
    show({"id": found.id, "pin": "set"}, text="The PIN is set.")


# ------------------------------------------------------------ signing keys
@click.group()
def keys() -> None:
    """Signing keys."""


@keys.command("list")
@with_app
def keys_list(app: App) -> None:
    """List the signing keys and their states."""
    rows = [{"id": key.id, "state": key.state.value} for key in app.house.signer.ring().keys]
    show_all(rows, columns=("id", "state"), empty="No keys.")
