"""What commands print: text for people, or one JSON object per result with `--json`."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import click

from ticketing import config
from ticketing.app import App, opened
from ticketing.service.audit import Actor, ActorKind

P = ParamSpec("P")
R = TypeVar("R")
Row = Mapping[str, Any]
_STEP = 500


def show(row: Row, *, text: str) -> None:
    """Print one result: as JSON with `--json`, otherwise the text."""
    as_json = click.get_current_context().params.get("as_json", False)
    click.echo(json.dumps(row, ensure_ascii=False, default=str) if as_json else text)


def show_all(rows: Sequence[Row], *, columns: tuple[str, ...], empty: str) -> None:
    """Print a list: one JSON object a line, or aligned columns, or what an empty list means."""
    if click.get_current_context().params.get("as_json", False):
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
        return
    if not rows:
        click.echo(empty)
        return
    table = [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in [*table, list(columns)]) for i in range(len(columns))]
    for line in [list(columns), *table]:
        click.echo("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip())


class Progress:
    """A bar on standard error, on a terminal alone.

    It does not move with every step: that takes as long as the steps.
    """

    def __init__(self, length: int) -> None:
        """Take how many steps there are, about."""
        is_seen = sys.stderr.isatty()
        self._bar = click.progressbar(length=length, file=sys.stderr, hidden=not is_seen)
        self._length, self._at = length, 0

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if error is None:
            self(self._length)
        self._bar.__exit__(None, None, None)

    def __call__(self, done: int, /) -> None:
        """So many are done."""
        if done - self._at >= _STEP or done == self._length:
            self._bar.update(done - self._at)
            self._at = done


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per result."
)


def with_app(command: Callable[Concatenate[App, P], R]) -> Callable[P, R]:
    """Give a command the parts of its home as first argument, and `--json`.

    The house works for the command: the audit names it.
    """

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        options.pop("as_json", None)
        home = click.get_current_context().find_object(config.Home)
        if home is None:  # pragma: no cover  the group sets it
            raise click.UsageError("no home")
        with opened(config.load(home.path)) as app:
            house = replace(app.house.fresh(), actor=Actor(ActorKind.COMMAND, _words()))
            return command(replace(app, house=house), *arguments, **options)

    return json_option(run)


def _words() -> str:
    """The command, e.g. `staff add`; how the program itself was called does not matter."""
    words, context = [], click.get_current_context()
    while context.parent is not None:
        words.append(context.info_name or "")
        context = context.parent
    return " ".join(reversed(words))
