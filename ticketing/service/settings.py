"""What the people of a house set themselves: read, changed, taken back; in the service room."""

from dataclasses import dataclass
from datetime import datetime

from ticketing.domain import settings as rules
from ticketing.domain.retention import Kept
from ticketing.domain.settings import Facts, Part
from ticketing.service import audit
from ticketing.service.audit import Action, Thing
from ticketing.service.errors import Conflict, as_invalid
from ticketing.service.ports import House
from ticketing.store import settings as rows
from ticketing.store.settings import SettingRow
from ticketing.store.unit import Unit

__all__ = ["Facts", "Part", "Setting", "change", "get", "kept", "take_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A part as it is now; version 0 is what the settings file says, and nobody has set.

    `before` is what the last change can be taken back to.
    """

    part: Part
    version: int
    facts: Facts
    before: Facts | None = None
    changed_at: datetime | None = None


def get(unit: Unit, house: House, *, part: Part) -> Setting:
    """A part, as newly as the database has it."""
    row = rows.find(unit, part)
    if row is None:
        return Setting(part=part, version=0, facts=rules.facts_of(house.museum, part))
    # facts that a newer release knows and the row does not are as the settings file says
    facts = rules.facts_of(rules.laid_over(house.museum, part, row.facts), part)
    return Setting(
        part=part,
        version=row.version,
        facts=facts,
        before=row.before,
        changed_at=row.changed_at,
    )


def kept(unit: Unit, house: House) -> Kept:
    """For how long things are kept, as newly as the database has it; by it things are erased."""
    facts = get(unit, house, part=Part.RETENTION).facts
    return rules.laid_over(house.museum, Part.RETENTION, facts).kept


def change(unit: Unit, house: House, *, part: Part, facts: Facts, version: int) -> Setting:
    """Set a part as a whole, if it still is of the version that it was read in.

    Returns:
        The part as it is now; without a difference nothing is written.

    Raises:
        Invalid: With an error for each fact that is wrong.
        Conflict: `changed` if it is of another version meanwhile.
    """
    with as_invalid():
        wanted = rules.checked(rules.laid_over(house.museum, part, facts), part)
    unit.begin()
    old = get(unit, house, part=part)
    if old.version != version:
        raise Conflict("changed")
    new = rules.facts_of(wanted, part)
    return old if new == old.facts else _stored(unit, house, old, new)


def take_back(unit: Unit, house: House, *, part: Part, version: int) -> Setting:
    """Undo the last change of a part; once more does it again.

    Raises:
        Conflict: `changed` if it is of another version meanwhile, or was never changed.
    """
    unit.begin()
    old = get(unit, house, part=part)
    if old.version != version or old.before is None:
        raise Conflict("changed")
    return _stored(unit, house, old, old.before)


def _stored(unit: Unit, house: House, old: Setting, facts: Facts) -> Setting:
    row = SettingRow(
        part=old.part,
        version=old.version + 1,
        facts=facts,
        before=old.facts,
        changed_at=house.clock.now(),
    )
    is_kept = rows.change(unit, row) if old.version else rows.add(unit, row)
    if not is_kept:  # PostgreSQL alone: somebody was faster between reading and writing
        raise Conflict("changed")
    audit.note(
        unit,
        house,
        action=Action.SETTINGS_CHANGED,
        object=Thing("settings", old.part.value),
        before=old.facts,
        after=facts,
    )
    unit.commit()
    house.board.turn()
    return Setting(
        part=row.part,
        version=row.version,
        facts=facts,
        before=row.before,
        changed_at=row.changed_at,
    )
