"""`ticketing batch import`: a list of codes comes in, looked through first."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import click

from ticketing.app import App
from ticketing.cli.output import Progress, show, with_app
from ticketing.domain.tables import BadTable, Sniffed, Sniffer
from ticketing.service.code_imports import CodeList, ImportWords, Wanted, steps
from ticketing.service.jobs import new_id, pieces_of
from ticketing.store.unit import Unit

_SHOWN = 10


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would come of it; store nothing.")
@click.option("--skip-faulty", is_flag=True, help="Store the good lines, leave the others out.")
@click.option("--errors", type=click.Path(path_type=Path), help="Write all problems as CSV.")
@with_app
def batch_import(
    app: App, *, file: Path, dry_run: bool, skip_faulty: bool, errors: Path | None
) -> None:
    """Bring codes in from a CSV file; those that are there are changed, not doubled."""
    wanted = Wanted(is_stored=not dry_run, skip_faulty=skip_faulty)
    try:
        seen = _sniffed(file)
        with tempfile.TemporaryFile() as problems, _Told(steps(wanted, seen.lines)) as tell:
            listed = CodeList(new_id(app.house), lambda: _pieces(file), seen.encoding)
            result = app.importer().do(
                listed, problems, wanted=wanted, words=ImportWords(), tell=tell
            )
            _write(problems, errors)
    except BadTable as bad:
        result = {"file": [bad.fault.value, bad.line, bad.column], "is_stored": False}
    show(_row(result), text="\n".join(_sentences(result)))
    if "file" in result or (result["faulty"] and not skip_faulty):
        raise SystemExit(1)


# ------------------------------------------------------------ parts of the above
class _Told(Progress):
    """How far it is; nothing need be kept, for nobody goes on from it."""

    def keep(self, unit: Unit, done: int, result: Mapping[str, Any], /) -> None:
        """Move the bar."""
        del unit, result
        self(done)


def _sniffed(file: Path) -> Sniffed:
    sniffer = Sniffer()
    for piece in _pieces(file):
        sniffer.look(piece)
    return sniffer.done()


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        yield from pieces_of(content)


def _write(problems: BinaryIO, errors: Path | None) -> None:
    if errors is not None:
        problems.seek(0)
        with errors.open("wb") as out:
            shutil.copyfileobj(problems, out)


def _row(result: Mapping[str, Any]) -> dict[str, Any]:
    """One result for programs: counts, batches, problems; no code."""
    row = {name: value for name, value in result.items() if name != "first"}
    row["stored"] = row.pop("is_stored")
    return row


def _sentences(result: Mapping[str, Any]) -> Iterator[str]:
    if "file" in result:
        fault, line, column = result["file"]
        where = f" (line {line}{f', column {column}' if column else ''})" if line else ""
        yield f"This is no list of codes: {fault}{where}. Nothing was stored."
        return
    words = ("new", "changed", "unchanged", "faulty")
    counts = ", ".join(f"{result[word]} {word}" for word in words)
    yield f"{result['lines']} lines: {counts}"
    for one in result["batches"]:
        yield f"batch {one['name']} ({one['id'] or 'new'}): {one['kind']}, {one['new']} new codes"
    for one in result["stopped"]:
        yield f"batch {one['name']} is stopped: ticketing batch resume {one['id']}"
    for line, column, problem in result["problems"][:_SHOWN]:
        yield f"line {line}, {column}: {problem}"
    if result["faulty"] > _SHOWN:
        yield f"and {result['faulty'] - _SHOWN} more: --errors FILE writes all of them"
    yield "Stored." if result["is_stored"] else "Nothing was stored."
