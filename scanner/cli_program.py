"""Commands about the station as a program: starting at login."""

import sys
from pathlib import Path

import click

from scanner.telling import Failed, home_pass, json_option, show, with_home
from scanner.unit import UNIT_NAME, unit_path, unit_text

_NEXT = (
    f"Start it with: systemctl --user daemon-reload && systemctl --user enable --now {UNIT_NAME}"
)


@click.command()
@click.option("--print", "only_print", is_flag=True, help="Print it and write nothing.")
@json_option
@home_pass
@with_home
def install(home: Path, *, only_print: bool, as_json: bool) -> None:
    """Make the station start at login: write a systemd user unit."""
    text = unit_text(home)
    if only_print:
        click.echo(text, nl=False)
        return
    if sys.platform != "linux":
        raise Failed("there is no systemd here; docs/operators.md says how to start at login")
    path = unit_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"the unit cannot be written: {error.strerror}") from None
    show({"unit": str(path)}, f"Written: {path}\n{_NEXT}", as_json=as_json)
