"""`ticketing`: the commands of the service. Exit codes: 0 done, 1 refused or failed, 2 usage.

No traceback for anything a person can cause: expected refusals become one line.
Commands are loaded when they are called: the whole service takes a second or two
to import, and `serve` and `demo` need little of it themselves.
"""

from importlib import import_module
from typing import Any

import click

from ticketing import config

# command -> the module of this package that has it
COMMANDS = {
    "apikey": "doors",
    "backup": "upkeep",
    "batch": "batches",
    "conflict": "upkeep",
    "demo": "trial",
    "doctor": "house",
    "gate": "desk",
    "init": "house",
    "keys": "keys",
    "migrate": "house",
    "offer": "desk",
    "restore": "upkeep",
    "retention": "upkeep",
    "serve": "server",
    "staff": "staff",
    "station": "doors",
    "ticket": "desk",
    "visitor": "people",
    "worker": "house",
}


class Commands(click.Group):
    """A group that loads its commands late and says expected failures in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Every command's name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Load one command."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what can be expected into a sentence and exit code 1."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            sentence = import_module(f"{__name__}.failures").sentence(error)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", "home", metavar="DIR", help="The home (default: EINLASS_HOME or ./var).")
@click.version_option(package_name="einlass", prog_name="ticketing")
@click.pass_context
def main(context: click.Context, home: str | None) -> None:
    """Tickets in the visitor's messenger: the service and its tools."""
    context.obj = config.Home(config.home_from(home))
