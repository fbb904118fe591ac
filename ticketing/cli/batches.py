"""Commands for discount codes: make a batch, look at it, take its codes out."""

import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import click

from ticketing.app import App
from ticketing.cli.code_imports import batch_import
from ticketing.cli.output import Progress, show, show_all, with_app
from ticketing.domain import cells
from ticketing.domain.codes import Batch, Effect, EffectKind
from ticketing.domain.money import money
from ticketing.service import code_batches, code_exports, code_making
from ticketing.service.code_batches import NewBatch
from ticketing.service.code_exports import FOR_PROGRAMS, LIMITS, ExportWords, Format

_COLUMNS = ("id", "name", "prefix", "state", "made", "sent", "delivered", "redeemed", "given_cents")


@click.group()
def batch() -> None:
    """Discount codes in batches: make, list, show, stop, export, import."""


@batch.command("create")
@click.option("--name", required=True)
@click.option("--prefix", required=True, help="2 to 12 letters and digits.")
@click.option("--count", type=int, required=True)
@click.option("--percent", type=int, help="Percent off, 1 to 100.")
@click.option("--amount", type=int, metavar="CENTS", help="Cents off.")
@click.option("--price", type=int, metavar="CENTS", help="The new price.")
@click.option("--free", is_flag=True, help="For nothing.")
@click.option("--from", "valid_from", metavar="DAY", help="Local day or time.")
@click.option("--until", "valid_until", metavar="DAY", help="The last local day; or a time.")
@click.option("--max-uses", type=int, default=1, show_default=True, help="0: any number.")
@click.option("--per-visitor", type=int)
@click.option("--offer", "offers", multiple=True, metavar="SLUG", help="Repeat for several.")
@click.option("--min-amount", type=int, metavar="CENTS")
@click.option("--budget", type=int, metavar="CENTS")
@click.option("--tag")
@click.option("--note")
@with_app
def batch_create(app: App, /, **options: Any) -> None:
    """Make codes."""
    zone = app.house.museum.zone
    wanted = NewBatch(
        name=options["name"],
        prefix=options["prefix"],
        count=options["count"],
        effect=_effect(options),
        valid_from=_moment(options["valid_from"], zone),
        valid_until=_moment(options["valid_until"], zone, is_end=True),
        max_uses=options["max_uses"] or None,
        per_visitor=options["per_visitor"],
        offers=options["offers"] or None,
        min_amount_cents=options["min_amount"],
        budget_cents=options["budget"],
        tag=options["tag"],
        note=options["note"],
    )
    with app.store.unit() as unit:
        claim = code_batches.begin_batch(unit, app.house, wanted=wanted)
        with Progress(wanted.count) as told:
            code_making.make_all(unit, app.house, claim, told=told)
        made = code_batches.get_batch(unit, batch=claim.batch.id)
    show(_row(made), text=f"{made.id}: {made.tally.made} codes, ticketing batch export {made.id}")


@batch.command("list")
@click.option("--tag")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@with_app
def batch_list(app: App, *, tag: str | None, limit: int) -> None:
    """List the batches, newest first."""
    with app.store.unit() as unit:
        found = code_batches.list_batches(unit, tag=tag, limit=limit)
    rows = [_row(one) for one in found.items]
    show_all(rows, columns=_COLUMNS, empty="No batches: ticketing batch create")


@batch.command("show")
@click.argument("batch_id", metavar="ID")
@with_app
def batch_show(app: App, *, batch_id: str) -> None:
    """Show one batch and what has come of it."""
    with app.store.unit() as unit:
        row = _row(code_batches.get_batch(unit, batch=batch_id))
    show(row, text="\n".join(f"{name}: {value}" for name, value in row.items()))


@batch.command("stop")
@click.argument("batch_id", metavar="ID")
@with_app
def batch_stop(app: App, *, batch_id: str) -> None:
    """Let none of its codes be redeemed until it is resumed."""
    with app.store.unit() as unit:
        stopped = code_batches.stop_batch(unit, app.house, batch=batch_id)
    show(_row(stopped), text=f"{stopped.id} is stopped.")


@batch.command("resume")
@click.argument("batch_id", metavar="ID")
@with_app
def batch_resume(app: App, *, batch_id: str) -> None:
    """Let its codes be redeemed again."""
    with app.store.unit() as unit:
        resumed = code_batches.resume_batch(unit, app.house, batch=batch_id)
    show(_row(resumed), text=f"{resumed.id} is ready.")


@batch.command("export")
@click.argument("batch_id", metavar="ID")
@click.option(
    "--format",
    "kind",
    type=click.Choice([one.value for one in Format]),
    default=Format.CSV.value,
    show_default=True,
    help=f"pdf: sheets to cut, to {LIMITS[Format.PDF]:,} codes; zip: to {LIMITS[Format.ZIP]:,}.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A file (default: standard output).")
@with_app
def batch_export(app: App, *, batch_id: str, kind: str, out: Path | None) -> None:
    """Write all codes of a batch: a list, sheets to print, or pictures."""
    form = Format(kind)
    with app.store.unit() as unit:
        of = code_exports.take_out(unit, app.house, batch=batch_id, kind=form)
    if out is not None:
        with out.open("wb") as file:
            _write(app, of, form, file)
        show({"id": of.id, "codes": of.tally.made, "file": str(out)}, text=f"Written: {out}")
    elif form is Format.CSV:
        _write(app, of, form, sys.stdout.buffer)
    else:
        with tempfile.TemporaryFile() as file:  # a pipe cannot be sought in
            _write(app, of, form, file)
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


batch.add_command(batch_import)


# ------------------------------------------------------------ parts of the above
def _write(app: App, batch: Batch, kind: Format, file: BinaryIO) -> None:
    words = FOR_PROGRAMS if kind is Format.CSV else _words(app, batch)
    with Progress(batch.tally.made) as told:
        app.exporter().write(batch, file, kind=kind, words=words, told=told)


def _words(app: App, batch: Batch) -> ExportWords:
    """What stands beside a printed code."""
    effect, until = batch.effect, batch.valid_until
    cents = -effect.value if effect.kind is EffectKind.AMOUNT else effect.value
    worth = f"{-effect.value}%" if effect.kind is EffectKind.PERCENT else money(cents, "EUR", "en")
    if until is None:
        return ExportWords(worth=worth)
    last = (until - timedelta(minutes=1)).astimezone(app.house.museum.zone)
    return ExportWords(worth=worth, until=f"until {last:%Y-%m-%d %H:%M}")


def _effect(options: dict[str, Any]) -> Effect:
    told = [
        Effect(kind, options[kind.value])
        for kind in (EffectKind.PERCENT, EffectKind.AMOUNT, EffectKind.PRICE)
        if options[kind.value] is not None
    ]
    told += [Effect(EffectKind.FREE)] if options["free"] else []
    if len(told) != 1:
        raise click.UsageError("one of --percent, --amount, --price and --free is wanted")
    return told[0]


def _moment(text: str | None, zone: ZoneInfo, *, is_end: bool = False) -> datetime | None:
    """A day or time as a list of codes may have it: of a last day the end."""
    at = None if text is None else cells.moment(text.strip(), zone, is_end=is_end)
    if isinstance(at, cells.CellFault):
        option = "--until" if is_end else "--from"
        raise click.UsageError(f"{option}: a day like 2026-12-31, or a time like 2026-12-31T18:00")
    return None if at is None else at.astimezone(UTC)


def _row(one: Batch) -> dict[str, Any]:
    tally = one.tally
    return {
        "id": one.id,
        "name": one.name,
        "prefix": one.prefix,
        "count": one.count,
        "effect": {"kind": one.effect.kind.value, "value": one.effect.value},
        "valid_from": one.valid_from and one.valid_from.isoformat(),
        "valid_until": one.valid_until and one.valid_until.isoformat(),
        "max_uses": one.max_uses,
        "per_visitor": one.per_visitor,
        "offers": one.offers,
        "min_amount_cents": one.min_amount_cents,
        "budget_cents": one.budget_cents,
        "tag": one.tag,
        "note": one.note,
        "state": one.state.value,
        "made": tally.made,
        "sent": tally.sent,
        "delivered": tally.delivered,
        "used": tally.used,
        "redeemed": tally.redeemed,
        "released": tally.released,
        "given_cents": tally.given_cents,
    }
