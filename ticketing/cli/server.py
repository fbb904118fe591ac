"""`ticketing serve`: the server's processes, each of which loads the service."""

import os
from typing import Any

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from ticketing import config, demo
from ticketing.store import migrate as migrations


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--processes", type=click.IntRange(1, 64), help="Server processes (PostgreSQL only).")
@click.option("--threads", type=click.IntRange(64, 1024), help="Threads of each process.")
@click.option("--migrate", is_flag=True, help="Bring the database up to date first.")
@click.pass_obj
def serve(
    home: config.Home,
    *,
    migrate: bool,
    host: str | None,
    port: int | None,
    processes: int | None,
    threads: int | None,
) -> None:
    """Run the service."""
    settings = config.load(home.path).at(host=host, port=port)
    count = processes or settings.processes
    if count > 1 and settings.is_sqlite:
        raise click.ClickException(
            "several processes need PostgreSQL: two that write one SQLite file are slower than one"
        )
    demo.check_port(settings.port, "--port")
    if migrate:
        migrations.upgrade(settings.database_url)
    elif not migrations.is_current(settings.database_url):
        raise click.ClickException("the database is of another release: run `ticketing migrate`")
    config.check_keys(home.path)  # said here, not by a process that dies and is started again
    os.environ[config.HOME_VARIABLE] = str(home.path.resolve())
    if threads:
        os.environ["EINLASS_THREADS"] = str(threads)
    _server(settings, count, threads or settings.threads).serve()


def _server(settings: config.Settings, processes: int, threads: int) -> Any:
    return Server(
        "ticketing.app:wsgi",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=processes,
        # each event stream holds a thread: with eight, eight open chats stop the gate
        blocking_threads=threads,
        backpressure=threads * 2,
        respawn_failed_workers=True,
        log_access=False,
        log_level=LogLevels.warning,
    )
