"""The consent ledger and the consent gate; in the service room."""

from collections.abc import Mapping
from dataclasses import replace

from ticketing.domain import consent as rules
from ticketing.domain.consent import Action, ChainReport, Declaration, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.service.ports import House
from ticketing.store import consents as rows
from ticketing.store.unit import Unit


def append(unit: Unit, house: House, *, declaration: Declaration) -> None:
    """Write a declaration behind the chain's end, in the caller's transaction."""
    salt = house.chance.draw(rules.SALT_BYTES)
    entry = rules.entry(declaration, salt, rows.head(unit))
    rows.add(unit, entry, visitor=declaration.visitor)


def current(unit: Unit, *, visitor: VisitorId) -> Mapping[Purpose, Action]:
    """The newest answer of a visitor to each purpose answered so far."""
    return {answer.purpose: answer.action for answer in rows.answers(unit, visitor)}


def may_send(unit: Unit, *, visitor: VisitorId, purpose: Purpose) -> bool:
    """The consent gate: whether the visitor agrees to this purpose now."""
    return rules.is_granted(rows.answers(unit, visitor), purpose)


def verify_chain(unit: Unit) -> ChainReport:
    """Walk the ledger; rows missing at the end break it like rows changed in the middle."""
    expected = rows.length_noted(unit)  # before the walk: rows may be added meanwhile
    report = rules.verify_chain(rows.all_entries(unit))
    if report.holds and report.length < expected:
        return replace(report, broken_at=report.length)
    return report


def forget(unit: Unit, *, visitor: VisitorId) -> int:
    """Erase what the ledger says of a visitor; the chain still verifies. Rows touched."""
    unit.begin()
    touched = rows.forget(unit, visitor)
    unit.commit()
    return touched
