"""`ticketing demo`: a sample museum, all of it, on this machine."""

import json
import os
import webbrowser

import click

from ticketing import config
from ticketing import demo as processes
from ticketing.app import App, opened
from ticketing.cli.house import make
from ticketing.domain.accounts import Role, Scope
from ticketing.home import write_private
from ticketing.service import access, stations
from ticketing.store import migrate as migrations

DEMO_FILE = "demo.json"
DEMO_STATION = "Demo"
DEMO_GATE = "sued"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--station-port", type=click.IntRange(1, 65535), default=8081, show_default=True)
@click.option("--source", metavar="SRC", default="0", help="Camera of the station (default: 0).")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when ready.")
@click.pass_obj
def demo(
    home: config.Home, *, port: int, station_port: int, source: str, no_browser: bool, as_json: bool
) -> None:
    """Run a sample museum: service, worker and station together."""
    if not (home.path / config.FILE_NAME).exists():
        make(home.path, name=None, with_sample=True)
    settings = config.load(home.path)
    migrations.upgrade(settings.database_url)
    os.environ["EINLASS_BASE_URL"] = f"http://127.0.0.1:{port}"
    with opened(settings) as app:
        login, api_key = _demo_access(app)
        plan = processes.DemoPlan(
            home=home.path,
            port=port,
            station_port=station_port,
            source=source,
            login=login,
            api_key=api_key,
        )

        def pairing_code() -> str | None:
            if (plan.station_home / "station.json").exists():
                return None
            with app.store.unit() as unit:
                opened_code = stations.open_pairing(
                    unit, app.house, name=DEMO_STATION, gate=DEMO_GATE
                )
            return opened_code.code

        def ready(addresses: processes.Addresses) -> None:
            click.echo(addresses.to_json() if as_json else _told(addresses))
            if not (no_browser or as_json) and processes.has_screen():
                webbrowser.open(addresses.chat)
                webbrowser.open(addresses.station)

        processes.run(plan, pairing_code=pairing_code, ready=ready)


def _told(addresses: processes.Addresses) -> str:
    return (
        f"\n  Chat      {addresses.chat}\n"
        f"  Station   {addresses.station}\n"
        f"  Staff     {addresses.staff}   sign in as {addresses.staff_login.name}"
        f" / {addresses.staff_login.password}\n"
        f"  API       {addresses.service}/api/v1/docs   key {addresses.api_key}\n\n"
        "Ctrl-C stops all of it; the data stays.\n"
    )


def _demo_access(app: App) -> tuple[processes.Login, str]:
    """The demo's sign-in and API key: made at the first start, kept in a private file."""
    path = app.settings.home / DEMO_FILE
    if not path.exists():
        password = app.house.chance.draw(9).hex()
        with app.store.unit() as unit:
            access.add_staff(unit, app.house, name="demo", password=password, role=Role.ADMIN)
        with app.store.unit() as unit:
            token, _ = access.create_api_key(unit, app.house, name="demo", scopes=frozenset(Scope))
        kept = {"name": "demo", "password": password, "api_key": token}
        write_private(path, json.dumps(kept).encode())
    kept = json.loads(path.read_text(encoding="utf-8"))
    return processes.Login(kept["name"], kept["password"]), kept["api_key"]
