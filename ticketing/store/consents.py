"""The consents table, an append-only chain; in the store room.

Appending takes a counter's row first. It makes writers queue on PostgreSQL as the
writer lock does on SQLite, and its figure tells when rows at the end are missing.
"""

from collections.abc import Iterator

from sqlalchemy import Row, insert, select, update

from ticketing.domain.consent import GENESIS, Answer, Entry, Purpose, next_link
from ticketing.domain.consent import Action as ConsentAction
from ticketing.domain.ids import VisitorId
from ticketing.store import counters, schema
from ticketing.store.unit import Unit

T = schema.consents.c
COUNTER = "consents"
_PAGE = 500
_COLUMNS = (T.id, T.salt, T.fields, T.at, T.commitment, T.previous)


def head(unit: Unit) -> bytes:
    """Take the end of the chain for this transaction and return its link."""
    counters.add(unit, COUNTER, 1)
    row = unit.run(select(*_COLUMNS).order_by(T.id.desc()).limit(1)).first()
    return GENESIS if row is None else next_link(_entry(row))


def add(unit: Unit, entry: Entry, *, visitor: VisitorId) -> None:
    """Append a row behind `head`."""
    row = {
        "visitor": visitor,
        "salt": entry.salt,
        "fields": entry.fields,
        "at": entry.at,
        "commitment": entry.commitment,
        "previous": entry.previous,
    }
    unit.run(insert(schema.consents).values(row))


def answers(unit: Unit, visitor: VisitorId) -> tuple[Answer, ...]:
    """The newest answer of a visitor to each purpose, in the order of the purposes."""
    rows = unit.run(select(T.fields).where(T.visitor == visitor).order_by(T.id)).scalars()
    newest = {Purpose(fields["purpose"]): ConsentAction(fields["action"]) for fields in rows}
    return tuple(Answer(purpose, newest[purpose]) for purpose in Purpose if purpose in newest)


def all_entries(unit: Unit) -> Iterator[Entry]:
    """The whole ledger from its beginning, read in pages by key."""
    after = 0
    while True:
        query = select(*_COLUMNS).where(T.id > after).order_by(T.id).limit(_PAGE)
        rows = unit.run(query).all()
        if not rows:
            return
        yield from (_entry(row) for row in rows)
        after = rows[-1].id


def length_noted(unit: Unit) -> int:
    """How many rows were ever appended."""
    return counters.read(unit, COUNTER) or 0


def forget(unit: Unit, visitor: VisitorId) -> int:
    """Erase what rows say of a visitor; commitments and links stay. The rows touched."""
    gone = {"visitor": None, "salt": None, "fields": None}
    statement = update(schema.consents).where(T.visitor == visitor).values(gone)
    return len(unit.run(statement.returning(T.id)).all())


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(row.salt, row.fields, row.at, row.commitment, row.previous)
