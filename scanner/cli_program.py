"""Commands about the station as a program: starting at login, and how well it reads."""

import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from statistics import median

import click

from scanner import config
from scanner.camera import open_source
from scanner.live import watched
from scanner.sight import default_sight
from scanner.sight.measure import Measured, measure
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


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", required=False)
@click.option("--live", is_flag=True, help="Read what is held up to the camera instead.")
@click.option("--source", metavar="SRC", help="With --live: another camera than the station's.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    help="With --live: for how long.",
)
@json_option
@home_pass
@with_home
def bench(  # noqa: PLR0917  click hands each option over as a parameter
    home: Path,
    folder: Path | None,
    live: bool,  # noqa: FBT001  a flag of the command
    source: str | None,
    minutes: float,
    *,
    as_json: bool,
) -> None:
    """Recall and time of the readers over DIR, a folder of photos with a truth.tsv."""
    if live is (folder is not None):
        raise click.UsageError("give DIR, a folder of photos, or --live")
    if folder is not None:
        _bench_folder(folder, as_json=as_json)
        return
    with closing(open_source(source or config.load_settings(home).source)) as camera:
        click.echo(f"{camera.name}: hold codes up, one after the other. Ctrl-C gives up.", err=True)
        figures = watched(
            camera, default_sight(), minutes, told=lambda text: click.echo(text, err=True)
        )
    show(figures.to_json(), str(figures), as_json=as_json)


def _bench_folder(folder: Path, *, as_json: bool) -> None:
    measured = list(measure(folder))
    if not measured:
        raise Failed("none of the photos that truth.tsv lists can be read")
    for name, photos in {"all": measured, **_by_category(measured)}.items():
        read = sum(one.read for one in photos)
        row = {
            "category": name,
            "photos": len(photos),
            "recall": round(read / len(photos), 4),
            "ms_median": round(median(one.ms for one in photos), 2),
            "zxing_recall": round(sum(one.alone_read for one in photos) / len(photos), 4),
            "zxing_ms_median": round(median(one.alone_ms for one in photos), 2),
            "stages": dict(Counter(one.stage for one in photos if one.stage)),
        }
        text = f"{name}: {read} of {len(photos)} read, {row['ms_median']} ms"
        show(row, text, as_json=as_json)


def _by_category(measured: list[Measured]) -> dict[str, list[Measured]]:
    groups: dict[str, list[Measured]] = {}
    for one in measured:
        groups.setdefault(one.photo.category, []).append(one)
    return dict(sorted(groups.items()))
