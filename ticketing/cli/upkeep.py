"""Commands that keep the house in order: retention."""

from dataclasses import asdict

import click

from ticketing.app import App
from ticketing.cli.output import show, with_app
from ticketing.service import retention as rules


@click.group()
def retention() -> None:
    """Retention: what is erased when its time is over."""


@retention.command("run")
@with_app
def retention_run(app: App) -> None:
    """Erase what is over its time; the worker does it every hour."""
    counts = asdict(rules.run(app.store, app.house))
    told = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    show(counts, text=f"Erased: {told}." if told else "Nothing is over its time.")
