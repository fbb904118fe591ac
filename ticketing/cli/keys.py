"""Commands for signing keys: list, rotate, retire, give up for compromised."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import click

from ticketing.app import App
from ticketing.cli.output import show, show_all, with_app
from ticketing.domain.accounts import Station
from ticketing.service import keys as signing_keys
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.keys import KeyInUse, Push, Rotation, Turn
from ticketing.wire.keys import KeyId

id_argument = click.argument("key_id", metavar="ID", type=click.IntRange(0, 255))


@click.group()
def keys() -> None:
    """Signing keys."""


@keys.command("list")
@with_app
def keys_list(app: App) -> None:
    """List the signing keys, their states, tickets and the stations that know them."""
    with app.store.unit() as unit:
        found = signing_keys.list_keys(unit, app.house, app.keystore())
    columns = ("id", "state", "since", "published_at", "tickets", "known_by")
    show_all([_row(one) for one in found], columns=columns, empty="No keys.")


@keys.command("rotate")
@click.option("--now", "at_once", is_flag=True, help="Do not wait for key_publish_days.")
@click.option("--force", is_flag=True, help="Though stations do not know the key yet.")
@with_app
def keys_rotate(app: App, *, at_once: bool, force: bool) -> None:
    """Publish the next signing key; let it sign when it was published long enough."""
    pushes = frozenset({Push.NOW} if at_once else ()) | frozenset({Push.FORCE} if force else ())
    publish_for = timedelta(days=app.settings.key_publish_days)
    with app.store.unit() as unit:
        rotation = signing_keys.rotate_keys(
            unit, app.house, app.keystore(), publish_for=publish_for, pushes=pushes
        )
    row = {
        "key": rotation.key,
        "result": rotation.turn.value,
        "may_sign_at": rotation.may_sign_at.isoformat(),
        "unaware": _named(rotation.unaware),
    }
    show(row, text=_rotation_text(app, rotation))
    if rotation.turn in {Turn.TOO_EARLY, Turn.UNKNOWN}:
        raise click.exceptions.Exit(1)


@keys.command("retire")
@id_argument
@click.option("--force", is_flag=True, help="Though tickets of the key are still valid.")
@with_app
def keys_retire(app: App, *, key_id: int, force: bool) -> None:
    """Accept a key no longer that signs nothing any more."""
    pushes = frozenset({Push.FORCE} if force else ())
    try:
        with app.store.unit() as unit:
            done = signing_keys.retire_key(
                unit, app.house, app.keystore(), key=KeyId(key_id), pushes=pushes
            )
    except NotFound:
        raise _no_such_key(key_id) from None
    except Conflict:
        raise click.ClickException(
            f"key {key_id} is not in state verify: only a key that a rotation has replaced"
            " can be retired (ticketing keys list)"
        ) from None
    if done.retired:
        text = f"Key {key_id} is retired." + _refused_now(done.tickets)
    else:
        text = (
            f"Key {key_id} stays: {done.tickets} valid tickets carry it. Wait until they are"
            f" over, reissue them (ticketing ticket reissue --key {key_id}), or use --force"
            " and they are refused."
        )
    show({"key": key_id, "retired": done.retired, "tickets": done.tickets}, text=text)
    if not done.retired:
        raise click.exceptions.Exit(1)


@keys.command("compromise")
@id_argument
@with_app
def keys_compromise(app: App, *, key_id: int) -> None:
    """Give a key up that strangers may have; another one signs at once."""
    try:
        with app.store.unit() as unit:
            done = signing_keys.compromise_key(unit, app.house, app.keystore(), key=KeyId(key_id))
    except NotFound:
        raise _no_such_key(key_id) from None
    row = {
        "key": key_id,
        "active": done.active,
        "tickets": done.tickets,
        "unaware": _named(done.unaware),
    }
    text = (
        f"Key {key_id} is given up, key {done.active} signs from now on.\n"
        f"{done.tickets} valid tickets carry the old one: with the service they stay good,"
        f" offline they wait. Mend them with: ticketing ticket reissue --key {key_id}"
    )
    heading = "Offline these stations still take its tickets, until they have fetched the keys:"
    show(row, text=text + _list(heading, done.unaware))


def _row(one: KeyInUse) -> dict[str, Any]:
    life = one.life
    return {
        "id": life.key.id,
        "state": life.key.state.value,
        "since": _time(life.since),
        "published_at": _time(life.published_at),
        "tickets": one.tickets,
        "known_by": f"{one.known_by} of {one.stations}",
    }


def _rotation_text(app: App, rotation: Rotation) -> str:
    local_at = rotation.may_sign_at.astimezone(app.house.museum.zone)
    text = _turn_text(rotation.turn, rotation.key, f"{local_at:%Y-%m-%d %H:%M}")
    return text + _list("Stations that have not fetched it:", rotation.unaware)


def _turn_text(turn: Turn, key: KeyId, on: str) -> str:
    match turn:
        case Turn.PUBLISHED:
            return (
                f"Key {key} is published; it may sign from {on} on."
                " Run ticketing keys rotate again then."
            )
        case Turn.ACTIVE:
            return f"Key {key} signs from now on. Tickets that are out stay good."
        case Turn.TOO_EARLY:
            return f"Key {key} may sign from {on} on; --now does not wait."
        case Turn.UNKNOWN:
            return (
                f"Key {key} does not sign yet: stations do not know it. Switch them on and run"
                " this again, or use --force: offline they let nobody in with the new tickets."
            )


def _list(heading: str, stations: Iterable[Station]) -> str:
    lines = [f"  {one.id}  {one.name}  ({one.gate})" for one in stations]
    return "\n".join(["", heading, *lines]) if lines else ""


def _named(stations: Iterable[Station]) -> list[dict[str, str]]:
    return [{"id": one.id, "name": one.name, "gate": one.gate} for one in stations]


def _refused_now(tickets: int) -> str:
    return f" {tickets} valid tickets are refused from now on." if tickets else ""


def _time(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def _no_such_key(key_id: int) -> click.ClickException:
    return click.ClickException(f"there is no key {key_id} (ticketing keys list)")
