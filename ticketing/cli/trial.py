"""`ticketing demo`: a sample museum, all of it, on this machine."""

import json
import os
import webbrowser
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click

from ticketing import config
from ticketing import demo as processes

DEMO_FILE = "demo.json"


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
    processes.check_port(port, "--port")
    processes.check_port(station_port, "--station-port")
    login, api_key = _access(home.path)
    os.environ["EINLASS_BASE_URL"] = f"http://127.0.0.1:{port}"
    plan = processes.DemoPlan(
        home=home.path,
        port=port,
        station_port=station_port,
        source=source,
        login=login,
        api_key=api_key,
    )

    def ready(addresses: processes.Addresses) -> None:
        click.echo(addresses.to_json() if as_json else _told(addresses))
        if not (no_browser or as_json) and processes.has_screen():
            webbrowser.open(addresses.chat)
            webbrowser.open(addresses.station)

    processes.run(plan, pairing_code=lambda: _once().pairing_code(home.path), ready=ready)


def _once() -> ModuleType:
    """The module for the first start, loaded when it is needed: it takes a second or two."""
    return import_module("ticketing.cli.first_start")


def _access(home: Path) -> tuple[processes.Login, str]:
    """The sign-in and the API key: made at the first start, kept in a private file."""
    path = home / DEMO_FILE
    if not path.exists():
        _once().prepare(home, path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    return processes.Login(kept["name"], kept["password"]), kept["api_key"]


def _told(addresses: processes.Addresses) -> str:
    return (
        f"\n  Chat      {addresses.chat}\n"
        f"  Station   {addresses.station}\n"
        f"  Staff     {addresses.staff}   sign in as {addresses.staff_login.name}"
        f" / {addresses.staff_login.password}\n"
        f"  API       {addresses.service}/api/v1/docs   key {addresses.api_key}\n\n"
        "Ctrl-C stops all of it; the data stays.\n"
    )
