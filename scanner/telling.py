"""What the commands share: how results and expected troubles are told."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from scanner import config, pairing
from scanner.camera import BadSource
from scanner.journal import JournalError
from scanner.link import BadAddress
from scanner.lock import HomeRefused

P = ParamSpec("P")
R = TypeVar("R")


class Failed(click.ClickException):
    """Anything a person can cause: one sentence, exit code 1."""


@contextmanager
def _told() -> Iterator[None]:
    """Expected troubles as a sentence instead of a traceback."""
    try:
        yield
    except BadSource as bad:
        raise Failed(bad.detail) from None
    except (
        config.ConfigError,
        pairing.PairingFailed,
        JournalError,
        BadAddress,
        HomeRefused,
    ) as error:
        raise Failed(str(error)) from None


def with_home(command: Callable[P, R]) -> Callable[P, R]:
    """Turn expected troubles of a command into messages."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        with _told():
            return command(*arguments, **options)

    return run


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per result."
)
home_pass = click.make_pass_decorator(Path)


def show(row: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """A result, for programs or for people."""
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else text)
