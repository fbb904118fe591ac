"""Commands for the people of the staff: who signs in, as what, and by which way."""

import click

from ticketing.app import App
from ticketing.cli.output import show, show_all, with_app
from ticketing.domain.accounts import Role
from ticketing.domain.sign_in import Person
from ticketing.service import access, staff_people, supervisors
from ticketing.service.staff_people import OneTimeLink

PASSWORD_LEAST = 10
COLUMNS = ("id", "name", "role", "state", "signs_in_with", "last_seen_at")
_ROLES = click.Choice([role.value for role in Role])


@click.group()
def staff() -> None:
    """Staff: who signs in to the staff page."""


@staff.command("add")
@click.argument("name")
@click.option("--role", type=_ROLES, default=Role.DESK.value)
@click.option("--password", envvar="EINLASS_PASSWORD", help="Asked for when not given.")
@click.option("--invite", is_flag=True, help="Print a one-time link instead of a password.")
@with_app
def staff_add(app: App, *, name: str, role: str, password: str | None, invite: bool) -> None:
    """Add a person, with a password or by a one-time link."""
    if invite:
        with app.store.unit() as unit:
            link = staff_people.invite(unit, app.house, name=name, role=Role(role))
        _show_link(app, link)
        return
    chosen = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(chosen) < PASSWORD_LEAST:
        raise click.ClickException(f"a password has at least {PASSWORD_LEAST} characters")
    with app.store.unit() as unit:
        made = access.add_staff(unit, app.house, name=name, password=chosen, role=Role(role))
    show({"id": made.id, "role": role}, text=f"Added as {role}.")


@staff.command("list")
@with_app
def staff_list(app: App) -> None:
    """List the people, their roles, and how each signs in."""
    with app.store.unit() as unit:
        rows = [_row(person) for person in staff_people.list_people(unit, app.house)]
    show_all(rows, columns=COLUMNS, empty="Nobody yet: ticketing staff add")


@staff.command("role")
@click.argument("name")
@click.option("--role", type=_ROLES, required=True)
@with_app
def staff_role(app: App, *, name: str, role: str) -> None:
    """Give a person another role; it holds at once."""
    with app.store.unit() as unit:
        staff_id = staff_people.id_of(unit, name=name)
        staff_people.change_role(unit, app.house, staff_id=staff_id, role=Role(role))
    show({"id": staff_id, "role": role}, text=f"The role is {role} now.")


@staff.command("remove")
@click.argument("name")
@with_app
def staff_remove(app: App, *, name: str) -> None:
    """Take a person out: signed out everywhere at once."""
    with app.store.unit() as unit:
        staff_id = staff_people.id_of(unit, name=name)
        staff_people.remove(unit, app.house, staff_id=staff_id)
    show({"id": staff_id, "state": "removed"}, text="Removed, and signed out everywhere.")


@staff.command("reset")
@click.argument("name")
@with_app
def staff_reset(app: App, *, name: str) -> None:
    """Print a one-time link in place of all that a person signed in with."""
    with app.store.unit() as unit:
        staff_id = staff_people.id_of(unit, name=name)
        link = staff_people.reset(unit, app.house, staff_id=staff_id)
    _show_link(app, link)


@staff.command("pin")
@click.argument("name")
@click.option(
    "--pin",
    prompt=f"PIN, {supervisors.PIN_MIN} digits or more",
    hide_input=True,
    confirmation_prompt=True,
    envvar="EINLASS_PIN",
    help="Asked for when not given.",
)
@with_app
def staff_pin(app: App, *, name: str, pin: str) -> None:
    """Give a supervisor (role admin) a PIN to overrule refusals at the gate."""
    with app.store.unit() as unit:
        staff_id = staff_people.id_of(unit, name=name)
        supervisors.set_pin(unit, app.house, staff_id=staff_id, pin=pin)
    show({"id": staff_id, "pin": "set"}, text="The PIN is set.")


def _show_link(app: App, link: OneTimeLink) -> None:
    address, until = link.address(app.house), link.ends_at.isoformat()
    row = {"id": link.staff.id, "role": link.staff.role.value, "link": address, "until": until}
    show(row, text=f"{address}\nIt works once, until {until}. It is shown this once.")


def _row(person: Person) -> dict[str, str]:
    ways = {
        "password": person.has_password,
        "codes": person.has_codes,
        "passkey": person.passkeys > 0,
    }
    return {
        "id": person.staff.id,
        "name": person.staff.name,
        "role": person.staff.role.value,
        "state": "active" if person.has_password or person.passkeys else "invited",
        "signs_in_with": " ".join(way for way, has in ways.items() if has),
        "last_seen_at": person.seen_at.isoformat() if person.seen_at else "",
    }
